"""Own lapse limits, stages and moves: against plain Python on random shops and against pandas on real ones."""

from __future__ import annotations

import math
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import retention_core as rc
from retention_core import lifecycle
from retention_core.answers import churn as answers
from retention_core.models import survival
from tests.test_recomputed import cdnow, online_retail

START = date(2024, 1, 10)
order_days = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 400)), min_size=1, max_size=60)
steps = st.lists(st.tuples(st.integers(1, 20), st.integers(1, 20), st.integers(1, 60)), min_size=5, max_size=5)
# A seventh order after a silence that is long for a sixth one and would not be for a fourth.
SEVENTH = [(0, day) for day in (0, 1, 2, 3, 4, 5, 40, 90)]
LIMITS = [(1, 2, 3), (20, 40, 60), (5, 5, 5), (25, 25, 60), (5, 5, 30)]
lawful = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def limits_of(chosen: list[tuple[int, int, int]]) -> lifecycle.Limits:
    at_risk = tuple(first for first, _, _ in chosen)
    lapsed = tuple(first + second for first, second, _ in chosen)
    return lifecycle.Limits(at_risk, lapsed, tuple(sum(one) for one in chosen))


def stage_of(days: list[int], today: int, limits: lifecycle.Limits) -> str:
    """The definition, word for word: where a customer with these order days stands when `today` is over."""
    past = [day for day in days if day <= today]
    if not past:
        return "stranger"
    place, silence = min(len(past), 5) - 1, today - past[-1]
    for stage in ("lost", "lapsed", "at_risk"):
        if silence > getattr(limits, f"{stage}_days")[place]:
            return stage
    if len(past) == 1:
        return "new"
    before = min(len(past) - 1, 5) - 1
    was_gone = past[-1] - 1 - past[-2] > limits.lapsed_days[before]
    return "won_back" if was_gone else "active"


@lawful
@given(rows=order_days, chosen=steps)
@example(rows=SEVENTH, chosen=LIMITS)
def test_moves_and_stages_are_those_of_a_diary_kept_day_by_day(tmp_path: Path, rows, chosen) -> None:
    """Also two laws: stages sum to the customers won so far, and moves into a stage less moves out of it change it."""
    file, limits = tmp_path / "orders.csv", limits_of(chosen)
    lines = [f"c{who},{START + timedelta(days=day)},1" for who, day in rows]
    file.write_text("customer,ordered_at,amount\n" + "\n".join(lines))
    shop = rc.open_orders(file)
    flows, months = shop.query("lifecycle_flows", **limits.parameters()), shop.query("period_totals")["period"]
    standing = lifecycle.stages(flows, months)

    diaries = [sorted({day for who, day in rows if who == customer}) for customer in {who for who, _ in rows}]
    last = max(day for _, day in rows)
    expected_moves: dict[tuple[pd.Timestamp, str, str], int] = {}
    expected_stages: dict[tuple[pd.Timestamp, str], int] = {}
    for days in diaries:
        before = "stranger"
        for today in range(last + 1):
            now = stage_of(days, today, limits)
            month = pd.Timestamp(START + timedelta(days=today)).to_period("M").start_time
            if now != before:
                move = (month, before, now)
                expected_moves[move] = expected_moves.get(move, 0) + 1
            before = now
            ends = today == last or (START + timedelta(days=today + 1)).day == 1
            if ends and now != "stranger":
                expected_stages[month, now] = expected_stages.get((month, now), 0) + 1
    moves = flows.set_index(["month", "from_stage", "to_stage"])["customers"].to_dict()
    assert moves == expected_moves
    stood = standing.set_index(["month", "stage"])["customers"]
    assert stood[stood != 0].to_dict() == expected_stages
    assert stood.groupby("month").sum().iloc[-1] == len(diaries)
    shop.close()


@pytest.mark.parametrize("opened", [online_retail, cdnow])
def test_gaps_and_limits_equal_pandas(shared_data: Path, opened) -> None:
    shop, orders = opened(shared_data)
    days = orders.assign(day=orders["at"].dt.normalize()).drop_duplicates(["customer", "day"])
    days = days.sort_values(["customer", "day"])
    days["number"] = (days.groupby("customer").cumcount() + 1).clip(upper=5)
    days["gap"] = (days.groupby("customer")["day"].shift(-1) - days["day"]).dt.days
    last = days["day"].max()
    days["watched"] = days["gap"].fillna((last - days["day"]).dt.days)
    gaps = shop.query("order_gaps").set_index("order_number")
    curves = shop.query("wait_curve")
    found = lifecycle.waits(curves)
    assert set(gaps.index) == set(found) == {0, 1, 2, 3, 4, 5}
    for number, row in gaps.iterrows():
        mine = days if number == 0 else days[days["number"] == number]
        returned = mine["gap"].dropna()
        assert (row["customers"], row["returned"]) == (len(mine), len(returned))
        for column, share in (("lower_quartile_days", 0.25), ("median_days", 0.5), ("ninetieth_days", 0.9)):
            assert (returned <= row[column]).mean() >= share > (returned < row[column]).mean()
        waiting = mine[mine["gap"].isna()]
        assert row["still_young"] == (waiting["watched"] < row["ninetieth_days"]).sum()

        km = survival.kaplan_meier(mine["watched"], mine["gap"].notna()).set_index("time")
        curve = curves[(curves["order_number"] == number) & (curves["ordered"] > 0)].set_index("day")
        pd.testing.assert_series_equal(
            1 - curve["share"], km["survival"], check_names=False, check_index_type=False, rtol=1e-9
        )
        for mine_end, other_end in (("low", "high"), ("high", "low")):
            inside = km["survival"] > 0
            assert (1 - curve[mine_end] - km[other_end])[inside.to_numpy()].abs().max() < 1e-6

        lived_by_30 = mine["watched"].nlargest(30).iloc[-1]
        horizon = mine.loc[mine["watched"] <= min(lived_by_30, 730), "watched"].max()
        back = 1 - km.loc[km.index <= horizon, "survival"]
        for share, limit in ((0.8, found[number].reminder_days), (0.9, found[number].lapse_days)):
            assert limit == back.index[back >= share * back.iloc[-1] - 1e-12][0]
        assert found[number].lapse_low <= found[number].lapse_days <= found[number].lapse_high


def curve_of(order_number: int, gaps: list[int], waiting: list[int]) -> pd.DataFrame:
    """Rows of wait_curve from its definition: who ordered after so many days, who still waits after so many."""
    watched = [*gaps, *waiting]
    rows, left = [], 1.0
    for day in sorted(set(watched)):
        at_risk = sum(one >= day for one in watched)
        left *= 1 - gaps.count(day) / at_risk
        rows.append((order_number, day, at_risk, gaps.count(day), 1 - left, 1 - left, 1 - left))
    return pd.DataFrame(rows, columns=["order_number", "day", "at_risk", "ordered", "share", "low", "high"])


def test_a_young_shop_does_not_take_its_quick_returners_for_all() -> None:
    """Returns are spread evenly over 400 days, so 360, though most are watched for 100 and the plain 90 % say 320."""
    old, young = list(range(4, 401, 4)), 4 * list(range(4, 101, 4))
    curve = curve_of(0, old + young, [400] * 40 + [100] * 300)
    assert pd.Series(old + young).quantile(0.9) < 325
    assert lifecycle.waits(curve)[0].lapse_days == pytest.approx(360, abs=8)


def test_an_order_number_with_few_or_only_young_customers_takes_the_limits_of_all() -> None:
    everybody = curve_of(0, list(range(10, 400, 3)), [400] * 50)
    few = curve_of(2, list(range(10, 39)), [400] * 50)
    young = curve_of(3, list(range(1, 61)), [61] * 40)
    known = curve_of(1, list(range(5, 400, 5)), [400] * 50)
    found = lifecycle.waits(pd.concat([everybody, known, few, young]))
    assert set(found) == {0, 1}
    limits = lifecycle.own_limits(found)
    of_all = found[0]
    assert limits.at_risk_days == (found[1].reminder_days, *(4 * [of_all.reminder_days]))
    assert limits.lapsed_days == (found[1].lapse_days, *(4 * [of_all.lapse_days]))
    assert limits.lost_days == tuple(2 * days for days in limits.lapsed_days)


def test_a_shop_without_returns_gets_the_limits_that_the_page_names() -> None:
    nobody = curve_of(0, [5], [10] * 20)
    assert lifecycle.waits(nobody) == {}
    assert lifecycle.own_limits({}) == lifecycle.fixed_limits(lifecycle.WITHOUT_WAITS)
    assert lifecycle.fixed_limits(60) == lifecycle.Limits((30,) * 5, (60,) * 5, (120,) * 5)


def test_the_chance_of_the_next_30_days_is_of_those_still_silent() -> None:
    """Of 100, ten are back by day 10, 27 of the 90 others order by day 40: 30 %. Beyond the curve nothing is known."""
    curve = curve_of(1, [10] * 10 + [40] * 27, [100] * 63)
    assert lifecycle.chance_within(curve, 10) == pytest.approx(0.3)
    assert lifecycle.chance_within(curve, 9) == pytest.approx(0.1)
    assert lifecycle.chance_within(curve, 71) is None
    assert lifecycle.chance_within(curve.head(0), 0) is None


def test_what_a_silence_says_is_counted_from_its_definition() -> None:
    """Of 100, ten are back by day 10, 27 of the 90 others by day 40, 13 of the 63 others by day 90; 50 never."""
    curve = curve_of(1, [10] * 10 + [40] * 27 + [90] * 13, [200] * 50)
    wait = lifecycle.waits(pd.concat([curve, curve.assign(order_number=0)]))[1]
    silence = lifecycle.silence_after(curve, wait, 10)
    assert (silence.back, silence.soon, silence.fresh) == pytest.approx((0.2, 0.3, 0.1))
    assert silence.late == pytest.approx(40 / 90)
    assert not silence.tells, "the silent order three times as often as the fresh"
    unseen = lifecycle.silence_after(curve, wait, 200)
    assert (unseen.back, unseen.soon, unseen.late, unseen.tells) == (None, None, None, True)


def shop_of(mean: float, horizon: int, never: int = 0) -> pd.DataFrame:
    """400 customers who wait exponentially long and `never` who do not come back, all watched for `horizon` days."""
    waits = [round(-mean * math.log(1 - (n + 0.5) / 400)) + 1 for n in range(400)]
    silent = never + sum(wait > horizon for wait in waits)
    return curve_of(0, [wait for wait in waits if wait <= horizon], [horizon] * silent)


@pytest.mark.parametrize("horizon", [15, 30, 60, 90, 120, 180, 300])
def test_a_curve_that_still_rises_is_no_wait_however_short_the_history(horizon: int) -> None:
    """Nine of ten who come back need 192 days: a history of two weeks said 12, and was sure of it."""
    curve = shop_of(83, horizon)
    assert lifecycle.has_returns(curve) and lifecycle.waits(curve) == {}
    assert lifecycle.own_limits(lifecycle.waits(curve)) == lifecycle.fixed_limits(180)


def test_a_curve_that_has_flattened_or_is_at_its_end_is_a_wait() -> None:
    quick = lifecycle.waits(shop_of(10, 60, never=400))[0]
    assert quick.lapse_days == pytest.approx(23, abs=1) and not quick.is_settled, "half may still come back"
    everybody = lifecycle.waits(curve_of(0, [30] * 60 + [31] * 60, [10] * 50))[0]
    assert (everybody.lapse_days, everybody.horizon_days, everybody.is_settled) == (31, 31, True)
    nearly = lifecycle.waits(curve_of(0, [30] * 50 + [31] * 50, [300] * 5))[0]
    assert (nearly.lapse_days, nearly.latest_days, nearly.is_settled) == (31, 31, True), "five more change little"
    slow = lifecycle.waits(shop_of(200, 300))[0]
    assert slow.lapse_days > 180 and not slow.is_settled, "at least so many, which says more than 180"
    assert lifecycle.waits(shop_of(83, 400, never=40))[0].is_settled


def test_where_nobody_is_left_everybody_was_back_by_then() -> None:
    curve = curve_of(1, [30] * 60 + [31] * 60, [10] * 50)
    wait = lifecycle.waits(pd.concat([curve, curve.assign(order_number=0)]))[1]
    silence = lifecycle.silence_after(curve, wait, 31)
    assert (silence.back, silence.soon, silence.late) == (1.0, None, None)
    text = answers.silence_answer(silence, is_own=True)
    assert (
        text == "After a first order everybody came back, the last on day 31: nobody has been seen silent for longer."
    )
    young = curve_of(1, [30] * 60, [400] * 60)
    unseen = lifecycle.silence_after(young, lifecycle.waits(pd.concat([young, young.assign(order_number=0)]))[1], 400)
    assert unseen.back is None
    assert "have been watched in silence for longer than 400 days" in answers.silence_answer(unseen, is_own=True)


def test_the_days_that_an_order_number_must_still_be_watched() -> None:
    curves = pd.concat([curve_of(1, [10] * 40, [100] * 29 + [200] * 30), curve_of(2, [5], [400] * 30)])
    assert [lifecycle.days_missing(curves, number) for number in (1, 2, 3)] == [165, 0, 365]


def test_the_net_of_a_month_is_the_change_of_those_who_have_not_lapsed() -> None:
    shop = rc.open_orders(rc.sample("replenish"))
    flows = shop.query(
        "lifecycle_flows", **lifecycle.own_limits(lifecycle.waits(shop.query("wait_curve"))).parameters()
    )
    standing = lifecycle.stages(flows, shop.query("period_totals")["period"])
    kept = standing[~standing["stage"].isin(lifecycle.GONE)].groupby("month")["customers"].sum()
    month = kept.index[-1]
    assert lifecycle.net_of(flows[flows["month"] == month]) == kept.iloc[-1] - kept.iloc[-2] != 0

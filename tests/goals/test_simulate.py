"""Laws of the simulation, on random baselines and levers; and figures worked out by hand."""

from dataclasses import fields, replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import retention_core as rc
from retention_core.goals.arithmetic import cells_of, evaluate
from retention_core.goals.baseline import Baseline
from retention_core.goals.draws import draw_uplifts, quantiles
from retention_core.goals.goal import ACTS_ON, Goal, GoalError, Lever, Uplift
from retention_core.goals.simulate import COLUMNS, Result, simulate
from tests.goals import made

lawful = settings(max_examples=40, deadline=None)
BANDS = list(COLUMNS)


def series(result: Result, name: str, variant: str = "plan") -> pd.DataFrame:
    """One row per month."""
    months = result.months
    return months[(months["variant"] == variant) & (months["series"] == name)].set_index("month")[BANDS]


def outcome(baseline, goal, seed=0):
    cells, levers = cells_of(baseline, goal), goal.in_force
    uplifts = draw_uplifts(levers, len(cells.order_value), seed)
    return cells, evaluate(cells, levers, uplifts, np.array([[lever.strength for lever in levers]]))


def every_byte(result: Result) -> bytes:
    parts = [getattr(result, one.name) for one in fields(Result) if one.name != "inputs"] + [result.tornado]
    frames = [part.to_csv() for part in parts if isinstance(part, pd.DataFrame)]
    rest = [repr(part) for part in parts if not isinstance(part, pd.DataFrame)]
    return "\n".join(frames + rest).encode()


@lawful
@given(baseline=made.baselines(), goal=made.goals())
def test_without_levers_the_plan_is_the_baseline_to_the_bit(baseline, goal) -> None:
    off = replace(goal, levers=tuple(replace(lever, is_on=False) for lever in goal.levers))
    for same in (replace(goal, levers=()), off):
        result = simulate(baseline, same)
        for name in result.months["series"].unique():
            assert series(result, name).equals(series(result, name, "baseline"))
        assert result.rate == result.rate_before
        assert result.profit.p10 == result.profit.p90 == result.cost.mean == result.extra_retained.mean == 0
        assert result.payback_month is None and result.cost_per_extra is None
    # and a lever that does nothing leaves every number but the cost as it was
    idle = replace(goal, levers=tuple(replace(one, uplift=Uplift("beta", 0, 0), discount=0) for one in goal.levers))
    result = simulate(baseline, idle)
    for name in ("rate", "customers", "orders", "revenue"):
        assert series(result, name).equals(series(result, name, "baseline"))


MANY = 1e12  # customers a month: what is seen of so many is what was to be expected


def test_the_goal_of_the_library_is_the_baseline() -> None:
    base = made.baseline()
    result = rc.simulate(base, rc.Goal(), seed=0)
    expected = base.returning[:, 3:].mean(axis=0)
    assert series(result, "rate")["mean"].to_numpy() == pytest.approx(expected, abs=1e-12)
    first = series(result, "orders")["mean"].iloc[0]
    assert first == pytest.approx((base.customers[:, 3] + base.orders[:, :, 0].sum(axis=1)).mean())


def test_a_lever_converts_those_who_would_not_have_returned() -> None:
    """20 % return. Half are reached, 40 % of them take part, of whom 30 % are won: 0.2 + 0.8 * 0.06 = 0.248."""
    base = made.baseline(rate=0.2, spread=0)
    result = simulate(base, Goal((made.lever(mean=0.3, reach=0.5, take_up=0.4),)))
    assert result.rate.mean == pytest.approx(0.248)
    before, after = series(result, "orders", "baseline")["mean"], series(result, "orders")["mean"]
    # Later orders of the month: 1,200 lapsed and repeat ones stay, those of one-order and new customers follow rates.
    cells = cells_of(base, Goal())
    one_order = 0.1 + 0.9 * 0.06  # half the rate of the new ones
    old = cells.old_orders[0, :, 0]
    expected = 400 + old[0] * one_order / 0.1 + old[1] + old[2] + cells.new_orders[0, 0, 0] * 0.248 / 0.2
    assert after.iloc[0] == pytest.approx(expected) and before.iloc[0] == pytest.approx(
        400 + old.sum() + cells.new_orders[0, 0, 0]
    )


def test_two_levers_overlap_and_the_waterfall_says_how_much() -> None:
    """1 - 0.8 * 0.9 * 0.8 = 0.424; alone 0.28 and 0.36: together 0.24 more, but 0.016 of it twice."""
    levers = (made.lever("first", 0.1), made.lever("second", 0.2))
    result = simulate(made.baseline(rate=0.2, spread=0), Goal(levers))
    steps = result.waterfall.set_index("step")["change"]
    assert list(result.waterfall["key"]) == ["", "first", "second", "", ""]
    assert steps["baseline"] == pytest.approx(0.2) and list(steps["lever"]) == pytest.approx([0.08, 0.16])
    assert steps["overlap"] == pytest.approx(-0.016) and steps["plan"] == pytest.approx(0.424)


def test_costs_of_a_programme_by_hand() -> None:
    """Spread 0: 400 arrivals a month, 8,000 existing one-order customers, three months, in force from the second on."""
    settings = {"cost_once": 1000.0, "cost_per_month": 100.0, "cost_per_contact": 0.5, "contacts_per_month": 2.0}
    one = made.lever(mean=0.0, reach=0.25, strength=0.5, starts=date(2025, 2, 1), **settings)
    result = simulate(made.baseline(months=3, spread=0), Goal((one,)))
    contacts = 2 * 0.25 * 0.5 * ((8000 + 400) + (8000 + 800))
    assert result.cost.mean == pytest.approx(1000 + 2 * 100 + 0.5 * contacts)
    assert result.profit.mean == pytest.approx(-result.cost.mean)
    assert result.payback_month is None and result.payback["paid_back"].iloc[-1] == 0


def test_new_customers_are_contacted_for_a_year() -> None:
    one = made.lever(mean=0.0, cost_per_contact=1.0, contacts_per_month=1.0)
    base = made.baseline(months=14, spread=0)
    _, ran = outcome(base, Goal((one,)))
    assert ran.cost[0] == pytest.approx(8000 + 400 * np.minimum(np.arange(1, 15), 12))


def returners(base: Baseline, row: int) -> float:
    """Orders on which a discount for coming back is used: one of each who returns within the year."""
    return min(base.customers[0, row] * base.returning[0, row], base.orders[0, row, :12].sum())


def comebacks(base: Baseline, row: int) -> float:
    """Of that existing row, and of the arrivals of all months as far as they are seen."""
    once = returners(base, 3) / base.orders[0, 3, :12].sum()
    return returners(base, row) + once * base.orders[0, 3:].sum()


def test_a_discount_is_also_taken_by_those_who_would_have_come_anyway() -> None:
    """A tenth off, used by 30 % of the reached half: 0.1 * 0.5 * 0.3 of the value of their orders, and nothing else."""
    base = made.baseline(spread=0)
    one = made.lever(mean=0.0, reach=0.5, discount=0.1, discount_taken_by_returning=0.3)
    result = simulate(base, Goal((one,), margin=0.4))
    touched = comebacks(base, 0) * 50
    assert result.cost.mean == pytest.approx(0.1 * 0.5 * 0.3 * touched)
    assert result.profit.mean == pytest.approx(-result.cost.mean)
    lost = series(result, "revenue", "baseline")["mean"].sum() - series(result, "revenue")["mean"].sum()
    assert lost == pytest.approx(result.cost.mean)


def test_the_discount_on_orders_that_it_brings_is_paid_too() -> None:
    base = made.baseline(spread=0)
    one = made.lever(mean=0.1, discount=0.2)
    _, ran = outcome(base, Goal((one,)))
    _, free = outcome(base, Goal((replace(one, discount=0.0),)))
    extra = (free.orders - outcome(base, Goal())[1].orders).sum()
    every = base.orders[0, [0, *range(3, 15)]].sum()  # one order of each who comes back, of all they place
    assert ran.cost.sum() / len(ran.cost) == pytest.approx(
        0.2 * extra / len(ran.cost) * 50 * comebacks(base, 0) / every
    )
    assert (ran.orders == free.orders).all()


@lawful
@given(baseline=made.baselines(), goal=made.goals())
def test_a_discount_without_effect_only_costs(baseline, goal) -> None:
    dear = tuple(replace(one, uplift=Uplift("beta", 0, 0), discount=0.3) for one in goal.levers)
    base, ran = outcome(baseline, replace(goal, levers=()))[1], outcome(baseline, replace(goal, levers=dear))[1]
    assert (ran.rate == base.rate).all() and (ran.orders == base.orders).all()
    assert (ran.margin_after_cost <= base.margin_after_cost).all() and (ran.revenue <= base.revenue).all()


@lawful
@given(baseline=made.baselines(), goal=made.goals())
def test_shares_stay_shares_and_customers_are_conserved(baseline, goal) -> None:
    cells, ran = outcome(baseline, goal)
    arrivals = outcome(baseline, replace(goal, levers=tuple(x for x in goal.levers if x.acts_on == "acquisition")))[1]
    ever = cells.old_customers.sum(axis=1, keepdims=True) + np.cumsum(_first_orders(cells, goal), axis=1)
    tiny = 1e-9 * (1 + ever)
    assert ((ran.rate >= 0) & (ran.rate <= 1)).all()
    assert (ran.customers <= ever + tiny).all() and (ran.customers >= arrivals.customers - tiny).all()
    assert (ran.retained <= ever[:, -1] + tiny[:, -1]).all()
    assert (ran.cost >= 0).all() and (ran.revenue >= -1e-9).all()


def _first_orders(cells, goal):
    """Arrivals: the only way in which there are more customers."""
    won = tuple(lever for lever in goal.in_force if lever.acts_on == "acquisition")
    uplifts = draw_uplifts(won, len(cells.order_value), 0)
    nobody_returns = replace(
        cells,
        **{name: np.zeros_like(getattr(cells, name)) for name in ("old_active", "old_orders", "new_active")},
        new_orders=np.zeros_like(cells.new_orders),
    )
    return evaluate(nobody_returns, won, uplifts, np.array([[lever.strength for lever in won]])).orders


@lawful
@given(
    baseline=made.baselines(),
    goal=made.goals(least=1),
    what=st.sampled_from(["uplift", "reach", "take_up", "strength", "is_on"]),
    more=st.floats(0, 1),
)
def test_a_better_lever_never_lowers_anything(baseline, goal, what, more) -> None:
    """In every draw and every month."""
    one = goal.levers[0]
    worse = replace(one, is_on=False) if what == "is_on" else one
    if what == "uplift":
        better = replace(one, uplift=one.uplift.moved(one.uplift.mean + more * (0.99 - one.uplift.mean)))
    elif what == "is_on":
        better = one
    else:
        better = replace(one, **{what: getattr(one, what) + more * (1 - getattr(one, what))})
    before = outcome(baseline, replace(goal, levers=(worse, *goal.levers[1:])))[1]
    after = outcome(baseline, replace(goal, levers=(better, *goal.levers[1:])))[1]
    for name in ("rate", "customers", "orders", "retained"):
        low, high = getattr(before, name), getattr(after, name)
        assert (high >= low - 1e-9 * (1 + np.abs(low))).all(), name


@lawful
@given(baseline=made.baselines(), goal=made.goals("return_after_first", least=2))
def test_levers_overlap_and_the_bars_add_up(baseline, goal) -> None:
    result = simulate(baseline, goal)
    steps = result.waterfall
    assert steps.loc[steps["step"] == "overlap", "change"].item() <= 1e-12
    inner = steps[~steps["step"].isin(["plan"])]
    assert inner["change"].sum() == pytest.approx(result.rate.mean, abs=1e-12)
    assert (inner["starts_at"].iloc[1:].to_numpy() == inner["ends_at"].iloc[:-1].to_numpy()).all()
    assert inner["ends_at"].iloc[-1] == steps["ends_at"].iloc[-1] == result.rate.mean


@settings(max_examples=10, deadline=None)
@given(baseline=made.baselines(), goal=made.goals(), seed=st.integers(0, 9))
def test_the_same_seed_gives_the_same_bytes(baseline, goal, seed) -> None:
    first = every_byte(simulate(baseline, goal, seed))
    quantiles.cache_clear()
    assert every_byte(simulate(baseline, goal, seed)) == first


def test_switching_a_lever_leaves_the_draws_of_the_others() -> None:
    one, other = (made.lever(key, 0.1, sd=0.05) for key in ("one", "other"))
    assert (draw_uplifts((one, other), 50, 1)[:, 1] == draw_uplifts((other,), 50, 1)[:, 0]).all()
    assert (draw_uplifts((one,), 50, 1) != draw_uplifts((one,), 50, 2)).any()
    assert (draw_uplifts((one,), 50, 1) != draw_uplifts((other,), 50, 1)).any()


@pytest.mark.parametrize(
    "uplift", [Uplift("beta", 0.05, 0.02), Uplift("beta", 0.3, 0.2), Uplift("normal", 0.04, 0.03), Uplift("beta", 1, 0)]
)
def test_draws_have_the_mean_and_the_width_they_are_said_to_have(uplift) -> None:
    drawn = quantiles(uplift, 4000)
    assert drawn.mean() == pytest.approx(uplift.mean, rel=1e-3)
    assert drawn.std() == pytest.approx(uplift.sd, rel=0.01, abs=1e-12)


def test_better_evidence_makes_the_band_narrower() -> None:
    widths = []
    for uplift in (Uplift.tested(0.05, 0.005), *(Uplift.graded(0.05, grade) for grade in "BCD")):
        grade = "A" if uplift.kind == "normal" else "B"
        rate = simulate(made.baseline(spread=0), Goal((Lever("one", "return_after_first", uplift, grade),))).rate
        assert rate.mean == pytest.approx(0.24, rel=5e-3)
        widths.append(rate.p90 - rate.p10)
    assert widths == sorted(widths) and widths[0] < widths[1]


@pytest.mark.parametrize("acts_on", [kind for kind in ACTS_ON if kind != "nothing"])
def test_at_its_break_even_a_lever_pays_exactly_its_cost(acts_on) -> None:
    terms = {"cost_once": 500.0, "cost_per_contact": 0.001, "contacts_per_month": 2.0, "discount": 0.1}
    one = made.lever(mean=0.2, acts_on=acts_on, reach=0.8, discount_taken_by_returning=0.01, ramp_months=2, **terms)
    goal = Goal((one,), margin=0.5)
    even = simulate(made.baseline(), goal).levers["break_even_uplift"].item()
    assert 0 < even < 1
    fitted = replace(one, uplift=Uplift("beta", even, 0))
    found = simulate(made.baseline(), replace(goal, levers=(fitted,))).levers.iloc[0]
    assert found["profit"] == pytest.approx(0, abs=1e-6 * found["cost"])


def test_what_no_uplift_pays_for_has_no_break_even() -> None:
    levers = (made.lever("dear", cost_once=1e9), made.lever("free"), made.lever("plan", acts_on="nothing"))
    found = simulate(made.baseline(), Goal(levers, margin=0.5)).levers.set_index("key")["break_even_uplift"]
    assert np.isnan(found["dear"]) and found["free"] == 0 and found["plan"] == 0


def test_what_matters_most_stands_first_and_moves_the_result_the_right_way() -> None:
    base = made.baseline(spread=0.2)
    levers = (made.lever("sure", 0.1, sd=0.001), made.lever("unsure", 0.1, sd=0.08))
    table = simulate(base, Goal(levers, margin=0.4)).tornado.set_index(["input", "key"])
    assert set(table.index) == {
        ("return", ""),
        ("arrivals", ""),
        ("order_value", ""),
        *(("uplift", x.key) for x in levers),
    }
    assert (table["profit_high"] - table["profit_low"]).abs().is_monotonic_decreasing
    unsure, sure = table.loc[("uplift", "unsure")], table.loc[("uplift", "sure")]
    assert unsure["rate_low"] < unsure["rate_mid"] < unsure["rate_high"]
    assert sure["rate_high"] - sure["rate_low"] < 0.05 * (unsure["rate_high"] - unsure["rate_low"])
    assert table.loc[("order_value", ""), "rate_low"] == table.loc[("order_value", ""), "rate_high"]
    assert table.loc[("return", ""), "rate_low"] < table.loc[("return", ""), "rate_high"]


def test_payback_is_the_month_from_which_the_costs_are_covered_for_good() -> None:
    one = made.lever(mean=0.1, cost_once=20_000.0)
    result = simulate(made.baseline(spread=0), Goal((one,), margin=0.5))
    total = result.payback.set_index("month")["p50"]
    month = pd.Timestamp(result.payback_month)
    assert (total[total.index < month] < 0).all() and (total[total.index >= month] >= 0).all()
    assert total.iloc[0] < 0 < total.iloc[-1]
    assert result.probability_of_profit == 1


def test_probability_counts_the_draws_that_get_there() -> None:
    base = made.baseline(rate=0.2, draws=400, spread=0.2, arrivals=MANY)
    rates = base.returning[:, 3 + 5]
    target = float(np.quantile(rates, 0.7))
    result = simulate(base, Goal(target=target, by=date(2025, 6, 20)))
    assert result.month == date(2025, 6, 1)
    assert result.probability == (rates >= target).mean() == pytest.approx(0.3, abs=0.01)


def test_a_rate_of_few_customers_is_less_sure_than_one_of_many() -> None:
    """Nothing else in doubt, 80 % of what is seen among 400 lies within 1.28 · √(0.2 · 0.8 / 400) of 20 %."""
    few, many = (
        simulate(made.baseline(rate=0.2, spread=0, draws=4000, arrivals=size), Goal(target=0.22))
        for size in (400.0, MANY)
    )
    assert (few.rate.p10, few.rate.p90) == pytest.approx((0.1744, 0.2256), abs=0.002)
    assert few.rate.mean == pytest.approx(0.2) and (many.rate.p90 - many.rate.p10) < 1e-5
    assert many.probability == 0 and few.probability == pytest.approx(0.159, abs=0.02)  # one standard deviation up


def test_a_lever_acts_on_arrivals_of_its_months_as_it_gathers_force() -> None:
    one = made.lever(mean=0.1, starts=date(2025, 3, 1), ramp_months=2)
    rates = series(simulate(made.baseline(rate=0.2, spread=0, months=5), Goal((one,))), "rate")["mean"]
    assert list(rates) == pytest.approx([0.2, 0.2, 0.24, 0.28, 0.28])


@pytest.mark.parametrize("window,before", [(90, 0.1), (180, 0.14), (365, 0.2)])
def test_rates_of_other_windows_move_in_the_same_proportion(window, before) -> None:
    result = simulate(made.baseline(rate=0.2, spread=0), Goal((made.lever(mean=0.1),), window=window))
    assert (result.rate_before.mean, result.rate.mean) == pytest.approx((before, before * 1.4))


@pytest.mark.parametrize("acts_on", ["return_of_active", "win_back", "order_value", "orders_per_buyer", "nothing"])
def test_other_levers_do_not_move_the_rate_of_the_goal(acts_on) -> None:
    result = simulate(made.baseline(), Goal((made.lever(mean=0.3, acts_on=acts_on),), margin=0.5))
    assert result.rate == result.rate_before
    assert (result.profit.p10 > 0) == (acts_on != "nothing")


def test_without_amounts_money_is_unknown_and_the_rest_is_not() -> None:
    base = made.baseline()
    base = replace(base, order_value=np.full_like(base.order_value, np.nan))
    result = simulate(base, Goal((made.lever(cost_once=100.0),), target=0.2))
    assert np.isnan(result.profit.p50) and result.probability_of_profit is None and result.payback_month is None
    assert result.payback["paid_back"].isna().all()
    assert result.cost.p50 == 100 and result.rate.mean > result.rate_before.mean
    assert "order_value" not in set(result.tornado["input"])


def test_a_goal_outside_the_forecast_is_refused() -> None:
    with pytest.raises(GoalError, match="2031-01; it must lie from 2025-01 to 2025-12"):
        simulate(made.baseline(), Goal(target=0.3, by=date(2031, 1, 1)))
    with pytest.raises(GoalError, match="13 months; the forecast has 12"):
        simulate(made.baseline(), Goal(horizon=13))


def test_a_shorter_horizon_is_the_beginning_of_a_longer_one() -> None:
    base, goal = made.baseline(), Goal((made.lever(ramp_months=3),))
    long, short = simulate(base, goal), simulate(base, replace(goal, horizon=4))
    for name in ("rate", "customers", "orders", "revenue"):
        assert series(short, name).to_numpy() == pytest.approx(series(long, name).iloc[:4].to_numpy())


@pytest.mark.parametrize("acts_on", ["win_back", "return_of_active", "orders_per_buyer", "order_value", "acquisition"])
def test_the_discount_of_every_kind_of_lever_by_hand(acts_on) -> None:
    """A fifth off: on the orders that the lever brings, and on a tenth of those that would have come anyway."""
    base, uplift = made.baseline(spread=0, draws=2), 0.1
    one = made.lever(mean=uplift, acts_on=acts_on, discount=0.2, discount_taken_by_returning=0.1)
    later, first = base.orders[0].sum(), 400.0 * 12
    rows = {"return_of_active": 1, "win_back": 2}
    if acts_on in rows:
        p, orders = base.returning[0, rows[acts_on]], base.orders[0, rows[acts_on]].sum()
        orders = returners(base, 2) if acts_on == "win_back" else orders
        given = 0.1 * orders + orders * uplift * (1 - p) / p
    else:
        whole = {"orders_per_buyer": later, "order_value": later + first, "acquisition": first}
        given = (0.1 + uplift) * whole[acts_on]
    assert outcome(base, Goal((one,)))[1].cost.sum(axis=1) == pytest.approx(0.2 * 50 * given)


def test_nobody_uses_two_offers_on_one_order() -> None:
    """Two offers of a fifth for everybody: a fifth of the later orders' value, first orders have none."""
    base = made.baseline(spread=0)
    levers = tuple(
        made.lever(key, 0.0, acts_on="order_value", discount=0.2, discount_taken_by_returning=1.0) for key in ("a", "b")
    )
    ran = outcome(base, Goal(levers))[1]
    assert ran.cost == pytest.approx(0.2 * 50 * ran.orders)


def test_customers_count_once_in_the_month_of_their_first_order() -> None:
    base = made.baseline(spread=0)
    first, second = series(simulate(base, Goal()), "customers")["mean"].iloc[:2]
    shares = base.customers[0, :, None] * base.active[0]
    assert first == pytest.approx(400 + shares[:3, 0].sum())
    assert second == pytest.approx(400 + shares[:4, 1].sum())


def test_no_more_than_all_customers_are_active_however_strong_the_lever() -> None:
    base = made.baseline(rate=0.1, spread=0)
    plain = base.activity
    expected = np.minimum(30 * plain.expected * plain.habit[0, :, None], 0.9)
    busy = replace(base, activity=replace(plain, expected=expected, habit=np.ones_like(plain.habit)))
    levers = tuple(made.lever(kind, 0.9, acts_on=kind) for kind in ACTS_ON[:3])
    ran = outcome(busy, Goal(levers))[1]
    assert ran.customers[0, 0] == pytest.approx(400 * 46)
    assert (np.diff(ran.customers[0]) <= 400 + 1e-9).all()


def test_extra_customers_retained_by_hand() -> None:
    """6,000 lapsed customers of whom 4 % return, and 10 % of the others: 576 more."""
    result = simulate(
        made.baseline(rate=0.2, spread=0), Goal((made.lever(mean=0.1, acts_on="win_back", cost_once=288.0),))
    )
    assert result.extra_retained.mean == pytest.approx(576)
    assert result.cost_per_extra.p50 == pytest.approx(0.5)

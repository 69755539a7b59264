"""Pictures of what the models say: typical customers, what is at stake, hidden months."""

from __future__ import annotations

from datetime import date

import altair as alt
import pandas as pd

from retention_core.answers.forecasts import ORDERS
from retention_core.charts import axes
from retention_core.charts.measure import SILENT
from retention_core.charts.theme import BASELINE, in_words, intervals, layered, tooltip
from retention_core.forecasts import LONGEST_SILENCE
from retention_core.metrics import wilson
from retention_core.say import between, compact_money, day, number, percent, say

FEWEST = 10  # customers behind a counted point that is drawn
COUNTED = ["orders", "silence", "customers", "ordered", "days"]  # columns of Observed.cells


def will_order(typical: pd.DataFrame, counted: pd.DataFrame) -> alt.LayerChart:
    """Chance of an order within a year by days of silence: lines by the model, points counted, one colour per orders.

    `typical`: rows of forecasts.typical, none without a model; `counted`: rows of Observed.cells, judged a year ago.
    """
    seen = counted[(counted["customers"] >= FEWEST) & (counted["days"] <= LONGEST_SILENCE)]
    low, high = wilson(seen["ordered"], seen["customers"])
    points = seen.assign(will_order=seen["ordered"] / seen["customers"], low=low, high=high, silence=seen["days"])
    lines = typical.assign(low=float("nan"), high=float("nan"), customers=0)
    parts = [part.assign(is_counted=is_counted) for part, is_counted in ((lines, False), (points, True)) if len(part)]
    frame = pd.concat(parts, ignore_index=True) if parts else lines.assign(is_counted=False)
    frame = frame.assign(
        name=[say(ORDERS[int(n)]) for n in frame["orders"]],
        words=in_words(frame["will_order"], percent, 3),
        span=intervals(frame["low"], frame["high"], percent, 3),
    )
    frame = frame[["name", "silence", "will_order", "low", "high", "words", "span", "customers", "is_counted"]]
    names = [say(name) for n, name in ORDERS.items() if say(name) in set(frame["name"])]
    base = alt.Chart().encode(
        x=alt.X("silence:Q").title(say("Days since the last order")).axis(grid=False, tickCount=8).scale(nice=False),
        y=alt.Y("will_order:Q").title(say("Will order within a year")).axis(tickCount=5, **axes.SHARES)
        .scale(domain=[0, 1] if frame["will_order"].max() > 0.5 else alt.Undefined),
        color=alt.Color("name:N").scale(domain=names).legend(orient="top", title=None, columns=2, symbolOpacity=1),
    )  # fmt: skip
    by_model = base.transform_filter("!datum.is_counted").mark_line(strokeWidth=2.2).encode(
        tooltip=tooltip(("name:N", "Customers with"), ("silence:Q", "Days since the last order"),
                        ("words:N", "Will order within a year")),
    )  # fmt: skip
    really = base.transform_filter("datum.is_counted")
    spans = really.mark_rule(strokeWidth=1.2, opacity=0.6, **SILENT).encode(y=alt.Y("low:Q"), y2="high:Q")
    dots = really.mark_point(filled=True, size=48, opacity=1).encode(
        tooltip=tooltip(("name:N", "Customers with"), ("silence:Q", "Days since the last order"),
                        ("words:N", "Ordered within the year"), ("span:N", "95 % sure"), ("customers:Q", "Customers")),
    )  # fmt: skip
    return layered(frame, 320, by_model, spans, dots)


def at_stake(groups: pd.DataFrame, currency: str | None, is_money: bool) -> alt.LayerChart:
    """One bar per number of orders: what is at stake with the customers in doubt.

    `groups`: of forecasts.AtStake, in money of the `currency`, if any is known, or in orders.
    """
    title = say("At stake in the next year") if is_money else say("Orders at stake in the next year")
    doubtful = groups[groups["standing"] == "in_doubt"].sort_values("group")
    frame = pd.DataFrame(
        {
            "name": [say(ORDERS[int(n)]) for n in doubtful["group"]],
            "at_risk": doubtful["at_risk"].astype(float),
            "customers": doubtful["customers"],
            "words": [compact_money(value, currency) for value in doubtful["at_risk"]],
            "chance": in_words(doubtful["will_order"], percent, 3),
        }
    )
    base = alt.Chart().encode(
        y=alt.Y("name:N").sort(None).title(None).axis(labelLimit=160),
        x=alt.X("at_risk:Q")
        .title(title)
        .axis(tickCount=4, grid=False, **axes.money(currency))
        .scale(domain=[0, 1.25 * float(frame["at_risk"].max())]),  # room for the words behind the longest bar
    )
    bars = base.mark_bar(size=14).encode(
        tooltip=tooltip(("name:N", "Customers with"), ("words:N", title), ("customers:Q", "Customers"),
                        ("chance:N", "Will order within a year")),
    )  # fmt: skip
    labels = base.mark_text(align="left", dx=5, fontSize=12, color=BASELINE, **SILENT).encode(text="words:N")
    return layered(frame, 60 + 26 * max(len(frame), 1), bars, labels)


def tracking(periods: pd.DataFrame, observed_until: date) -> alt.LayerChart:
    """Orders in each span of the hidden days: what was expected, with its 80 % band, and what came (points).

    `periods`: of a Backtest: starts, ends (days after `observed_until`), actual, expected, low, high, held.
    """
    ends = [pd.Timestamp(observed_until) + pd.Timedelta(days=int(end)) for end in periods["ends"]]
    frame = periods.assign(
        end=ends,
        span=[say("30 days to {day}", day=day(end)) for end in ends],
        forecast=[number(value) for value in periods["expected"]],
        band=[between(number(low), number(high)) for low, high in zip(periods["low"], periods["high"], strict=True)],
        state=periods["held"].map({True: say("inside the band"), False: say("outside the band")}),
    )
    base = alt.Chart().encode(
        x=alt.X("end:T").axis(axes.months()),
        y=alt.Y("expected:Q").title(say("Orders in 30 days")).axis(tickCount=5, **axes.COUNTS).scale(zero=True),
    )
    band = base.mark_area(opacity=0.25, color=BASELINE, **SILENT).encode(y=alt.Y("low:Q"), y2="high:Q")
    line = base.mark_line(color=BASELINE, strokeDash=[5, 4], **SILENT)
    came = base.mark_point(filled=True, size=60, opacity=1).encode(
        y=alt.Y("actual:Q"),
        shape=alt.when("datum.held").then(alt.value("circle")).otherwise(alt.value("triangle-up")),
        tooltip=tooltip(("span:N", "Span"), ("actual:Q", "Orders that came"), ("forecast:N", "Expected"),
                        ("band:N", "80 % sure"), ("state:N", "What came is")),
    )  # fmt: skip
    kept = ["end", "span", "expected", "low", "high", "actual", "held", "forecast", "band", "state"]
    return layered(frame[kept], 260, band, line, came)

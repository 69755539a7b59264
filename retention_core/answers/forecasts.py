"""What the models say, in sentences: who orders again, what is at stake, how good the forecasts were."""

from __future__ import annotations

import pandas as pd

from retention_core.answers.churn import customers_in_words, months_in_words
from retention_core.forecasts import CURVE, FEW_REPEATERS, LARGE_ERROR, Backtest, Check, Forecasts
from retention_core.lifecycle import ORDER_NUMBERS, Limits
from retention_core.say import NOT_KNOWN, day, money, number, percent, say

MODEL_NAMES = {
    "mbg_nbd": "May stop after any order (MBG/NBD)",
    "bg_nbd": "May stop after a later order (BG/NBD)",
    "pareto_nbd": "May stop at any time (Pareto/NBD)",
    "nbd": "Nobody ever stops (NBD): for comparison",
    CURVE: "Curve by age, all customers alike",
}
ORDERS = {1: "1 order", 2: "2 orders", 3: "3–4 orders", 5: "5–9 orders", 10: "10 orders or more"}
OF_100 = {
    1: "Of 100 customers with one order, placed {days} days ago, {n} will order again within a year.",
    2: "Of 100 customers with {orders} orders, the last one {days} days ago, {n} will order again within a year.",
}
USES = {
    "too_little_data": "Too little data",
    "nobody_stops": "Cannot be used: sees nobody stop",
    "runs_away": "Cannot be used: its numbers run away",
    "restless": "Cannot be used: finds no best fit",
    "unchecked": "Cannot be used: could not be fitted to what was known before the hidden days",
}
WHY_NOT = {
    "fits": "No model is used: none foretold the hidden months well enough.",
    "too_little_data": (
        "No model is used: {customers} ordered again so far, and at least {least} are needed to tell how customers "
        "stop buying."
    ),
    "nobody_stops": (
        "No model is used: hardly any customer of this shop can be seen to stop buying for good yet, so none can tell "
        "who has left."
    ),
    "runs_away": "No model is used: the orders do not tell how customers differ, and its numbers run away.",
    "restless": "No model is used: the search for its best fit did not come to rest.",
    "unchecked": (
        "No model is used: it fits today, but could not be fitted to what was known before the hidden days, so nothing "
        "tells how good it is."
    ),
}
COUNTED_AFTER = 730  # days: counting what a year brought needs a year before it
NEARLY = 0.9  # of the lapsed: as many gone are nearly as many
WORTH_SAYING = 0.005  # a share below which "of 100" would be 0


def typical_answer(orders: int, silence: float, will_order: float) -> str:
    """One typical customer as a hundred of them."""
    n = number(100 * will_order) if will_order >= WORTH_SAYING else say("fewer than one")
    return say(OF_100[min(orders, 2)], orders=number(orders), days=number(silence), n=n)


def no_model_answer(made: Forecasts) -> str:
    """Why no model is shown, what is shown instead, and when there will be more."""
    if made.choice is None or not made.verdicts:
        return say(
            "The history is too short to check a forecast on it: at least {days} days are needed, so nothing is said "
            "about the future of single customers.",
            days=number(182),
        )
    verdict = made.verdicts.get("mbg_nbd", "restless")
    repeaters = made.histories.loc[made.histories["repeat_orders"] > 0, "customers"].sum()
    why = say(WHY_NOT[verdict], customers=customers_in_words(repeaters), least=number(FEW_REPEATERS)) + " "
    if made.observed is not None:
        return why + say("Shown instead: what customers like these really did in the last year, counted.")
    missing = COUNTED_AFTER - int(made.histories["age"].max()) - 1
    if missing <= 0:
        return why.strip()
    return why + say(
        "Nor have the customers been watched long enough to count what such customers do in a year: who will still "
        "order, and who is worth winning back, can be said in about {n}.",
        n=months_in_words(missing),
    )


def stake_answer(
    groups: pd.DataFrame,
    currency: str | None,
    tells_money: bool,
    by_model: bool,
    listed: pd.DataFrame | None = None,
    knows_consent: bool = False,
) -> str:
    """What stands at stake with customers in doubt, and how much of it with those on the list of whom to write to.

    `groups`, `listed`: of forecasts.AtStake; without `listed` nothing is said of it. `knows_consent`: the files tell
    who may be written to.
    """
    counts = groups.groupby("standing")["customers"].sum()
    doubtful, unknown = groups[groups["standing"] == "in_doubt"], int(counts.get("unknown", 0))
    part = "" if listed is None else _listed_in_words(doubtful, listed, currency, tells_money, knows_consent)
    told = _doubt_in_words(doubtful, part, int(counts.get("gone", 0)), currency, tells_money, by_model)
    if not unknown:
        return told
    nothing = say(
        "Of {customers} nothing can be told: too few customers like them were there a year ago, or even those who had "
        "ordered lately did not order in the year since.",
        customers=customers_in_words(unknown),
    )
    if unknown == counts.sum():
        return nothing
    return f"{nothing} " + say("Of the others:") + f" {told}" if doubtful.empty else f"{told} {nothing}"


def _at_stake_in_words(stake: float, currency: str | None, tells_money: bool) -> str:
    return money(stake, currency, 0) if tells_money else orders_in_words(stake)


def _listed_in_words(
    doubtful: pd.DataFrame, listed: pd.DataFrame, currency: str | None, tells_money: bool, knows_consent: bool
) -> str:
    """How much of the stake lies with those listed; empty where that is all or nobody."""
    if not 0 < len(listed) < doubtful["customers"].sum():
        return ""
    stake = float(listed["at_risk" if tells_money else "orders_at_risk"].sum())
    sentence = (
        "Of that, the {n} on the list below, whom you may write to, make up {stake}."
        if knows_consent
        else "Of that, the {n} on the list below make up {stake}."
    )
    return say(sentence, stake=_at_stake_in_words(stake, currency, tells_money), n=number(len(listed)))


def _doubt_in_words(
    doubtful: pd.DataFrame, part: str, gone: int, currency: str | None, tells_money: bool, by_model: bool
) -> str:
    if doubtful.empty:
        return say("Nobody is in doubt: customers are as good as surely still there, or as good as surely gone.")
    stake = doubtful["at_risk"].sum()
    sentence = say(
        "For {customers} it is open whether they are still there. At stake is {stake}: what they would bring in the "
        "next year beyond what is expected, if all of them were still there.",
        customers=customers_in_words(doubtful["customers"].sum()),
        stake=_at_stake_in_words(stake, currency, tells_money),
    )
    sentence = f"{sentence} {part}".strip()
    if not gone:
        return sentence
    if by_model:
        leave = say("Gone, 90 % sure or more: {customers};", customers=customers_in_words(gone))
    else:
        leave = say(
            "As good as gone, as customers like them brought a tenth or less of what those brought who had ordered "
            "lately: {customers};",
            customers=customers_in_words(gone),
        )
    return f"{sentence} {leave} " + say("a letter to them is hardly worth it.")


def lapsed_and_gone_answer(silences: pd.DataFrame, limits: Limits, is_own: bool, by_model: bool) -> str:
    """How lapsed and gone differ, and why they do in this shop.

    `silences`: of forecasts.AtStake; `limits`: from when on a customer has lapsed. Customers of whom nothing is known
    are left out; empty where that is all.
    """
    is_known = silences["standing"] != "unknown"
    silences = silences[is_known]
    if silences.empty:
        return ""
    limit = (
        silences["order_number"]
        .clip(upper=ORDER_NUMBERS[-1])
        .map(dict(zip(ORDER_NUMBERS, limits.lapsed_days, strict=True)))
    )
    has_lapsed = silences["days_since_last_order"] > limit

    def counted(rows: pd.Series) -> int:
        return int(silences.loc[rows, "customers"].sum())

    is_gone = silences["standing"].eq("gone")
    lapsed, gone, both = counted(has_lapsed), counted(is_gone), counted(has_lapsed & is_gone)
    sentence = say(
        "Lapsed and gone are two things. Lapsed or lost, above: silent for longer than {limit}. Gone, here: {judge}. "
        "Of the {lapsed} lapsed or lost{known}, {both} have gone; {early} have gone who have not lapsed.",
        known=say(" of whom it can be told") if not is_known.all() else "",
        limit=say("nine of ten who come back need") if is_own else say("the days set"),
        judge=say("the model gives them 10 % or less to be still there")
        if by_model
        else say("customers like them bring a tenth or less of what those bring who ordered lately"),
        lapsed=number(lapsed),
        both=number(both),
        early=number(gone - both),
    )
    if gone > lapsed:
        why = say("Gone is more here, because most who order once never return, and lapsed looks only at those who do.")
    elif gone < NEARLY * lapsed:
        why = say("Gone is fewer here, because who orders rarely can be silent for so long without having left.")
    else:
        why = say("Here the two come to nearly as many.")
    return f"{sentence} {why} " + say("Go by lapsed to notice in time, by gone to decide whom to leave alone.")


def check_answer(check: Check, model: str) -> str:
    """How the shown forecaster did on the hidden months."""
    test = check.of(model)
    if not test.actual:
        return say("Nobody ordered in the hidden {days} days, so the forecast cannot be judged.", days=check.horizon)
    error = test.error_share
    sentence = say(
        "As no model is used, the plain curve by age stands here for all customers together. Hidden from it, the "
        "{days} days after {until} brought {actual} of customers known by then; it expected {expected}: {error}."
        if model == CURVE
        else "Hidden from the model, the {days} days after {until} brought {actual} of customers known by then; "
        "it expected {expected}: {error}.",
        days=number(check.horizon),
        until=day(check.observed_until),
        actual=orders_in_words(test.actual),
        expected=number(test.expected),
        error=error_in_words(error),
    )
    if abs(error) > LARGE_ERROR:
        sentence += " " + say("That is a large error: read its figures as an order of magnitude.")
    return sentence


def orders_in_words(n: float) -> str:
    return say("1 order") if number(n) == number(1) else say("{n} orders", n=number(n))


def error_in_words(error: float) -> str:
    """ "8 % too many"; nothing to say where nobody ordered."""
    if error != error:
        return NOT_KNOWN
    if abs(error) < 0.0005:
        return say("exactly right")
    if error > 0:
        return say("{size} too many", size=percent(error))
    return say("{size} too few", size=percent(-error))


def band_answer(shown: Backtest, alone: Backtest) -> str:
    """How often the 80 % band of the hidden months held, how often it should, and how often that of the model alone.

    `shown` holds how far forecasts missed before these months, `alone` does not.
    """
    if shown.periods.empty:
        return ""
    held, spans = int(shown.periods["held"].sum()), len(shown.periods)
    sentence = say(
        "The 80 % band held in {held} of {n} spans of 30 days; it should in about {should}. It includes how far "
        "earlier forecasts missed; without that it would have held in {alone}.",
        held=number(held),
        n=number(spans),
        should=number(0.8 * spans),
        alone=number(int(alone.periods["held"].sum())),
    )
    if held < 0.6 * spans:
        sentence += " " + say(
            "It is too narrow here: the models know no season and no change in the shop. Trust sums over a year rather "
            "than months."
        )
    return sentence


def use_of(made: Forecasts, model: str) -> str:
    """What a model is used for here, or why it is not."""
    if model == made.shown:
        return say("Shown")
    verdict = made.verdicts.get(model, "fits")
    return say("Compared") if verdict == "fits" else say(USES[verdict])

"""What is true in the files, for whoever wants to see whether an analysis finds it again."""

from collections.abc import Mapping

import numpy as np

from sample_data.arrays import Bools, Floats, Ints
from sample_data.events import APP_DAYS, APP_LOG_ODDS, ARM_DETAIL
from sample_data.orders import GUEST, STATUSES
from sample_data.people import NO_TEST, WEEKLY
from sample_data.seasons import DATES, DAYS, holiday_window, month_of
from sample_data.simulation import Simulation

Truth = Mapping[str, object]
UNRELATED_TO_RETURN = ("country", "payment_method", "delivery_method", "birthday")
WITHOUT_CAUSAL_EFFECT = (
    *("app_install", "coupon", "wish_list", "cart_abandoned", "review", "email_opened", "referral", "support_ticket"),
)


def truth(result: Simulation) -> Truth:
    """Counts, money, parameters and effects of one shop, ready for JSON."""
    return {
        "counts": _counts(result),
        "money": _money(result),
        "everybody": _everybody(result),
        "channels": [_channel(result, index) for index in range(len(result.shop.channels))],
        "season_by_calendar_month": {
            "new_customers": _by_calendar_month(result.calendar.arrivals),
            "repeat_orders": _by_calendar_month(result.calendar.repeats),
        },
        "holiday_buyers": _holiday_buyers(result),
        "email_test": _email_test(result),
        "app_install": _app_install(result),
        "loyalty_signup": _loyalty_signup(result),
        "unrelated_to_return": list(UNRELATED_TO_RETURN),
        "without_causal_effect_on_return": list(WITHOUT_CAUSAL_EFFECT),
    }


def second_order_chance(result: Simulation, within_days: int, weekly: Bools) -> Floats:
    """Chance of each customer to order again at most `within_days` after the day of the first order.

    Exact, over the channel's Gamma and Beta: E(stay) times 1 - (scale / (scale + clock))^shape, where the clock counts
    busy-weighted days from the first order. `weekly`: whether the customer gets the weekly letter.
    """
    shop, who, days = result.shop, result.people, result.calendar
    shape, scale, leave_a, leave_b = (
        np.array([getattr(channel, field) for channel in shop.channels])[who.channel]
        for field in ("rate_shape", "rate_scale_days", "leave_a", "leave_b")
    )
    stay = leave_b / (leave_a + leave_b) * who.stay_factor
    stay = np.where(weekly, 1 - (1 - stay) * shop.email_test.leave_factor, stay)
    until = np.minimum(np.floor(who.first) + within_days + 1, DAYS)
    passed = days.clock_at(until) - days.clock_at(who.first)
    return stay * (1 - (scale / (scale + passed)) ** shape)


def second_order_day(result: Simulation) -> Floats:
    """Days from the first order of each customer to the first order on a later day, infinite without one."""
    bought = result.purchases
    days_after = np.floor(bought.moment) - np.floor(result.people.first)[bought.person]
    second = np.full(len(result.people), np.inf)
    np.minimum.at(second, bought.person[days_after > 0], days_after[days_after > 0])
    return second


def _second_order(result: Simulation, chosen: Bools) -> dict[str, object]:
    """Second order within 365 days among the chosen customers whose 365 days lie inside the files."""
    who = result.people
    observed = chosen & (np.floor(who.first) + 365 < DAYS)
    expected = second_order_chance(result, 365, who.arm == WEEKLY)[observed]
    return {
        "customers": int(chosen.sum()),
        "customers_observed_365_days": int(observed.sum()),
        "second_order_within_365_days_expected": _rounded(expected.mean()),
        "second_order_within_365_days_realised": _rounded((second_order_day(result)[observed] <= 365).mean()),
    }


def _counts(result: Simulation) -> Truth:
    status, person, cash = result.money.status, result.orders.person, result.money
    part_refunded = result.is_sale & (cash.refunded > 0) & (cash.refunded < cash.amount)
    names, times = np.unique(result.events.event, return_counts=True)
    return {
        "order_rows": len(status),
        "orders_by_status": {name: int((status == code).sum()) for code, name in enumerate(STATUSES)},
        "orders": int(result.is_sale.sum()),
        "guest_orders": int((result.is_sale & (person == GUEST)).sum()),
        "partly_refunded_orders": int(part_refunded.sum()),
        "customers": len(result.people),
        "accounts": len(result.customer_ids),
        "order_lines": len(result.lines.order),
        "events": dict(zip(names.tolist(), times.tolist(), strict=True)),
    }


def _money(result: Simulation) -> Truth:
    """Of completed and refunded orders, guests included."""
    cash, sale = result.money, result.is_sale
    net = cash.amount - cash.refunded
    return {
        "currency": result.shop.currency,
        "gross_revenue": _whole(cash.amount[sale]),
        "refunded": _whole(cash.refunded[sale]),
        "net_revenue": _whole(net[sale]),
        "net_revenue_of_guests": _whole(net[sale & (result.orders.person == GUEST)]),
        "discount": _whole(cash.discount[sale]),
    }


def _everybody(result: Simulation) -> Truth:
    return {
        **_second_order(result, np.ones(len(result.people), bool)),
        "repeat_purchase_rate": _rounded((second_order_day(result) < np.inf).mean()),
    }


def _channel(result: Simulation, index: int) -> Truth:
    channel, mine = result.shop.channels[index], result.people.channel == index
    revenue, orders, gross = _per_customer(result)
    return {
        "channel": channel.name,
        "orders_per_day_gamma": {"shape": channel.rate_shape, "scale_days": channel.rate_scale_days},
        "leave_after_order_beta": {"a": channel.leave_a, "b": channel.leave_b},
        **_second_order(result, mine),
        "orders_per_customer": _rounded(orders[mine].mean()),
        "average_order_amount": _rounded(gross[mine].sum() / orders[mine].sum() / 100, 2),
        "net_revenue_per_customer": _rounded(revenue[mine].mean() / 100, 2),
    }


def _per_customer(result: Simulation) -> tuple[Ints, Ints, Ints]:
    """(net revenue, orders, amount before refunds) of each customer, in cents."""
    own = result.is_sale & (result.orders.person != GUEST)
    person, size = result.orders.person[own], len(result.people)
    gross, refunded = (
        np.bincount(person, cents[own], size).astype(int) for cents in (result.money.amount, result.money.refunded)
    )
    return gross - refunded, np.bincount(person, minlength=size), gross


def _holiday_buyers(result: Simulation) -> Truth:
    """First order from Black Friday to 23 December: fewer stay after it."""
    holiday = holiday_window(DATES[result.people.first.astype(int)])
    return {
        "stay_after_first_order_factor": result.shop.holiday_stay_factor,
        "first_order_in_window": _second_order(result, holiday),
        "others": _second_order(result, ~holiday),
    }


def _email_test(result: Simulation) -> Truth:
    """The effect is the mean over everybody in the test of (chance with the weekly letter - chance without)."""
    test, who = result.shop.email_test, result.people
    with_it, without = (
        second_order_chance(result, 365, np.full(len(who), weekly))[who.arm != NO_TEST].mean()
        for weekly in (True, False)
    )
    second = second_order_day(result)
    arms = {detail: who.arm == arm for arm, detail in ARM_DETAIL.items()}
    return {
        "question": "Does a letter every week bring back more new customers than one every two weeks?",
        "arms": {"test:control": "a letter every two weeks", "test:weekly": "a letter every week"},
        "first_order_since": test.since,
        "first_order_before": test.until,
        "leave_after_first_order_factor": test.leave_factor,
        "customers": {detail: int(in_arm.sum()) for detail, in_arm in arms.items()},
        "second_order_within_365_days_expected": {"test:control": _rounded(without), "test:weekly": _rounded(with_it)},
        "second_order_within_365_days_realised": {
            detail: _rounded((second[in_arm] <= 365).mean()) for detail, in_arm in arms.items()
        },
        "true_effect": _rounded(with_it - without),
    }


def _app_install(result: Simulation) -> Truth:
    """The ratio everybody quotes, and what is behind it: nothing but who installs."""
    happened = result.events
    installed = np.isin(np.arange(len(result.people)), happened.person[happened.event == "app_install"])
    revenue, _, _ = _per_customer(result)
    return {
        "true_effect_on_orders": 0.0,
        "log_odds_of_installing": {"constant": APP_LOG_ODDS[0], "per_unit_of_loyalty": APP_LOG_ODDS[1]},
        "mean_days_after_first_order": APP_DAYS,
        "customers": int(installed.sum()),
        "observed_revenue_ratio": _rounded(revenue[installed].mean() / revenue[~installed].mean(), 2),
        "why": "Customers who order often and stay install the app more often. The app itself changes nothing.",
    }


def _loyalty_signup(result: Simulation) -> Truth:
    """Orders from joining to the end of the files: as a member, and of the same customers without the club.

    Orders to come right after an order: (1 - p) / p · (1 - exp(-rate · p · clock)), p = chance to leave after an order.
    """
    who, joined, factor = result.people, result.purchases.joined, result.shop.loyalty_leave_factor
    member = joined < DAYS
    clock = result.calendar.clock[-1] - result.calendar.clock_at(joined[member])
    rate, leave = who.rate[member], who.leave[member]
    as_member, without = ((1 - p) / p * -np.expm1(-rate * p * clock) for p in (leave * factor, leave))
    return {
        "leave_after_order_factor": factor,
        "customers": int(member.sum()),
        "expected_orders_after_joining": _rounded(as_member.mean()),
        "expected_orders_without_the_club": _rounded(without.mean()),
        "true_extra_orders_per_member": _rounded((as_member - without).mean()),
        "why": "A small true effect inside a large apparent one: the loyal join more often, too.",
    }


def _by_calendar_month(busy: Floats) -> list[float]:
    return [_rounded(busy[month_of(DATES) == month].mean()) for month in range(1, 13)]


def _rounded(value: float, digits: int = 4) -> float:
    return round(float(value), digits)


def _whole(cents: Ints) -> float:
    return round(int(cents.sum()) / 100, 2)

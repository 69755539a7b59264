"""The strategies as rows: what each acts on, whom it reaches, how much it is trusted to do and why, what it costs.

To add a lever, add an `Offer` to `OFFERS`. If nothing counts its audience yet, add a column to an audience query.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from retention_core.goals.goal import ActsOn, Grade

Stage: TypeAlias = Literal["new", "one_order", "repeat", "lapsed"]
Needs: TypeAlias = Literal["", "customers", "events", "order_lines", "discounts", "methods", "categories"]

E_MAIL = 0.001  # cost of one letter, the figure of the articles
ACTIVE: tuple[Stage, ...] = ("one_order", "repeat")

# Where an uplift comes from. All are assumptions until a test of the shop's own replaces them.
PROGRAMME = (
    "A year's programme moves the rate by 3 % (“really hard”) to 15 % of itself (Hillstrom 2022, a practitioner): "
    "one lever is given the lower end"
)
LETTER = (
    "A letter raised purchases from 0.6 % to 1.1 % in two weeks (Hillstrom’s e-mail test of 2008, 64,000 customers); "
    "how much of it is left after a year was not measured: little is assumed"
)
FIRST_DISCOUNT = (
    "Deep discounts raised later purchases of first-time buyers and lowered those of established ones "
    "(Anderson & Simester 2004, three field experiments): offered after the first order only"
)
NOT_THE_RISKIEST = (
    "Those most likely to leave are not those whom a letter moves most (Ascarza 2018, two field experiments): "
    "a small effect is assumed, for all lapsed customers alike"
)
FREQUENCY = (
    "Too many letters harm as too few do (Zhang, Kumar & Cosguner 2017, one retailer): it can go either way, so test it"
)
HOLIDAY = (
    "22 % of those who first bought on Black Friday came back, half of them within 108 days (158 brands, 2019), "
    "without any experiment: what a letter changes is assumed"
)
CORRELATION = (
    "App users are said to bring 4.5 times as much: the loyal install it. What it changes by itself is "
    "unknown: test it first"
)
OPINION = "What it does is unknown: test it first. Until then next to nothing is assumed"
NO_NUMBER = "No number can be put on it: plan it, and look at the rate before and after"


@dataclass(frozen=True)
class Offer:
    """One strategy, before it is known whom it reaches in a shop.

    `audience`: a column of `query`; its share of `stages` is the reach; "" for everybody. `effect`: for levers on
    returning, by how much of itself the 365-day rate of those who take part grows; else how much more, as a share.
    `spread`: standard deviation of the effect where it can be harm, too; else the grade sets it. `needs`: what a file
    must tell. `letters_a_year`: to each of the reached. The other fields are those of `Lever`.
    """

    key: str
    strategy: str
    acts_on: ActsOn
    audience: str = ""
    stages: tuple[Stage, ...] = ()
    query: str = "audiences"
    needs: Needs = ""
    effect: float = 0.0
    spread: float | None = None
    grade: Grade = "D"
    source: str = OPINION
    take_up: float = 1.0
    cost_once: float = 0.0
    cost_per_month: float = 0.0
    letters_a_year: float = 0.0
    discount: float = 0.0
    discount_taken_by_returning: float = 0.0
    ramp_months: int = 3


OFFERS: tuple[Offer, ...] = (
    Offer(
        "loyalty_programme", "Loyalty programme", "return_of_active", "outside_club", ("repeat",), "event_audiences",
        effect=0.05, grade="C", source=PROGRAMME, take_up=0.3, cost_once=3_000, cost_per_month=150,
        discount=0.05, discount_taken_by_returning=0.25, ramp_months=6,
    ),
    Offer(
        "welcome", "Welcome and thank-you after the first order", "return_after_first", "writable", ("new",),
        effect=0.03, grade="C", source=PROGRAMME, cost_once=500, letters_a_year=4, ramp_months=1,
    ),
    Offer(
        "win_back", "Win-back letters, one after the other", "win_back", "writable", ("lapsed",),
        effect=0.1, grade="C", source=NOT_THE_RISKIEST, cost_once=500, letters_a_year=4,
        discount=0.1, discount_taken_by_returning=0.3, ramp_months=1,
    ),
    Offer(
        "post_purchase", "Letters after every order", "return_of_active", "writable", ("repeat",),
        effect=0.02, grade="B", source=LETTER, cost_once=500, letters_a_year=6, ramp_months=1,
    ),
    Offer(
        "birthday", "Birthday and holiday greetings", "return_of_active", "birthday_known", ("repeat",),
        needs="customers", effect=0.01, cost_once=200, letters_a_year=2,
        discount=0.1, discount_taken_by_returning=0.05, ramp_months=12,
    ),
    Offer(
        "holiday_shoppers", "Bring holiday shoppers back", "return_after_first", "holiday_first", ("new",),
        effect=0.03, grade="C", source=HOLIDAY, cost_once=300, letters_a_year=3, ramp_months=1,
    ),
    Offer(
        "personal_offers", "Personal offers from the favourite category", "return_of_active", "category_known",
        ("repeat",), needs="categories", effect=0.01, cost_once=1_000, letters_a_year=6,
        discount=0.1, discount_taken_by_returning=0.1,
    ),
    Offer(
        "cross_sell", "Products that go together, and dearer versions", "order_value", "one_category", ACTIVE,
        needs="categories", effect=0.01, cost_once=1_000, letters_a_year=4,
    ),
    Offer(
        "wish_list", "Reminders of the wish list", "return_after_first", "wish_waiting", ("new",), "event_audiences",
        needs="events", effect=0.01, cost_once=500, letters_a_year=3, ramp_months=1,
    ),
    Offer(
        "abandoned_cart", "Reminders of abandoned carts", "return_after_first", "cart_left", ("new",),
        "event_audiences", needs="events", effect=0.02, cost_once=500, letters_a_year=3, ramp_months=1,
    ),
    Offer(
        "spin_and_win", "Spin-and-win and pop-up coupons", "acquisition",
        effect=0.01, cost_once=300, cost_per_month=50,
    ),
    Offer(
        "referral", "Referral by satisfied customers", "acquisition", "top_value", ACTIVE,
        effect=0.05, cost_once=1_000, cost_per_month=50, ramp_months=6,
    ),
    Offer(
        "subscription", "Subscriptions and boxes of what is bought again", "orders_per_buyer", "same_product",
        ACTIVE, "product_audiences", needs="order_lines", effect=0.1, take_up=0.05, cost_once=5_000,
        cost_per_month=100, discount=0.05, discount_taken_by_returning=0.05, ramp_months=6,
    ),
    Offer(
        "checkout", "Easier payment and checkout", "return_after_first", "payment_known", ("new",), needs="methods",
        effect=0.005, cost_once=3_000, ramp_months=0,
    ),
    Offer(
        "delivery_choice", "More ways of delivery", "return_after_first", "delivery_known", ("new",), needs="methods",
        effect=0.005, cost_once=1_000, cost_per_month=100, ramp_months=0,
    ),
    Offer(
        "customer_service", "Fast answers to complaints", "return_of_active", "with_ticket", ("repeat",),
        "event_audiences", needs="events", effect=0.02, cost_per_month=300,
    ),
    Offer(
        "feedback", "Ask for reviews, and act on them", "return_after_first", "without_review", ("new",),
        "event_audiences", effect=0.01, take_up=0.1, cost_once=300, letters_a_year=1, ramp_months=1,
    ),
    Offer(
        "gamification", "Badges, competitions, progress in the app", "return_of_active", "with_app", ("repeat",),
        "event_audiences", needs="events", effect=0.01, take_up=0.3, cost_once=5_000, cost_per_month=100,
    ),
    Offer(
        "app_and_follow", "App, follows and push messages", "return_of_active", "without_app", ("repeat",),
        "event_audiences", needs="events", effect=0.01, source=CORRELATION, take_up=0.1, cost_once=10_000,
        cost_per_month=200, ramp_months=12,
    ),
    Offer(
        "useful_content", "Guides, blog and videos", "return_of_active", "reader", ("repeat",), "event_audiences",
        needs="events", effect=0.01, cost_per_month=300, letters_a_year=12, ramp_months=6,
    ),
    Offer(
        "email_frequency", "A letter every week instead of every two", "return_after_first", "writable", ("new",),
        effect=0.0, spread=0.1, grade="B", source=FREQUENCY, letters_a_year=26, ramp_months=0,
    ),
    Offer(
        "first_order_discount", "A discount on the second order, for first-time buyers only", "return_after_first",
        "writable", ("new",), effect=0.05, grade="B", source=FIRST_DISCOUNT, cost_once=200, letters_a_year=2,
        take_up=0.5, discount=0.2, discount_taken_by_returning=0.15, ramp_months=1,
    ),
    Offer(
        "fewer_discounts", "Discounts, but not all year round", "order_value", "discount_only", ACTIVE,
        needs="discounts", effect=0.0, spread=0.05, ramp_months=3,
    ),
    Offer("values", "Values and partnerships", "nothing", source=NO_NUMBER),
    Offer("team", "Training of the team, success managers", "nothing", source=NO_NUMBER),
)  # fmt: skip

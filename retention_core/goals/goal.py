"""A goal and what is done to reach it: levers with their uncertainty and price. Records; every number has bounds."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Any, Literal, TypeAlias, get_args

ActsOn: TypeAlias = Literal[
    "return_after_first",
    "return_of_active",
    "win_back",
    "order_value",
    "orders_per_buyer",
    "acquisition",
    "nothing",
]
Grade: TypeAlias = Literal["A", "B", "C", "D"]

ACTS_ON: tuple[ActsOn, ...] = get_args(ActsOn)
GRADES: tuple[Grade, ...] = get_args(Grade)
WINDOWS = (90, 180, 365)
MOST_LEVERS = 40
MOST_SCENARIOS = 4
MOST_MONEY = 1e9

# Standard deviation as a share of the uplift, where no own test gives one: B a published field experiment carried over
# to another shop, C an observation that may have other causes, D a vendor's figure or an opinion.
SPREAD: dict[Grade, float] = {"B": 0.4, "C": 0.7, "D": 1.0}

# Least and most of every number of a lever and of its uplift.
BOUNDS: dict[str, tuple[float, float]] = {
    "reach": (0, 1),
    "take_up": (0, 1),
    "strength": (0, 1),
    "discount": (0, 0.9),
    "discount_taken_by_returning": (0, 1),
    "cost_once": (0, MOST_MONEY),
    "cost_per_month": (0, MOST_MONEY),
    "cost_per_contact": (0, 10_000),
    "contacts_per_month": (0, 60),
    "ramp_months": (0, 36),
    "mean": (-1, 1),
    "sd": (0, 1),
    "target": (0, 1),
    "margin": (0, 1),
    "horizon": (1, 60),
}
KEY = re.compile(r"[a-z][a-z0-9_]{0,59}")


class GoalError(ValueError):
    """A goal, lever or scenario that cannot be: one plain sentence that names the place, the value and the rule."""


@dataclass(frozen=True)
class Uplift:
    """What a lever does to one it reaches and who takes part, as a distribution with `mean` and `sd`.

    Levers on returning: of those who would not have come back, the share that does so within 365 days. Levers on
    order value, orders per buyer and acquisition: how much more, as a share of today's (0.1: a tenth more).
    "beta" lies between 0 and 1; "normal" is cut at -1 and 1, for tests of one's own, which may show harm.
    """

    kind: Literal["beta", "normal"]
    mean: float
    sd: float

    def __post_init__(self) -> None:
        if self.kind not in ("beta", "normal"):
            raise GoalError(f"The uplift's kind is {_shown(self.kind)}; it can be beta or normal.")
        check_number("The uplift", "mean", self.mean)
        check_number("The uplift", "sd", self.sd)
        if self.kind == "beta" and self.mean < 0:
            raise GoalError(f"The uplift's mean is {self.mean:g}; below 0 it must be of the kind normal.")
        if self.kind == "beta" and self.sd > 0 and self.sd**2 >= self.mean * (1 - self.mean):
            most = math.sqrt(self.mean * (1 - self.mean))
            raise GoalError(f"The uplift's sd is {self.sd:g}; with the mean {self.mean:g} it must be below {most:g}.")

    @classmethod
    def graded(cls, mean: float, grade: Grade) -> Uplift:
        """A share between 0 and 1, the wider the weaker its evidence. An own test (A) has its own error: `tested`."""
        if grade not in SPREAD:
            raise GoalError(f"Grade {_shown(grade)} has no width of its own; it can be B, C or D.")
        check_number("The uplift", "mean", mean)
        # A beta's standard deviation stays below sqrt(m(1 - m)).
        return cls("beta", mean, min(SPREAD[grade] * mean, 0.9 * math.sqrt(max(mean * (1 - mean), 0))))

    @classmethod
    def tested(cls, estimate: float, standard_error: float) -> Uplift:
        """What an own randomised test found, with its standard error: grade A."""
        return cls("normal", estimate, standard_error)

    def moved(self, mean: float) -> Uplift:
        """The same evidence about another mean. A higher mean is then higher at every quantile."""
        if self.kind == "normal" or self.sd == 0 or not 0 < mean < 1:
            return replace(self, mean=mean, sd=self.sd if self.kind == "normal" else 0.0)
        # A beta with the same a + b: sd² = m(1 - m) / (a + b + 1).
        return replace(self, mean=mean, sd=self.sd * math.sqrt(mean * (1 - mean) / (self.mean * (1 - self.mean))))


@dataclass(frozen=True)
class Lever:
    """One thing a shop can do, as it is set: what it acts on, whom it reaches, what it does and what it costs.

    `audience`: the query that names the people reached. `reach`: share of the customers (of the orders, for order_value
    and orders_per_buyer) that it acts on; `take_up`: share of the reached that take part; `strength`: share of the
    reachable that are in fact reached, 0-1. `source`: where the uplift comes from. Money in the shop's currency.
    `contacts_per_month`: per reached customer. `discount`: share of the order's value; `discount_taken_by_returning`:
    share of the reached who would have bought anyway, and use it too. `ramp_months`: months until in full force;
    `starts`: first month, None for the first coming one.
    """

    key: str
    acts_on: ActsOn
    uplift: Uplift
    grade: Grade
    reach: float = 1.0
    take_up: float = 1.0
    strategy: str = ""
    audience: str = ""
    source: str = ""
    cost_once: float = 0.0
    cost_per_month: float = 0.0
    cost_per_contact: float = 0.0
    contacts_per_month: float = 0.0
    discount: float = 0.0
    discount_taken_by_returning: float = 0.0
    ramp_months: int = 0
    starts: date | None = None
    is_on: bool = True
    strength: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.key, str) or not KEY.fullmatch(self.key):
            raise GoalError(f"A lever is called {_shown(self.key)}; a key is small letters, digits and underscores.")
        place = f"Lever {self.key}"
        check_choice(place, "acts_on", self.acts_on, ACTS_ON)
        check_choice(place, "grade", self.grade, GRADES)
        check_choice(place, "is_on", self.is_on, (True, False))
        if not isinstance(self.uplift, Uplift):
            raise GoalError(f"{place}: its uplift has no distribution.")
        if not isinstance(self.audience, str) or (self.audience and not KEY.fullmatch(self.audience)):
            raise GoalError(f"{place}: audience {_shown(self.audience)} is no query's name.")
        for name in ("strategy", "source"):
            check_text(place, name, getattr(self, name))
        for name in NUMBERS:
            check_number(place, name, getattr(self, name))
        check_date(place, "starts", self.starts)

    @property
    def is_in_force(self) -> bool:
        return self.is_on and self.strength > 0

    @property
    def is_planning_only(self) -> bool:
        """It moves no number of the simulation, but may cost."""
        return self.acts_on == "nothing"


# The numbers of a lever, each with a row in BOUNDS.
NUMBERS = tuple(one.name for one in fields(Lever) if one.name in BOUNDS)


@dataclass(frozen=True)
class Goal:
    """What is wanted and what is done for it. `Goal()` has no levers: the baseline itself.

    `target`: share of the customers first won in the month of `by` that orders again within `window` days.
    `margin`: what is left of an order's value, as a share. `horizon`: coming months for which money is counted, None
    for all that the baseline has.
    """

    levers: tuple[Lever, ...] = field(default=())
    window: int = 365
    target: float | None = None
    by: date | None = None
    margin: float = 1.0
    horizon: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "levers", tuple(self.levers))
        check_choice("The goal", "window", self.window, WINDOWS)
        check_number("The goal", "margin", self.margin)
        for name in ("target", "horizon"):
            if getattr(self, name) is not None:
                check_number("The goal", name, getattr(self, name))
        check_date("The goal", "by", self.by)
        keys = [lever.key for lever in self.levers]
        if len(keys) > MOST_LEVERS:
            raise GoalError(f"The goal has {len(keys)} levers; at most {MOST_LEVERS} fit.")
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise GoalError(f"Lever {twice[0]} is there twice; each can be there once.")

    @property
    def in_force(self) -> tuple[Lever, ...]:
        """The levers that are on, at more than no strength."""
        return tuple(lever for lever in self.levers if lever.is_in_force)


@dataclass(frozen=True)
class Scenario:
    """A goal with the name under which it is compared with others."""

    name: str
    goal: Goal

    def __post_init__(self) -> None:
        check_text("A scenario", "name", self.name, most=60)
        if not self.name.strip():
            raise GoalError("A scenario has no name; give it one.")


def check_number(place: str, name: str, value: Any) -> None:
    low, high = BOUNDS[name]
    whole = name in ("ramp_months", "horizon")
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        raise GoalError(f"{place}: {name} is {_shown(value)}; it must be a {'whole ' if whole else ''}number.")
    if not low <= value <= high:  # NaN is neither
        raise GoalError(f"{place}: {name} is {_shown(value)}; it must lie between {low:g} and {high:g}.")


def check_choice(place: str, name: str, value: Any, choices: tuple[Any, ...]) -> None:
    if not any(value == one and type(value) is type(one) for one in choices):
        raise GoalError(f"{place}: {name} is {_shown(value)}; it can be {', '.join(map(str, choices))}.")


def check_text(place: str, name: str, value: Any, most: int = 500) -> None:
    if not isinstance(value, str) or len(value) > most or not value.isprintable():
        raise GoalError(f"{place}: {name} is {_shown(value)}; it must be one line of at most {most} characters.")


def check_date(place: str, name: str, value: Any) -> None:
    if value is not None and (type(value) is not date or not 1970 <= value.year <= 2200):
        raise GoalError(f"{place}: {name} is {_shown(value)}; it must be a day between 1970 and 2200.")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"

"""What a user may decide about a file, and the questions a file leaves open. No number is ever guessed silently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from retention_core.orders.errors import OrdersError


@dataclass(frozen=True)
class Answers:
    """Everything a user may decide; None = not answered, read it from the file or ask."""

    layout: str | None = None
    mapping: Mapping[str, str] | None = None  # field -> name of the column in the file
    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    decimal: Literal[".", ","] | None = None
    day_first: bool | None = None
    timezone: str | None = None  # the shop's own, such as Europe/Sofia: times that name a zone are turned into it
    currency: str | None = None  # the one that is counted
    rates: Mapping[str, float] | None = None  # currency -> what one unit of it is worth in `currency`
    rows: Literal["orders", "lines", "totals"] | None = None  # what a row is where an order number repeats
    includes: Literal["nothing", "tax", "shipping", "tax and shipping"] | None = None  # what the mapped amount holds
    refunds: Literal["net", "drop", "ignore"] = "net"
    as_of: datetime | None = None  # orders from this moment on do not exist yet


@dataclass(frozen=True)
class Option:
    """One possible answer: the value to pass, what the page calls it, and what would follow from it."""

    value: str | bool
    label: str
    consequence: str


@dataclass(frozen=True)
class Question:
    """Something that changes numbers and that the file does not settle. `key` is a field of `Answers`."""

    key: str
    text: str
    options: tuple[Option, ...]
    why: str
    file: str
    field: str | None = None  # for key "mapping": the field that is asked for
    required: bool = True  # False: load goes on with what the file says and notes it


class NeedsAnswers(OrdersError):  # noqa: N818 - no error of the file: it asks
    """The file leaves something open that changes numbers. `questions` lists all of it, at least one."""

    def __init__(self, questions: Sequence[Question]) -> None:
        self.questions = tuple(questions)
        first = self.questions[0]
        asked = "; ".join(f"{question.text} {question.why}" for question in self.questions)
        arguments = ", ".join(dict.fromkeys(_as_argument(question) for question in self.questions))
        super().__init__(first.file, cause=asked, advice=f"choose on the page, or pass {arguments}")


def _as_argument(question: Question) -> str:
    if question.field is not None:
        return f'mapping={{"{question.field}": "…"}}'
    return f"{question.key}=" + " or ".join(repr(option.value) for option in question.options[:4])

"""The blocks a report is made of: what was said and drawn, as it is known before anything is rendered.

All text is plain text as people read it, of strangers or not: whatever renders a block makes it harmless.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

import pandas as pd

Tone: TypeAlias = Literal["good", "doubtful", "bad", "plain"]


@dataclass(frozen=True)
class Answer:
    """The head: the title of the view, its answer in one sentence, and whom it is about."""

    title: str
    sentence: str
    about: str = ""


@dataclass(frozen=True)
class Heading:
    """The head of a part."""

    text: str


@dataclass(frozen=True)
class Words:
    """A sentence; several are a list."""

    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Note:
    """Small print: how a picture or a table is to be read."""

    text: str


@dataclass(frozen=True)
class Verdict:
    """A judgement in a colour, and in words that do not need it."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Setting:
    """What somebody chose: the name of the setting and the choice."""

    label: str
    choice: str


@dataclass(frozen=True)
class Figure:
    """One number on a card, as people write it, with what stands below it: its interval."""

    label: str
    value: str
    under: str = ""


@dataclass(frozen=True)
class Picture:
    """An Altair chart, drawn when the report is made, and its description."""

    chart: Any
    description: str


@dataclass(frozen=True)
class Table:
    """A table as people read it; its first column names the rows. `has_index`: that column is the index.

    `is_marked`: cells may hold **important words**, and a backslash before a sign that is only a sign.
    """

    frame: pd.DataFrame
    has_index: bool = False
    is_marked: bool = False


@dataclass(frozen=True)
class Definition:
    """How a number is computed: name, definition, formula, caveats. Without a name it is a note on the whole view."""

    name: str
    text: str
    formula: str = ""
    caveats: tuple[str, ...] = ()


Block: TypeAlias = Answer | Heading | Words | Note | Verdict | Setting | Figure | Picture | Table | Definition


@dataclass(frozen=True)
class About:
    """What a report says of itself. `link`: the address of the view, empty where there is none.

    `left_out`: one row per rule, in words: what became of the lines of the files. The core reads no clock, so whoever
    makes a report says when.
    """

    data: str
    made_at: datetime
    link: str = ""
    version: str = ""
    left_out: pd.DataFrame = field(default_factory=pd.DataFrame)

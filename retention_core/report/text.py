"""The few signs of Markdown that a cell of a table may hold, in other forms."""

from __future__ import annotations

import re
from html import escape

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_BOLD = re.compile(r"\*\*(.+?)\*\*")
_HIDDEN = 0xE000  # private signs stand for the escaped ones while marks are looked for


def _hide(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(_HIDDEN + ord(found[1])), text)


def _show(text: str) -> str:
    return re.sub("[\ue021-\ue07e]", lambda found: chr(ord(found[0]) - _HIDDEN), text)


def marked(text: str) -> str:
    """As HTML: **words** are important, a backslash takes the meaning of the sign behind it, all else is text."""
    parts = _BOLD.split(_hide(text))
    shown = [escape(_show(part)) for part in parts]
    return "".join(f"<strong>{part}</strong>" if place % 2 else part for place, part in enumerate(shown))


def unmarked(text: str) -> str:
    """The text alone, without what only holds a line together."""
    return _show(_BOLD.sub(r"\1", _hide(text))).replace("\u2060", "").replace("\u00a0", " ")

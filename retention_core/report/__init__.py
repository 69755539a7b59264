"""A view of the shop to keep: what a page said, as one self-contained HTML file or as an Excel workbook.

A view is a list of blocks in reading order. Nothing here knows where they come from: the app notes them while it draws
a page, a nightly job makes its own.
"""

from retention_core.report.blocks import (
    About,
    Answer,
    Block,
    Definition,
    Figure,
    Heading,
    Note,
    Picture,
    Setting,
    Table,
    Tone,
    Verdict,
    Words,
)
from retention_core.report.html import to_html
from retention_core.report.workbook import to_workbook

__all__ = [
    "About",
    "Answer",
    "Block",
    "Definition",
    "Figure",
    "Heading",
    "Note",
    "Picture",
    "Setting",
    "Table",
    "Tone",
    "Verdict",
    "Words",
    "to_html",
    "to_workbook",
]

"""What the page in front of a visitor says, noted while it is drawn: the report is made of it when somebody asks.

A note is a reference and costs microseconds; nothing is rendered here. Notes stand by their place on the page, because
a page fills the place of its answer last. A full run begins anew; a fragment that runs again replaces what it said.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

import streamlit as st
from streamlit.delta_generator_singletons import get_dg_singleton_instance
from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState, get_script_run_ctx

from retention_core.report import Block

MAIN = 0  # the first number of every place on the page itself; the sidebar has another
Place: TypeAlias = tuple[int, ...]


@dataclass
class Noted:
    """The notes of one session: of the page and of each fragment those of its latest run, by place."""

    run: Any = None
    parts: dict[str | None, tuple[Any, dict[Place, Block]]] = field(default_factory=dict)

    def blocks(self) -> tuple[Block, ...]:
        """What the page says now, from top to bottom."""
        found = [placed for _, notes in list(self.parts.values()) for placed in list(notes.items())]
        return tuple(block for place, block in sorted(found, key=lambda placed: placed[0]) if place[0] == MAIN)


def noted() -> Noted:
    """The notes of this session, to read later."""
    notes: Noted = st.session_state.setdefault("noted", Noted())
    _begin(notes)
    return notes


def here() -> Place:
    """The place of what is drawn next. Streamlit's own cursor knows it."""
    cursor = get_dg_singleton_instance().main_dg._active_dg._cursor
    return tuple(cursor.delta_path) if cursor else ()


def note(block: Block, place: Place = ()) -> None:
    """Note what is drawn next, or what was drawn at a place."""
    context, place = get_script_run_ctx(suppress_warning=True), place or here()
    if context is None or not place:
        return
    notes = st.session_state.setdefault("noted", Noted())
    _begin(notes)
    part = ThreadState.get().fragment_id
    run, written = notes.parts.get(part, (None, {}))
    if run is not context.cursors:
        run, written = context.cursors, {}
        notes.parts[part] = (run, written)
    written[place] = block


def _begin(notes: Noted) -> None:
    """A full run of the script forgets the page before it. Each run has cursors of its own: they tell runs apart."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is not None and not context.fragment_ids_this_run and notes.run is not context.cursors:
        notes.run = context.cursors
        notes.parts.clear()

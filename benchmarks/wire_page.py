"""The page as a browser keeps it: which element stands where, and what of it the latest run has drawn."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pyarrow as pa
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

# Where elements keep words for people; a table's and a chart's data are read by `frames`.
WORDS = {
    "markdown": "body",
    "heading": "body",
    "text": "body",
    "metric": "body",
    "alert": "body",
    "code": "code_text",
    "exception": "message",
}


@dataclass(frozen=True)
class Node:
    """An element or a block of the page, and the run of the script that drew it."""

    kind: str
    body: Any
    run: str
    fragment: str
    script: str
    is_block: bool


@dataclass(kw_only=True)
class Page:
    """The elements by their place; `run`: the run that draws now, `fragments`: those that it runs, if not all."""

    nodes: dict[tuple[int, ...], Node] = field(default_factory=dict)
    run: str = ""
    fragments: frozenset[str] = frozenset()

    def texts(self) -> list[str]:
        """Everything that is said, in reading order: headings, sentences, numbers of cards, messages."""
        return [str(getattr(node.body, WORDS[node.kind])) for _, node in self.in_order() if node.kind in WORDS]

    def metrics(self) -> dict[str, str]:
        """The cards: label → number."""
        return {node.body.label: node.body.body for _, node in self.in_order() if node.kind == "metric"}

    def errors(self) -> list[str]:
        """Exceptions of the script that the page shows."""
        return [f"{node.body.type}: {node.body.message}" for _, node in self.in_order() if node.kind == "exception"]

    def frames(self) -> list[pd.DataFrame]:
        """The data of tables and charts, in reading order."""
        found = []
        for _, node in self.in_order():
            if node.kind in ("dataframe", "table"):
                found.append(node.body.arrow_data.data)
            elif node.kind == "vega_lite_chart":
                found += [named.data.data for named in node.body.datasets]
        return [pa.ipc.open_stream(io.BytesIO(data)).read_pandas() for data in found if data]

    def widgets(self) -> dict[str, Any]:
        """The widgets that stand on the page, by the key that the app gave them."""
        return {key_of(node.body.id): node.body for _, node in self.in_order() if getattr(node.body, "id", "")}

    def draw(self, message: ForwardMsg) -> Node | None:
        """Put an element or a block in its place, and say which; None for what does not last."""
        path, delta = tuple(message.metadata.delta_path), message.delta
        if delta.WhichOneof("type") == "new_transient":
            return None  # a spinner: gone when its work is done
        is_block = delta.HasField("add_block")
        part = delta.add_block if is_block else delta.new_element
        if not is_block:
            self.nodes = {place: node for place, node in self.nodes.items() if place[: len(path)] != path}
        kind = part.WhichOneof("type") or ""
        body = getattr(part, kind) if kind else part
        node = Node(kind, body, self.run, delta.fragment_id, message.metadata.active_script_hash, is_block)
        self.nodes[path] = node
        return node

    def drop_stale(self) -> None:
        """What the last run did not draw again is taken off the page: of its fragments, where only they have run."""
        now, running = self.run, self.fragments
        blocks = {path for path, node in self.nodes.items() if node.fragment in running and node.is_block}

        def is_stale(path: tuple[int, ...], node: Node) -> bool:
            if node.run == now:
                return False
            within = any(path[:depth] in blocks for depth in range(1, len(path) + 1))
            return not running or node.fragment in running or within

        self.nodes = {path: node for path, node in self.nodes.items() if not is_stale(path, node)}

    def in_order(self) -> Iterator[tuple[tuple[int, ...], Node]]:
        """In the order of reading."""
        yield from sorted(self.nodes.items())


def key_of(widget: str) -> str:
    """The app's own key in a widget's id: `$$ID-<hash>-<key>`."""
    return widget.split("-", 2)[2] if widget.count("-") >= 2 else ""

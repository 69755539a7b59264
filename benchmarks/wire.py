"""A visitor of the app without a browser: Streamlit's own messages over a WebSocket, files over HTTP.

A visitor keeps what a browser keeps (the elements of the page, the values of its widgets, the link, messages the server
may refer to again) and draws nothing. So a hundred of them are affordable, and everything that came can be searched.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from benchmarks.wire_http import XSRF_COOKIE, put, xsrf_token
from benchmarks.wire_page import Node, Page, key_of

TAKEN = 204  # the answer to a file that was taken
VALUES = {  # by kind of element: the field of WidgetState that holds its value
    **dict.fromkeys(("slider", "button_number"), "double_array_value"),
    **dict.fromkeys(("selectbox", "radio", "text_input", "text_area"), "string_value"),
    **dict.fromkeys(("button_group", "multiselect", "date_input"), "string_array_value"),
    **dict.fromkeys(("checkbox", "expandable"), "bool_value"),
    "number_input": "double_value",
    "file_uploader": "file_uploader_state_value",
    **dict.fromkeys(("button", "download_button"), "trigger_value"),
}


class WireError(Exception):
    """The server did not answer as a server of the app does."""


@dataclass(frozen=True)
class Taken:
    """What one run of the page took: seconds from the click to its end, to its first change, bytes, messages."""

    seconds: float
    first_seconds: float
    size: int
    messages: int


@dataclass
class Visitor(Page):
    """One session. `received`: every byte that came, where it was asked for."""

    address: str
    socket: ClientConnection
    xsrf: str
    page: str = ""
    link: dict[str, list[str]] = field(default_factory=dict)
    session: str = ""
    keep_bytes: bool = False
    received: list[bytes] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)
    main_script: str = ""
    _script: str = ""
    _values: dict[str, WidgetState] = field(default_factory=dict)
    _cache: dict[str, bytes] = field(default_factory=dict)

    # What is done.

    async def go(self, page: str, **link: str) -> Taken:
        """Open a page by the menu: widgets of the sidebar keep their values, those of the old page go."""
        shell = {getattr(node.body, "id", "") for node in self.nodes.values() if node.script == self.main_script}
        self._values = {name: value for name, value in self._values.items() if name in shell}
        self.link = {key: [value] for key, value in link.items()}
        self.page = page
        return await self._rerun(self.pages.get(page, ""))

    async def set(self, key: str, *values: Any) -> Taken:
        """Set the widget with that key, as a person does: its fragment, or the page, runs again."""
        node = self._widget(key)
        self._remember(node, values)
        if name := getattr(node.body, "query_param_key", ""):
            self.link[name] = [f"{value}" for value in values]
        return await self._rerun(self._script, node.fragment)

    async def click(self, key: str) -> Taken:
        """Press a button."""
        node = self._widget(key)
        self._remember(node, (True,))
        try:
            return await self._rerun(self._script, node.fragment)
        finally:
            del self._values[node.body.id]  # a button is pressed once

    async def upload(self, name: str, content: bytes) -> Taken:
        """Hand a file in at the page's place for files."""
        node = next((node for _, node in self.in_order() if node.kind == "file_uploader"), None)
        if node is None:
            raise WireError("this page takes no files")
        place = await self._place_for(name)
        status = await asyncio.to_thread(put, self.address, self.xsrf, place.upload_url, name, content)
        if status != TAKEN:
            raise WireError(f"the file was refused: {status}")
        state = WidgetState(id=node.body.id)
        state.file_uploader_state_value.uploaded_file_info.add(
            name=name, size=len(content), file_id=place.file_id, file_urls=place
        )
        self._values[node.body.id] = state
        return await self._rerun(self._script, node.fragment)

    async def press(self, key: str) -> None:
        """Press a button and do not wait for what follows."""
        node = self._widget(key)
        self._remember(node, (True,))
        await self.socket.send(self.request(self._script, node.fragment))
        del self._values[node.body.id]

    async def download(self, key: str) -> str:
        """Press a button that makes a file; the address at which the file is."""
        message, wanted = BackMsg(), self._widget(key).body.deferred_file_id
        asked = message.backend_operation_request
        asked.request_id, asked.session_id, asked.deferred_file.file_id = uuid.uuid4().hex, self.session, wanted
        await self.socket.send(message.SerializeToString())
        async for answer in self._messages():
            if answer.WhichOneof("type") == "backend_operation_response":
                told = answer.backend_operation_response
                if not told.deferred_file.url:
                    raise WireError(f"the file was not made: {told.error_msg}")
                return self.address + str(told.deferred_file.url)
        raise WireError("the server hung up")

    async def leave(self, abruptly: bool = False) -> None:
        """Close the tab; `abruptly`: the line is cut without a word."""
        if abruptly:
            self.socket.transport.abort()
            return
        await self.socket.close()

    # The protocol.

    async def first(self) -> Taken:
        """The first run of the page."""
        return await self._rerun("")

    async def _rerun(self, page_hash: str, fragment: str = "") -> Taken:
        await self.socket.send(self.request(page_hash, fragment))
        return await self.finished()

    def request(self, page_hash: str = "", fragment: str = "") -> bytes:
        """The message that runs a page again, or a fragment of it; without a page that which is open."""
        message, page_hash = BackMsg(), page_hash or self._script
        state = message.rerun_script
        state.query_string = urlencode(self.link, doseq=True)
        state.page_script_hash = page_hash
        if not page_hash:
            state.page_name = self.page
        state.fragment_id = fragment
        state.widget_states.widgets.extend(self._values.values())
        state.cached_message_hashes.extend(self._cache)
        state.context_info.timezone, state.context_info.locale = "UTC", "en-GB"
        state.context_info.url = f"{self.address}/{self.page}"
        return bytes(message.SerializeToString())

    async def finished(self) -> Taken:
        """Read until the script has run through; what it asks to run again belongs to it."""
        begin, first, size, messages = time.perf_counter(), 0.0, 0, 0
        async for message in self._messages():
            kind = message.WhichOneof("type")
            messages, size = messages + 1, size + message.ByteSize()
            if kind in ("delta", "ref_hash") and not first:
                first = time.perf_counter() - begin
            if kind == "script_finished" and self._is_over(message):
                return Taken(time.perf_counter() - begin, first, size, messages)
        raise WireError("the server hung up")

    def _is_over(self, message: ForwardMsg) -> bool:
        status = message.script_finished
        if status == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            raise WireError("the script cannot be compiled")
        if status == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return False
        self.drop_stale()
        return True

    async def _messages(self) -> AsyncIterator[ForwardMsg]:
        with contextlib.suppress(ConnectionClosed):
            async for raw in self.socket:
                assert isinstance(raw, bytes)
                if self.keep_bytes:
                    self.received.append(raw)
                message = ForwardMsg.FromString(raw)
                self._take(message, raw)
                yield message

    def _take(self, message: ForwardMsg, raw: bytes) -> None:
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            known = ForwardMsg.FromString(self._cache[message.ref_hash])
            known.metadata.CopyFrom(message.metadata)
            message, kind = known, "delta"
        elif message.metadata.cacheable:
            self._cache[message.hash] = raw
        if kind == "delta":
            node = self.draw(message)
            if node is not None and getattr(node.body, "set_value", False):
                self._remember(node, _told(node.body))
        elif kind == "new_session":
            started = message.new_session
            self.session = started.initialize.session_id or self.session
            self.main_script, self._script = started.main_script_hash, started.page_script_hash
            self.run, self.fragments = (
                message.metadata.run.script_run_id,
                frozenset(message.metadata.run.fragment_ids),
            )
        elif kind == "navigation":
            self.pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
            self._script = message.navigation.page_script_hash or self._script
        elif kind == "page_info_changed":
            self.link = _parsed(message.page_info_changed.query_string)

    def _widget(self, key: str) -> Node:
        for _, node in self.in_order():
            if key_of(getattr(node.body, "id", "")) == key:
                return node
        raise WireError(f"no widget {key!r} on this page: {', '.join(self.widgets())}")

    def _remember(self, node: Node, values: Any) -> None:
        state, name = WidgetState(id=node.body.id), VALUES[node.kind]
        if name.endswith("array_value"):
            getattr(state, name).data.extend(values)
        else:
            setattr(state, name, *values)
        self._values[node.body.id] = state

    async def _place_for(self, name: str) -> Any:
        """Where the server wants the file."""
        message = BackMsg()
        message.file_urls_request.request_id = uuid.uuid4().hex
        message.file_urls_request.file_names.append(name)
        message.file_urls_request.session_id = self.session
        await self.socket.send(message.SerializeToString())
        async for answer in self._messages():
            if answer.WhichOneof("type") == "file_urls_response":
                return answer.file_urls_response.file_urls[0]
        raise WireError("the server hung up")


@asynccontextmanager
async def visit(
    address: str, page: str = "", *, keep_bytes: bool = False, **link: str
) -> AsyncIterator[tuple[Visitor, Taken]]:
    """A session that opens the app by a link, and what its first run took. Leaves at the end."""
    xsrf = await asyncio.to_thread(xsrf_token, address)
    headers = {"Cookie": f"{XSRF_COOKIE}={xsrf}"}
    stream = address.replace("http", "ws", 1) + "/_stcore/stream"
    async with connect(
        stream, origin=Origin(address), additional_headers=headers, max_size=None,
        subprotocols=[Subprotocol("streamlit"), Subprotocol(xsrf)],
        open_timeout=60, ping_interval=None, proxy=None, compression=None,
    ) as socket:  # fmt: skip
        given = {key: [value] for key, value in link.items()}
        visitor = Visitor(address, socket, xsrf, page, given, keep_bytes=keep_bytes)
        yield visitor, await visitor.first()


def _told(widget: Any) -> list[Any]:
    """The value that the server gives a widget."""
    fields = {field.name for field, _ in widget.ListFields()} | {"value"}
    name = next(name for name in ("raw_values", "raw_value", "value") if name in fields)
    value = getattr(widget, name)
    return [value] if isinstance(value, str | bool | float | int) else list(value)


def _parsed(query: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in parse_qsl(query.lstrip("?"), keep_blank_values=True):
        found.setdefault(key, []).append(value)
    return found

"""What a server writes down: one JSON object a line, and nothing that a visitor's files or links could hold.

Exceptions are known by their kind and place: their messages may quote a cell, a file name or a link. Of messages of
other libraries only the text before anything is filled in is kept.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LOGGER = logging.getLogger("comeback")
# Kept of a traceback: the innermost places of this project, then where it ended.
PLACES = 3


class SafeRecord(logging.LogRecord):
    """A record whose text is its JSON, whichever library wrote it and whichever handler prints it."""

    def __init__(
        self,
        name: str,
        level: int,
        pathname: str,
        lineno: int,
        msg: object,
        args: Any,
        exc_info: Any,
        func: str | None = None,
        sinfo: str | None = None,
        **_: Any,
    ) -> None:
        super().__init__(name, level, pathname, lineno, msg, None, None, func, None)
        self._event = _event(name, msg, is_template=bool(args))
        self._failure = failure(exc_info[1]) if isinstance(exc_info, tuple) and exc_info[1] is not None else {}

    def getMessage(self) -> str:
        about = {
            "time": datetime.fromtimestamp(self.created, UTC).isoformat(timespec="milliseconds"),
            "level": self.levelname,
            "logger": self.name,
            "event": self._event,
            "place": _place(Path(self.pathname), self.lineno),
        }
        return json.dumps({**about, **getattr(self, "facts", {}), **self._failure})


def start() -> None:
    """From now on every logger of this process, and every crash, writes safe lines to stderr."""
    logging.setLogRecordFactory(SafeRecord)
    logging.captureWarnings(True)
    sys.excepthook = _note_crash
    threading.excepthook = lambda crash: _note_crash(crash.exc_type, crash.exc_value, crash.exc_traceback)
    sys.unraisablehook = lambda crash: _note_crash(crash.exc_type, crash.exc_value, crash.exc_traceback)
    LOGGER.setLevel(logging.INFO)
    adopt()


def adopt() -> None:
    """One handler for all, in place of those that uvicorn, Streamlit and others have set up until now."""
    names = [name for name, logger in logging.root.manager.loggerDict.items() if isinstance(logger, logging.Logger)]
    for name in names:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("uvicorn.access").disabled = True  # its lines would hold links; `note` writes better ones
    printer = logging.StreamHandler()
    printer.setFormatter(logging.Formatter("%(message)s"))
    logging.root.handlers[:] = [printer]


def note(event: str, level: int = logging.INFO, **facts: Any) -> None:
    """Write down an event of this app. `facts`: numbers and words of this app, never a visitor's."""
    LOGGER.log(level, event, extra={"facts": facts}, stacklevel=2)


def failure(problem: BaseException) -> dict[str, Any]:
    """Kind and place of an exception and of what caused it, innermost first."""
    kinds: list[str] = []
    cause: BaseException | None = problem
    while cause is not None and len(kinds) < PLACES:
        kinds.append(type(cause).__name__)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return {"error": kinds[0], "causes": kinds[1:], "places": _places(problem.__traceback__)}


def _places(trace: TracebackType | None) -> list[str]:
    frames = [(Path(frame.filename), frame.lineno) for frame in reversed(traceback.extract_tb(trace))]
    own = [(path, line) for path, line in frames if _is_own(path)][:PLACES]
    end = [frame for frame in frames[:1] if frame not in own]
    return [_place(path, line) for path, line in [*end, *own]]


def _place(path: Path, line: int | None) -> str:
    """Where in this project, or in which file of a library."""
    return f"{path.relative_to(ROOT) if _is_own(path) else Path(*path.parts[-2:])}:{line}"


def _is_own(path: Path) -> bool:
    return path.is_relative_to(ROOT) and "site-packages" not in path.parts


def _event(name: str, message: object, is_template: bool) -> str:
    """The words of a message that cannot be a visitor's: our own, and templates of others that are yet to be filled."""
    if not isinstance(message, str):
        return type(message).__name__
    return message.strip() if name == LOGGER.name or is_template else "message"


def _note_crash(kind: type[BaseException], problem: BaseException | None, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        about = (kind, problem or kind(), trace)
        LOGGER.critical("crashed", exc_info=about)

"""What an opened data set knows of its customers: their own keys, or pseudonyms and with which secret."""

from __future__ import annotations

import secrets
from pathlib import Path

from pages.shared import hosting

KEY_BYTES = 32
# Known to nobody and gone with the process: pseudonyms of today say nothing about those of tomorrow. Made here, where
# no two visitors can make two of them.
KEY_OF_THIS_PROCESS = secrets.token_bytes(KEY_BYTES)


def pseudonym_key(contents: list[bytes | Path], keeps_keys: bool) -> bytes | None:
    """The secret with which these files are opened; None: their customers stay as they are written.

    They do where their owner wants lists back with them, and on one's own computer, whose files everybody who can see
    the app can read anyway. What a server publishes has pseudonyms, always.
    """
    here = hosting.current()
    on_disk = all(isinstance(content, Path) for content in contents)
    if here.hosted and on_disk:
        return _key()
    return None if keeps_keys or on_disk else _key()


def _key() -> bytes:
    return hosting.current().pseudonym_key or KEY_OF_THIS_PROCESS

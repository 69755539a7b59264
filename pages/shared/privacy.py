"""What an opened data set knows of its customers: their own keys, or pseudonyms and with which secret."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from pathlib import Path

from pages.shared import hosting

KEY_BYTES = 32
# Known to nobody and gone with the process: pseudonyms of today say nothing about those of tomorrow. Made here, where
# no two visitors can make two of them.
KEY_OF_THIS_PROCESS = secrets.token_bytes(KEY_BYTES)


def uses_pseudonyms(contents: Sequence[bytes | Path], keeps_keys: bool) -> bool:
    """Whether the customers of these files are known by pseudonyms, and not as they are written.

    They keep their keys where their owner wants lists back with them, and on one's own computer, whose files everybody
    who can see the app can read anyway. What a server publishes has pseudonyms, always.
    """
    if _on_disk(contents):
        return hosting.current().hosted
    return not keeps_keys


def pseudonym_key(contents: Sequence[bytes | Path]) -> bytes:
    """The secret of the pseudonyms of these files: one for all that is published, one for each upload.

    With one for all, a visitor could hand in a list of numbers or e-mails that may be customers, and read from its
    pseudonyms who the customers of the others are. The same files have the same secret, whatever they are called and
    in whatever order they come: their pseudonyms last as long as the server's own secret.
    """
    purpose = b"published" if _on_disk(contents) else b"upload" + b"".join(sorted(map(_digest, contents)))
    return hmac.digest(hosting.current().pseudonym_key or KEY_OF_THIS_PROCESS, purpose, "sha256")


def _on_disk(contents: Sequence[bytes | Path]) -> bool:
    return all(isinstance(content, Path) for content in contents)


def _digest(content: bytes | Path) -> bytes:
    return hashlib.sha256(content if isinstance(content, bytes) else str(content.resolve()).encode()).digest()

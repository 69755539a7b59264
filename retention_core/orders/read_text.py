"""Bytes to text: finds a file's encoding and writes its text as UTF-8 with plain newlines, in pieces of whole lines."""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from retention_core.orders import read_kinds
from retention_core.orders.errors import OrdersError
from retention_core.orders.read_parts import Job

CHUNK = 1024 * 1024
ENCODINGS = (
    *("utf-8", "utf-16"),
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1257"),
    *("iso8859-1", "iso8859-2", "iso8859-5", "iso8859-15"),
    *("koi8-r", "cp866", "cp852", "mac-roman", "mac-cyrillic"),
    *("shift_jis", "gb18030", "big5", "euc_kr"),
)
_BOMS = (  # those of UTF-32 first: they begin like those of UTF-16
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = bytes(set(range(1, 32)) - set(b"\t\n\v\f\r\x1a\x1b"))
_HIGH = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*[\r\n]*")


@dataclass(frozen=True)
class Text:
    """A decoded file: pieces of UTF-8 text, together `lines` lines, each ended by a newline except perhaps the last."""

    pieces: tuple[Path, ...]
    lines: int
    encoding: str
    notes: tuple[str, ...]


class _Unpacking(gzip.GzipFile):
    """The bytes of a gzip file. OrdersError on a damaged one, or one that unpacks to suspiciously much."""

    def __init__(self, path: Path, job: Job) -> None:
        super().__init__(path, "rb")
        self.job, self.packed, self.unpacked = job, path.stat().st_size, 0

    def read(self, size: int | None = -1) -> bytes:
        try:
            chunk = super().read(size)
        except (EOFError, gzip.BadGzipFile, zlib.error) as problem:
            cause = f"the compressed file is damaged or cut off after {self.unpacked:,} bytes"
            raise OrdersError(self.job.name, cause, "export or download it again") from problem
        self.unpacked += len(chunk)
        caps = self.job.caps
        if self.unpacked > caps.gzip_free_bytes and self.unpacked > caps.gzip_ratio * self.packed:
            raise OrdersError(
                self.job.name,
                f"the compressed file unpacks to more than {self.unpacked // self.packed:,} times its size",
                "unpack it yourself, and open the text file if it really is that large",
            )
        if self.unpacked > caps.decoded_bytes:
            raise _too_much_text(self.job)
        return chunk


def opened(path: Path, job: Job) -> BinaryIO:
    """The bytes of a file; those of a gzip file as they unpack, so that they never lie on disk beside their text."""
    return _Unpacking(path, job) if is_packed(path) else path.open("rb")  # type: ignore[return-value] # reads as a file


def is_packed(path: Path) -> bool:
    """Whether this is a gzip file."""
    return read_kinds.start_of(path, len(read_kinds.GZIP)) == read_kinds.GZIP


def head(path: Path, job: Job) -> bytes:
    """The first bytes of a file, or of what a gzip file holds."""
    with opened(path, job) as source:
        return source.read(CHUNK)


def unpack(path: Path, target: Path, job: Job) -> None:
    """Writes what a gzip file holds into `target`, for who reads it here and there."""
    with opened(path, job) as source, target.open("wb") as sink:
        while chunk := source.read(CHUNK):
            sink.write(chunk)
            job.progress(0, None)


def _too_much_text(job: Job) -> OrdersError:
    cause = f"the file holds more than {job.caps.decoded_bytes // 1024**2:,} MB of text"
    return OrdersError(job.name, cause, "split it by date and open the parts you need, or save it as Parquet")


def decode(path: Path, folder: Path, encoding: str | None, job: Job) -> Text:
    """Text of the file at `path`, unpacked if need be, written into `folder`.

    OrdersError where the bytes are no text in that encoding.
    """
    if encoding is not None:
        return _decode_as_told(path, folder, encoding, job)
    start = head(path, job)[: read_kinds.START]
    marked = _marked_encoding(start)
    if marked:
        return _decode_as_told(path, folder, marked, job)
    if not _looks_like_text(start):
        advice = "export the orders as CSV, Excel (.xlsx) or Parquet and open that"
        raise OrdersError(job.name, "this is a binary file, not a table", advice)
    try:
        return _Writer(path, folder, "utf-8", job).write()
    except UnicodeDecodeError:
        return _decode_by_guess(path, folder, job)


def _looks_like_text(start: bytes) -> bool:
    """Few control characters, and no NULs but stray ones."""
    control = len(start) - len(start.translate(None, _CONTROL))
    return control <= 0.02 * len(start) and start.count(0) <= 0.3 * len(start)


def _marked_encoding(start: bytes) -> str | None:
    for mark, encoding in _BOMS:
        if start.startswith(mark):
            return encoding
    even, odd = start[0:4096:2].count(0), start[1:4096:2].count(0)
    half = max(1, len(start[:4096]) // 2)
    if odd > 0.3 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.3 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _decode_as_told(path: Path, folder: Path, encoding: str, job: Job) -> Text:
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise OrdersError(
            job.name, f"{encoding!r} is no encoding that is known here", "choose one of the list"
        ) from None
    writer = _Writer(path, folder, encoding, job)
    try:
        return writer.write()
    except UnicodeDecodeError as problem:
        line = writer.lines + problem.object[: problem.start].decode(encoding, "ignore").count("\n") + 1
        raise OrdersError(
            job.name, f"this line is no text in the encoding {_plain(encoding)}", "choose another encoding", line
        ) from None
    except UnicodeError:
        raise OrdersError(
            job.name, f"the file is no text in the encoding {_plain(encoding)}", "choose another encoding"
        ) from None


def _decode_by_guess(path: Path, folder: Path, job: Job) -> Text:
    sample = _telling_lines(path, job)
    damaged = [line for line in sample if not _is_utf8(line)]
    if len(damaged) <= 0.05 * len(sample):
        return _Writer(path, folder, "utf-8", job, errors="replace").write()
    import chardet

    guesses = chardet.detect_all(b"".join(sample), prefer_superset=True, compat_names=False)
    table = [_first_line(path, job), *sample]
    for encoding in dict.fromkeys([*(guess["encoding"] for guess in guesses), "cp1252", "iso8859-1"]):
        try:
            if encoding is None or _breaks(table, encoding):
                continue
            text = _Writer(path, folder, encoding, job).write()
        except (UnicodeError, LookupError):
            continue
        note = f"The encoding {text.encoding} is a guess: check that names and towns look right, or choose another one"
        return Text(text.pieces, text.lines, text.encoding, (*text.notes, note))
    raise AssertionError("iso8859-1 decodes every byte")


def _first_line(path: Path, job: Job) -> bytes:
    with opened(path, job) as source:
        return re.split(rb"[\r\n]", source.readline(4096), maxsplit=1)[0]


def _breaks(table: list[bytes], encoding: str) -> bool:
    """Whether a guess cannot be: it has other bytes for ASCII, or ate the bars between columns as half a character."""
    if b"A1,;|".decode(encoding) != "A1,;|":
        return True
    before = {line.count(b"|") for line in table}
    return len(before) == 1 and before != {line.decode(encoding, "ignore").count("|") for line in table}


def _telling_lines(path: Path, job: Job, enough: int = 64 * 1024) -> list[bytes]:
    """The first lines with bytes outside ASCII, wherever in the file they stand: only they tell encodings apart."""
    lines: list[bytes] = []
    size = 0
    with opened(path, job) as source:
        rest = b""
        while chunk := source.read(CHUNK):
            chunk = rest + chunk
            cut = max(chunk.rfind(b"\n"), chunk.rfind(b"\r")) + 1 or len(chunk)
            rest = chunk[cut:]
            for match in _HIGH.finditer(chunk[:cut]):
                lines.append(match[0][:4096])
                size += len(lines[-1])
                if size > enough:
                    return lines
    lines.extend(match[0][:4096] for match in _HIGH.finditer(rest))
    return lines


def _is_utf8(line: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(line)
    except UnicodeDecodeError:
        return False
    return True


def _plain(encoding: str) -> str:
    name = codecs.lookup(encoding).name
    return {"utf-8-sig": "utf-8", "utf-16-le": "utf-16", "utf-16-be": "utf-16"}.get(name, name)


class _Writer:
    """Decodes one file once; a new one is made for each encoding that is tried."""

    def __init__(self, path: Path, folder: Path, encoding: str, job: Job, errors: str = "strict") -> None:
        self.path, self.folder, self.encoding, self.job, self.errors = path, folder, encoding, job, errors
        self.lines = 0
        self.written = 0
        self.nuls = 0
        self.replaced = 0
        self.pieces: list[Path] = []

    def write(self) -> Text:
        sink: BinaryIO | None = None
        open_line = False
        filled = 0
        try:
            for text in self._texts():
                data = text.encode("utf-8")
                if sink is None or (filled > self.job.caps.piece_bytes and b"\n" in data):
                    cut = data.find(b"\n") + 1 if sink else 0
                    if sink:
                        sink.write(data[:cut])
                        sink.close()
                    sink = self._next_piece()
                    sink.write(data[cut:])
                    filled = len(data) - cut
                else:
                    sink.write(data)
                    filled += len(data)
                self._count(data)
                open_line = not data.endswith(b"\n")
        finally:
            if sink:
                sink.close()
        return Text(tuple(self.pieces), self.lines + open_line, _plain(self.encoding), self._notes())

    def _next_piece(self) -> BinaryIO:
        self.pieces.append(self.folder / f"text{len(self.pieces):04}.csv")
        return self.pieces[-1].open("wb")

    def _count(self, data: bytes) -> None:
        self.lines += data.count(b"\n")
        self.written += len(data)
        if self.written > self.job.caps.decoded_bytes:
            raise _too_much_text(self.job)
        self.job.progress(self.lines, None)

    def _texts(self) -> Iterator[str]:
        """The file's text without NULs, with every newline written as LF."""
        decoder = codecs.getincrementaldecoder(self.encoding)(self.errors)
        held = ""  # a CR at the end of a chunk may be the first half of a CRLF
        with opened(self.path, self.job) as source:
            final = False
            while not final:
                chunk = source.read(CHUNK)
                final = not chunk
                text = held + decoder.decode(chunk, final)
                held = "\r" if text.endswith("\r") and not final else ""
                if held:
                    text = text[:-1]
                if "\0" in text:
                    self.nuls += text.count("\0")
                    text = text.replace("\0", "")
                if self.errors == "replace":
                    self.replaced += text.count("\ufffd")
                if "\r" in text:
                    text = text.replace("\r\n", "\n").replace("\r", "\n")
                if text:
                    yield text

    def _notes(self) -> tuple[str, ...]:
        notes = []
        if self.nuls:
            notes.append(f"{self.nuls:,} NUL characters, which stand for nothing, were removed")
        if self.replaced:
            notes.append(
                f"{self.replaced:,} damaged characters were replaced by \ufffd: the file is utf-8 but for them"
            )
        return tuple(notes)

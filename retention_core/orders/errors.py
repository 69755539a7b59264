"""What can go wrong with an order file, said so that its owner can act."""

from __future__ import annotations


class OrdersError(Exception):
    """A file that cannot be read as orders: which file, which line, why, and what to do about it."""

    def __init__(self, file: str, cause: str, advice: str, line: int | None = None) -> None:
        self.file = file
        self.cause = cause
        self.advice = advice
        self.line = line
        super().__init__(file, cause, advice, line)

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file} line {self.line}"
        return f"{place}: {self.cause}. Do: {self.advice}."


class HoldsContracts(OrdersError):  # noqa: N818 - no error of the file: it is another kind of file
    """The file is a list of contracts: `contracts.opening` reads it as the `layout`."""

    def __init__(self, file: str, layout: str) -> None:
        super().__init__(
            file, "this looks like a table of contracts, not orders", "open it by itself, with rc.open_contracts"
        )
        self.layout = layout


class TooManyRows(OrdersError):  # noqa: N818 - an OrdersError by its base
    """The files have more rows than are opened here, whatever they hold."""


class Cancelled(Exception):  # noqa: N818 - no error: the user asked for it
    """Raised by a progress callback to stop the reading; nothing is left behind."""

"""Words that stand in order files: what a status means, what is no customer, what is a line of totals. One place."""

from __future__ import annotations

from collections.abc import Mapping


def _words(text: str) -> tuple[str, ...]:
    return tuple(" ".join(word.split()) for word in text.split(","))


# What a status word means, lower case. "good" = an order. A word that is in none of the rows is kept and noted.
STATUSES: Mapping[str, tuple[str, ...]] = {
    "good": _words(
        """
        completed, complete, paid, fulfilled, delivered, shipped, processing, invoiced, approved, closed,
        succeeded, success, successful, captured, authorized, partially_paid, partially paid, done,
        finished, in transit, ready, confirmed, accepted, sent, settled, ok, new order, partially_fulfilled,
        partially_refunded, partially refunded, partial refund, выполнен, выполнена, доставлен, доставлена,
        оплачен, оплачена, отправлен, отгружен, завершен, завершён, принят, в обработке, подтвержден,
        подтверждён, готов к выдаче, получен, частичный возврат, abgeschlossen, bezahlt, versendet,
        geliefert, in bearbeitung, erledigt, dokončeno, vyřízeno, zaplaceno, odesláno, doručeno,
        zrealizowane, opłacone, wysłane, dostarczone, изпълнена, платена, доставена, completada, completado,
        pagado, terminée, payée, completato
        """
    ),
    "refunded": _words(
        """
        refunded, refund, fully refunded, returned, chargeback, charged back, возврат, возвращен, возвращён,
        возвращена, erstattet, rückerstattet, zurückerstattet, vráceno, zwrócone, zwrot, remboursée,
        reembolsado, rimborsato, възстановена, върната
        """
    ),
    "cancelled": _words(
        """
        cancelled, canceled, cancel, voided, void, unavailable, declined, rejected, deleted, trash, отменен,
        отменён, отменена, отмена, аннулирован, отклонен, отклонён, удален, удалён, storniert, abgebrochen,
        abgelehnt, zrušeno, stornováno, anulowane, anulowano, annulée, cancelado, annullato, отказана,
        анулирана
        """
    ),
    "failed": _words(
        """
        failed, failure, payment failed, payment error, error, blocked, expired, uncaptured, ошибка, ошибка
        оплаты, не оплачен, fehlgeschlagen, fehler, selhalo, nieudane, échouée, fallido, неуспешна,
        неуспешно
        """
    ),
    "pending": _words(
        """
        pending, pending payment, pending_payment, awaiting payment, on hold, on-hold, onhold, unpaid,
        draft, checkout draft, checkout-draft, incomplete, open, requires_payment_method, requires_action,
        created, ожидает оплаты, ожидание оплаты, ожидает, черновик, неоплачен, в ожидании, ausstehend,
        entwurf, zahlung ausstehend, in wartestellung, unbezahlt, čeká na platbu, oczekujące, oczekuje na
        płatność, en attente, brouillon, pendiente, borrador, in attesa, bozza, изчакваща, чернова
        """
    ),
    "test": _words(
        """
        test, test order, testing, тест, тестовый, testbestellung
        """
    ),
}

TOTAL_WORDS = _words(
    "total, totals, grand total, sum, subtotal, summe, gesamt, итого, всего, celkem, razem, suma, общо"
)
TEST_WORDS = _words("true, t, yes, y, 1, test, да, ja, ano, tak, oui, si, sí")
# Any other word of a column of consent is no "yes", so nobody is written to because of it.
AGREED_WORDS = TEST_WORDS + _words(
    """
    subscribed, opted in, opt-in, opt_in, optin, single_opt_in, confirmed_opt_in, granted, agreed, accepted, confirmed,
    allowed, consented, active, подписан, подписана, согласен, согласна, zugestimmt, angemeldet, abonniert, souhlasí,
    zgoda, abonné, suscrito, iscritto, съгласен, съгласна
    """
)
NO_CUSTOMER_WORDS = (
    "",
    *_words("nan, null, none, n/a, na, -, guest, guest customer, anonymous, гость, gast, host, гост"),
)


def literals(values: tuple[str, ...]) -> str:
    """Words of this module as SQL text literals."""
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)


def in_any_case(values: tuple[str, ...]) -> tuple[str, ...]:
    """The words in small letters, in capitals and as titles: compared without calling a function on each row."""
    forms = (form for word in values for form in (word, word.upper(), word.capitalize(), word.title()))
    return tuple(dict.fromkeys((*forms, "NaN")))


def is_any(column: str, values: tuple[str, ...]) -> str:
    """SQL: the bare column is one of the words. Plain comparisons: IN would be a join on every row of a large file."""
    return "(" + " OR ".join(f"{column} = {literals((value,))}" for value in values) + ")"


def contains(values: tuple[str, ...], text: str) -> str:
    """SQL: the text, in small letters, is one of the words; computed once, where it is asked for."""
    return f"list_contains([{literals(values)}], lower({text}))"


def meanings_sql() -> str:
    """SQL: one row per status word, with its meaning."""
    rows = ", ".join(f"({literals((word, meaning))})" for meaning, values in STATUSES.items() for word in values)
    return f"(VALUES {rows}) AS meanings (word, meaning)"

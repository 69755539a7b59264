"""Figures and sentences for people."""

from datetime import date

import pytest

from retention_core.say import between, compact, day, money, month, number, percent, say, speak

SPACE = " "


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.183, "18 %"), (0.0183, "1.8 %"), (0, "0 %"), (1.04, "104 %"), (None, "–"), (float("nan"), "–")],
)
def test_percent(share: float | None, text: str) -> None:
    assert percent(share).replace("\u00a0", SPACE) == text


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        (17431533.178, "GBP", "£17,431,533"),
        (12.5, "EUR", "€12.50"),
        (-5, "EUR", "-€5.00"),
        (12.5, None, "12.50"),
        (None, "EUR", "–"),
    ],
)
def test_money(value: float | None, currency: str | None, text: str) -> None:
    assert money(value, currency) == text


def test_numbers_and_days() -> None:
    assert number(1234567) == "1,234,567" and number(2.345, 1) == "2.3" and number(None) == "–"
    assert compact(17_431_533) == "17.4M"
    assert (day(date(2026, 3, 9)), month(date(2026, 3, 1))) == ("9 Mar 2026", "Mar 2026")


def test_an_interval_says_its_unit_once() -> None:
    assert between(percent(0.17), percent(0.19)) == "17–19 %"


def test_a_sentence_is_its_own_key_and_takes_values() -> None:
    assert say("{n} customers came back.", n=3) == "3 customers came back."


def test_another_language_changes_figures_and_an_unknown_one_is_english() -> None:
    speak("de")
    assert number(1234.5, 1) == "1.234,5"
    speak("no such language")
    assert number(1234.5, 1) == "1,234.5"
    speak("en")

"""Figures and sentences for people."""

from datetime import date

import pytest

from retention_core.say import between, compact, compact_money, day, money, month, number, percent, say, speak

SPACE = " "


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.183, "18 %"),
        (0.0183, "1.8 %"),
        (0, "0 %"),
        (1.04, "104 %"),
        (None, "–"),
        (float("nan"), "–"),
        (0.994, "99 %"),
        (0.995, "99.5 %"),
        (0.9999, "99.9 %"),
        (1, "100 %"),
        (1 - 1e-15, "100 %"),
        (1.002, "100 %"),
        (0.0006, "0.1 %"),
        (0.0002, "<0.1 %"),
        (1e-18, "0 %"),
        (-0.0183, "−1.8 %"),
        (-0.0001, "0.0 %"),
        (1e30, "1e+32 %"),
    ],
)
def test_percent(share: float | None, text: str) -> None:
    assert percent(share).replace("\u00a0", SPACE) == text


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        (17431533.178, "GBP", "£17,431,533"),
        (12.5, "EUR", "€12.50"),
        (-5, "EUR", "−€5.00"),
        (12.5, None, "12.50"),
        (None, "EUR", "–"),
    ],
)
def test_money(value: float | None, currency: str | None, text: str) -> None:
    assert money(value, currency) == text


def test_a_share_with_given_decimals_is_never_rounded_to_all_or_none() -> None:
    assert [percent(share, 1) for share in (0.9996, 0.0004, 1.0, 0.0)] == ["99.9 %", "<0.1 %", "100.0 %", "0.0 %"]
    assert percent(0.99996, 2) == "99.99 %" and percent(0.997, 0) == "99 %"


@pytest.mark.parametrize("value", [1e15, -1e30, 1e300, float("inf")])
def test_no_figure_is_too_large_to_be_said(value: float) -> None:
    for words in (number(value), compact(value), money(value, "EUR"), money(value, None), compact_money(value, "EUR")):
        assert len(words) < 16 and words.endswith(("e+15", "e+30", "e+300", "inf"))


def test_figures_below_nothing_have_one_minus_sign_and_nought_has_none() -> None:
    assert (number(-5.5, 1), compact(-5000), compact_money(-2700, "EUR")) == ("−5.5", "−5K", "−€2.7K")
    assert (number(-0.4), money(-0.001, "EUR"), percent(-0.0)) == ("0", "€0.00", "0 %")


def test_numbers_and_days() -> None:
    assert number(1234567) == "1,234,567" and number(2.345, 1) == "2.3" and number(None) == "–"
    assert compact(17_431_533) == "17.4M"
    assert (day(date(2026, 3, 9)), month(date(2026, 3, 1))) == ("9 Mar 2026", "Mar 2026")


def test_an_interval_says_its_unit_once() -> None:
    assert between(percent(0.17), percent(0.19)) == "17–19 %"


def test_the_dash_of_an_interval_is_no_minus() -> None:
    assert between(percent(-0.014, 1), percent(0.014, 1)) == "−1.4 to 1.4 %"
    assert between(money(-837, None, 0), money(-202, None, 0)) == "−837 to −202"
    assert between(compact_money(-169, "EUR"), compact_money(2700, "EUR")) == "−€169 to €2.7K"


def test_a_sentence_is_its_own_key_and_takes_values() -> None:
    assert say("{n} customers came back.", n=3) == "3 customers came back."


def test_another_language_changes_figures_and_an_unknown_one_is_english() -> None:
    speak("de")
    assert number(1234.5, 1) == "1.234,5"
    speak("no such language")
    assert number(1234.5, 1) == "1,234.5"
    speak("en")

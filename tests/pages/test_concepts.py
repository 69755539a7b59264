"""Examples and figures in the texts of the glossary are what the program itself would say."""

from __future__ import annotations

from pages.shared.concepts import CONCEPTS
from retention_core.contracts.keeping import LARGE_MISS
from retention_core.forecasts.customers import GONE, SAFE
from retention_core.goals.goal import SPREAD
from retention_core.say import number, percent

BY_KEY = {concept.key: concept for concept in CONCEPTS}


def test_every_entry_has_a_key_of_its_own_and_says_where_it_is_shown_or_what_more_there_is() -> None:
    assert len(BY_KEY) == len(CONCEPTS)
    assert all(concept.definition.endswith(".") and concept.more for concept in CONCEPTS)


def test_figures_of_the_texts_are_those_of_the_program() -> None:
    assert percent(1 - (1 - 0.10) * (1 - 0.5 * 0.04), 1).replace("\u00a0", " ") in BY_KEY["lever"].more
    assert f"more than {number(100 * LARGE_MISS)} of 100" in BY_KEY["contracts"].more
    sure = BY_KEY["standing"].definition
    assert f"{SAFE:.0%}".replace("%", " %") in sure and f"{GONE:.0%}".replace("%", " %") in sure
    assert all(f"{percent(share)} of it for {grade}" in BY_KEY["evidence"].more for grade, share in SPREAD.items())

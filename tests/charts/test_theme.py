"""What all pictures share: their figures in words."""

import pandas as pd

from retention_core.charts.theme import in_words
from retention_core.say import number, percent


def test_a_share_in_a_picture_reads_as_it_does_in_a_sentence() -> None:
    """A table rounds before it puts into words: that makes neither all of nearly all nor none of a few."""
    shares = [0.0, 0.0002, 0.0006, 0.0183, 0.183, 0.994, 0.9961, 0.9999, 1.0, 1.04, -0.014]
    assert in_words(pd.Series(shares), percent, 3).tolist() == [percent(share) for share in shares]


def test_other_figures_are_rounded_once() -> None:
    assert in_words(pd.Series([1.4, 1.6]), number, 0).tolist() == ["1", "2"]

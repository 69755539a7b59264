"""Tables of a page as people read them: numbers carry their words beside them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
from streamlit.testing.v1 import AppTest


def read(app: AppTest) -> list[pd.DataFrame]:
    """The tables that scroll and sort, in words, in the order of the page. What is not known is a dash."""
    return [_in_words(part) for part in app.dataframe]


def _in_words(part: Any) -> pd.DataFrame:
    sent, numbers = part.proto.arrow_data, part.value
    if not sent.HasField("styler"):
        return pd.DataFrame(numbers)
    words = pa.ipc.open_stream(sent.styler.display_values).read_pandas()
    return pd.DataFrame(words.mask(numbers.isna(), part.proto.placeholder))

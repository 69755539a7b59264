"""The least that Streamlit can do: a slider, a sentence, and a chart of as many points as the fan of the Goals page."""

import pandas as pd
import streamlit as st

MONTHS = 24

st.set_page_config(layout="wide")
share = st.slider("Share", 0.0, 1.0, 0.5, 0.05, key="share")
months = pd.date_range("2026-01-01", periods=MONTHS, freq="MS")
st.write(f"{share:.0%} of them come back.")
st.line_chart(pd.DataFrame({"month": months, "past": 0.5, "before": 0.4, "after": share}), x="month")

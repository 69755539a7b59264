"""What counts as the same answer to one of the six analyses."""

import numpy as np
import pandas as pd

from benchmarks.analyses import Analysis

TOLERANCE = 1e-9  # relative; sums of ten million doubles differ by the order in which they are added


def comparable(analysis: Analysis, answer: pd.DataFrame) -> pd.DataFrame:
    """The compared columns of an answer: rows in the order of their keys, days as text, counts as integers."""
    frame = answer.loc[:, analysis.columns].reset_index(drop=True)
    if "active_customers" in frame:
        frame = frame[frame["active_customers"] > 0]  # we give an empty cell as a true 0, a GROUP BY gives none
    for key in analysis.keys:
        if frame[key].dtype.kind == "M" or key in ("cohort", "period"):
            frame[key] = pd.to_datetime(frame[key]).dt.strftime("%Y-%m-%d")
    whole = {column: "int64" for column in (*analysis.keys, *analysis.counts) if frame[column].dtype.kind in "iuf"}
    real = dict.fromkeys(analysis.measures, "float64")
    return frame.astype(whole | real).sort_values(list(analysis.keys), ignore_index=True)


def difference(analysis: Analysis, one: pd.DataFrame, other: pd.DataFrame) -> str | None:
    """None when both answers are the same in every cell, otherwise the first thing that differs, in words."""
    one, other = comparable(analysis, one), comparable(analysis, other)
    if len(one) != len(other):
        return f"{analysis.name}: {len(one):,} rows and {len(other):,} rows"
    for column in analysis.columns:
        left, right = one[column].to_numpy(), other[column].to_numpy()
        same = np.isclose(left, right, rtol=TOLERANCE, equal_nan=True) if column in analysis.measures else left == right
        if not same.all():
            row = int(np.argmin(same))
            key = ", ".join(f"{name} {one[name][row]}" for name in analysis.keys)
            return f"{analysis.name}: {column} is {left[row]} and {right[row]} at {key}"
    return None

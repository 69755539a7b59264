"""Files of contracts → `Contracts`: the same reader as for orders, a rule for every row that cannot count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retention_core.contracts.matching import ADVICE, Table, check_together, column_name, match, readings
from retention_core.contracts.record import RULE, RULES, Contracts, term_months
from retention_core.engines import duckdb as engine
from retention_core.limits import NO_LIMITS, Limits
from retention_core.orders import pseudonyms, values, words
from retention_core.orders.errors import OrdersError
from retention_core.orders.faults import opened_for
from retention_core.orders.match import value_questions
from retention_core.orders.names import PERSONAL
from retention_core.orders.questions import Answers, NeedsAnswers, Option, Question
from retention_core.orders.read import read_all
from retention_core.orders.recognise import header_key

if TYPE_CHECKING:
    import pandas as pd

    from retention_core.orders.read_parts import Part

MOST_GROUPS = 12  # a column with more different values than this says nothing of groups
TERM_NAMES = ("contract", "term", "interval", "billing", "plan", "period")
LEAST_SHARED = 5  # customers to a value: what fewer share may be the name of somebody
YES_NO_UNKNOWN = 3  # "Phone service" may be a group, "Phone" may not
# Ends so much later than the last start: a list followed to its last day, or ends that are still to come?
UNCLEAR_DAYS = 45


def open_contracts(
    paths: str | Path | Sequence[str | Path],
    *,
    as_of: str | date | datetime | None = None,
    names: Sequence[str] | None = None,
    progress: Callable[[int, int | None], None] | None = None,
    pseudonym_key: bytes | None = None,
    limits: Limits = NO_LIMITS,
    **answers: Any,
) -> Contracts:
    """Open a list of contracts: tenure in months and churned, or the days of start and end.

    `as_of` is the moment up to which contracts with days are looked at (default: just after the last day in the file).
    `answers` are fields of `orders.Answers`; `mapping` names the columns of unknown headers: customer_id, and either
    months_kept and churned, or started_on and ended_on; and monthly_amount. With a `pseudonym_key` customers are
    known by pseudonyms (`orders.pseudonyms`), and columns that may name somebody make no groups. Raises `NeedsAnswers`
    where the file leaves open something that changes numbers, and `OrdersError`, which names file, line, cause and
    what to do.
    """
    told = Answers(**answers, as_of=None if as_of is None else datetime.fromisoformat(str(as_of)))
    secret = None if pseudonym_key is None else pseudonyms.paddings(pseudonym_key)
    files = [Path(path) for path in ([paths] if isinstance(paths, str | Path) else paths)]
    with opened_for(files, names, limits) as connection:
        parts = read_all(connection, files, told, names=names, progress=progress, limits=limits)
        tables = [match(part, told) for part in parts]
        check_together(tables)
        staged = [_staged(connection, table, told, secret) for table in tables]
    opened = _assemble(staged, tables, told)
    if secret is not None:
        opened = replace(opened, groups=_without_personal(opened), has_pseudonyms=True)
    return replace(opened, parts=tuple(map(pseudonyms.without_text, opened.parts)))


def _staged(
    connection: engine.Connection, table: Table, told: Answers, secret: pseudonyms.Paddings | None
) -> pd.DataFrame:
    """One row per row of the table, in text and days: part, line, customer, the fields, is_again, g_<column number>."""
    part = table.part
    dates, moneys = readings(connection, table, told)
    if questions := value_questions(part, dates, moneys):
        raise NeedsAnswers(questions)
    cells = ["line"]
    for field, number in table.columns.items():
        column, kind = column_name(number), part.types[number]
        text = values.id_sql(column, kind) if field == "customer_id" else values.text_sql(column, kind)
        if field == "customer_id" and secret is not None:
            text = pseudonyms.sql(text)
        if field == "consent":
            text = f"CASE WHEN {text} IS NOT NULL THEN {words.contains(words.AGREED_WORDS, text)} END"
        cells.append(f"{text} AS {field}")
        if field in dates:
            cells.append(f"CAST({dates[field].of(column)} AS DATE) AS {field}_day")
        if field in moneys:
            cells.append(f"CAST({moneys[field].of(column)} AS DOUBLE) AS {field}_value")
    every = ", ".join(column_name(number) for number in range(len(part.columns)))
    cells.append(f"row_number() OVER (PARTITION BY {every} ORDER BY line) > 1 AS is_again")
    used = set(table.columns.values())
    cells += [
        f"{values.text_sql(column_name(number), part.types[number])} AS g_{number}"
        for number in _with_few_values(connection, part)
        if number not in used
    ]
    query = f"SELECT {', '.join(cells)} FROM {part.relation} ORDER BY line"
    staged = connection.execute(query, secret or {}).df()
    return staged.rename(columns={f"g_{number}": f"group {name}" for number, name in enumerate(part.columns)})


def _with_few_values(connection: engine.Connection, part: Part) -> list[int]:
    counts = ", ".join(f"approx_count_distinct({column_name(number)})" for number in range(len(part.columns)))
    found = connection.execute(f"SELECT {counts} FROM {part.relation}").fetchall()[0]
    return [number for number, count in enumerate(found) if 1 <= count <= MOST_GROUPS]


def _assemble(staged: Sequence[pd.DataFrame], tables: Sequence[Table], told: Answers) -> Contracts:
    import pandas as pd

    from retention_core.contracts.months import by_days, by_months

    layout = tables[0].layout
    frame = pd.concat([rows.assign(part=place) for place, rows in enumerate(staged)], ignore_index=True)
    observed_on = _observed_on(frame, tables[0].part.name, told) if layout.key == "contract_days" else None
    frame = by_days(frame, observed_on) if observed_on else by_months(frame)
    frame.loc[frame["is_again"] & frame["rule"].eq("kept"), "rule"] = "exact_duplicate"
    if "monthly_amount_value" not in frame:
        frame["monthly_amount_value"] = float("nan")
    frame["consent"] = _consents(frame)
    kept = frame[frame["rule"].eq("kept")].reset_index(drop=True)
    if kept.empty:
        raise _nothing_left(frame, tables)
    groups = _groups(kept)
    rows = pd.DataFrame(
        {
            "customer": kept["customer_id"].astype("string"),
            "months": kept["months"].astype("int64"),
            "is_lost": kept["is_lost"].astype(bool),
            "amount": kept["monthly_amount_value"].astype(float),
            "started_on": pd.to_datetime(kept["started_on_day"]) if observed_on else pd.NaT,
            "ended_on": pd.to_datetime(kept["ended_on_day"]) if observed_on else pd.NaT,
            "consent": kept["consent"],
        }
    )
    terms = _terms(groups)
    groups = groups[[name for name in groups if name == terms or groups[name].nunique() > 1]]
    return Contracts(
        rows, groups, terms, _ledger(frame, tables), layout.key, layout.title,
        tuple(table.part for table in tables), observed_on, told.currency,
        tells_consent=bool(frame["consent"].notna().any()),
    )  # fmt: skip


def _consents(frame: pd.DataFrame) -> pd.Series:
    """What the rows tell of the consent of each one's customer: no, where any says no; also rows that do not count."""
    import pandas as pd

    if "consent" not in frame:
        return pd.Series(pd.NA, frame.index, dtype="boolean")
    told = frame["consent"].astype("boolean")
    return told.groupby(frame["customer_id"]).transform("min")


def _observed_on(frame: pd.DataFrame, file: str, told: Answers) -> date:
    """The last day that is looked at. Raises NeedsAnswers where ends may be days that are still to come."""
    if told.as_of is not None:
        return (told.as_of - timedelta(microseconds=1)).date()
    import pandas as pd

    start, end = pd.Timestamp(frame["started_on_day"].max()), pd.Timestamp(frame["ended_on_day"].max())
    if pd.isna(start):
        return date(1970, 1, 1)
    if pd.isna(end) or end <= start:
        return date(start.year, start.month, start.day)
    if (end - start).days > UNCLEAR_DAYS:
        options = tuple(
            Option(f"{(day + timedelta(days=1)):%Y-%m-%d}", label, what)
            for day, label, what in (
                (end, f"{end:%-d %B %Y}, the last end", "all these contracts have ended"),
                (start, f"{start:%-d %B %Y}, the last start", "ends after it are still to come: those contracts run"),
            )
        )
        why = f"The last contract begins on {start:%-d %B %Y}, but the last end is {end:%-d %B %Y}"
        raise NeedsAnswers([Question("as_of", "Up to which day does the list tell what happened?", options, why, file)])
    return date(end.year, end.month, end.day)


def _nothing_left(frame: pd.DataFrame, tables: Sequence[Table]) -> OrdersError:
    if frame.empty:
        return OrdersError(tables[0].part.name, "the table has column names but no rows", "export the contracts again")
    rule = str(frame["rule"].mode().iloc[0])
    first = frame[frame["rule"].eq(rule)].iloc[0]
    sentence = RULE[rule].sentence
    cause = f"no contract can be counted. Most often: {sentence[0].lower()}{sentence[1:]}"
    return OrdersError(tables[int(first["part"])].part.name, cause, ADVICE, int(first["line"]))


def _groups(kept: pd.DataFrame) -> pd.DataFrame:
    """The columns with few values, under their names in the file; what is not told has a value of its own."""
    import pandas as pd

    found = {str(name).removeprefix("group "): kept[name] for name in kept if str(name).startswith("group ")}
    few = {
        name: column.astype("string").fillna("").astype("category")
        for name, column in found.items()
        if 1 <= column.nunique() <= MOST_GROUPS
    }
    return pd.DataFrame(few, index=kept.index)


def _without_personal(opened: Contracts) -> pd.DataFrame:
    """The groups that name nobody: each value of several customers, under a header and with values of no person.

    The terms stay, since they change numbers: those that few customers have, in words of our own.
    """
    groups, customers = opened.groups, opened.rows["customer"]
    names = [str(name) for name in groups]
    found = groups[[n for n in names if n == opened.terms or not _may_be_personal(n, groups[n], customers)]]
    if opened.terms is None:
        return found
    terms = groups[opened.terms]
    plain = {
        text: text if text not in _rare(terms, customers) else f"{term_months(text)} months" for text in terms.unique()
    }
    return found.assign(**{opened.terms: terms.astype("string").map(plain).astype("category")})


def _may_be_personal(name: str, column: pd.Series, customers: pd.Series) -> bool:
    told = column[column.ne("")]
    if told.nunique() > YES_NO_UNKNOWN and any(word in header_key(name) for word in PERSONAL):
        return True
    return bool(_rare(told, customers)) or bool(told.astype("string").str.contains("@").any())


def _rare(column: pd.Series, customers: pd.Series) -> frozenset[str]:
    """The values that fewer than LEAST_SHARED customers have."""
    shared = customers[column.index].groupby(column, observed=True).nunique()
    return frozenset(shared.index[shared.lt(LEAST_SHARED)])


def _terms(groups: pd.DataFrame) -> str | None:
    """The column whose every value names a time such as "One year"."""
    named = [
        name
        for name in map(str, groups)
        if any(word in name.casefold() for word in TERM_NAMES)
        and all(term_months(text) is not None for text in groups[name].cat.categories)
    ]
    return min(named, key=lambda name: [word in name.casefold() for word in TERM_NAMES].index(True), default=None)


def _ledger(frame: pd.DataFrame, tables: Sequence[Table]) -> pd.DataFrame:
    """One row per file and rule: file, rule, outcome, rows, examples (up to five lines). Notes count rows again."""
    import pandas as pd

    found = frame[["part", "line", "rule"]]
    kept = frame[frame["rule"].eq("kept")]
    notes = [("no_amount", kept["monthly_amount_value"].isna())]
    if "ends_later" in kept:
        notes.append(("ends_later", kept["ends_later"]))
    found = pd.concat([found, *(kept.loc[which, ["part", "line"]].assign(rule=rule) for rule, which in notes)])
    rows = []
    for place, table in enumerate(tables):
        here = found[found["part"].eq(place)]
        for rule in RULES:
            lines = here.loc[here["rule"].eq(rule.key), "line"]
            if len(lines) or rule.key == "kept":
                examples = [] if rule.key == "kept" else [int(line) for line in lines.head(5)]
                rows.append((table.part.name, rule.key, str(rule.outcome), len(lines), examples))
        for other in table.part.other_lines:
            rows.append((table.part.name, other.rule, other.outcome, other.lines, [line for line, _ in other.examples]))
    return pd.DataFrame(rows, columns=["file", "rule", "outcome", "rows", "examples"])

"""Many ways for a file, a link or a program to fail with somebody's e-mail at hand: what is written down about them?

`python -m tests.pages.error_paths 1000` walks so many of them, with the logs of a server; its output must not hold the
marker. It ends with one line of figures, and with an error where a path did not end as a path of its kind must.
"""

from __future__ import annotations

import gzip
import sys
import zipfile
from collections import Counter
from collections.abc import Callable
from io import BytesIO
from random import Random

from streamlit.testing.v1 import AppTest

from pages.shared import server  # whose logs and options hold from its import on
from tests.conftest import ROOT

MARKER = "marker.person@mail.example"
HEADER = "Order ID,Customer Email,Date,Amount"
Kind = Callable[[Random], str | bytes]


def rows(random: Random, count: int = 30) -> list[list[str]]:
    """Good orders of customers who are known by the marker."""
    return [
        [f"A{n}", f"{n % 7}{MARKER}", f"2024-{random.randint(1, 12):02}-{random.randint(1, 28):02}", f"{n}.50"]
        for n in range(count)
    ]


def text(table: list[list[str]], header: str = HEADER) -> str:
    return "\n".join([header, *map(",".join, table)])


def with_bad_cells(column: int, value: str = MARKER) -> Kind:
    def make(random: Random) -> str:
        table = rows(random)
        for row in random.sample(table, random.randint(1, len(table))):
            row[column] = value
        return text(table)

    return make


def wrong_width(random: Random) -> str:
    lines = text(rows(random)).split("\n")
    lines.insert(random.randint(1, 20), f"{MARKER},{MARKER}")
    lines.insert(random.randint(1, 20), ",".join([MARKER] * 9))
    return "\n".join(lines)


def workbook(random: Random) -> bytes:
    sink = BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("[Content_Types].xml", MARKER)
        archive.writestr(f"xl/{random.random()}.xml", f"<broken>{MARKER}")
        archive.writestr("xl/workbook.xml", f"<workbook><sheets><sheet name='{MARKER}'")
    return sink.getvalue()


KINDS: dict[str, Kind] = {
    "bad dates": with_bad_cells(2),
    "bad amounts": with_bad_cells(3),
    "bad order numbers": with_bad_cells(0),
    "no customer": with_bad_cells(1, ""),
    "wrong width": wrong_width,
    "open quote": lambda random: text(rows(random)).replace(MARKER, f'"{MARKER}', random.randint(1, 3)),
    "headers": lambda random: text(rows(random), f"{MARKER},{MARKER},{random.random()}{MARKER},x{MARKER}"),
    "no header": lambda random: text(rows(random), ",".join(rows(random)[0])),
    "no dates": lambda random: "\n".join([MARKER] * random.randint(2, 9)),
    "header only": lambda random: f"{HEADER},{MARKER}{random.random()}",
    "currencies": lambda random: text(
        [[*row, random.choice(["EUR", "USD", MARKER])] for row in rows(random)], f"{HEADER},Currency"
    ),
    "statuses": lambda random: text(
        [[*row, random.choice(["paid", MARKER, f"{random.random()}{MARKER}"])] for row in rows(random)],
        f"{HEADER},Status",
    ),
    "day or month": lambda random: text([[a, b, f"0{random.randint(1, 9)}/05/2024", d] for a, b, c, d in rows(random)]),
    "contracts": lambda random: text(
        [[b, a, MARKER, d] for a, b, c, d in rows(random)], "Customer Email,Tenure Months,Churned,Monthly Amount"
    ),
    "picture": lambda random: b"\x89PNG\r\n\x1a\n" + MARKER.encode() * random.randint(1, 9),
    "broken gzip": lambda random: gzip.compress(text(rows(random)).encode())[: -random.randint(1, 40)],
    "broken workbook": workbook,
    "broken parquet": lambda random: b"PAR1" + MARKER.encode() * random.randint(3, 9) + b"PAR1",
    "zero bytes": lambda random: text(rows(random)).encode().replace(b"@", b"\0@", random.randint(1, 9)),
    "another encoding": lambda random: text(rows(random)).encode("utf-16-le")[random.randint(0, 3) :],
    "half a letter": lambda random: text(rows(random)).encode() + MARKER.encode() + b"\xd0",
    "a long line": lambda random: text(rows(random)) + "\n" + MARKER * random.randint(100_000, 120_000),
    "one column": lambda random: "\n".join(f"{MARKER};{random.random()}" for _ in range(9)),
}


def hand_in(app: AppTest, name: str, content: bytes) -> str:
    """Take the file and, where nothing is left to ask, open it and look at it; what came of it."""
    for key in ("draft", "asked", "inspected", "upload"):
        if key in app.session_state:
            del app.session_state[key]
    app.session_state["shop"] = "replenish"
    app.switch_page("pages/data/source.py").run()
    app.file_uploader[0].set_value([(name, content, "text/csv")]).run()
    if app.exception:
        return "crashed"
    buttons = [button for button in app.button if button.key == "open_orders"]
    if not buttons:
        return "refused"
    if buttons[0].disabled:
        return "asked"
    buttons[0].click().run()
    if app.exception:
        return "crashed"
    if "upload" not in app.session_state:
        return "refused after all"
    app.switch_page("pages/measure/retention.py").run()
    return "crashed" if app.exception else "opened"


def crash(quoted: str) -> None:
    """A page with a mistake of ours, whose message and names quote a cell."""
    raise ValueError(quoted)


def follow_link(random: Random) -> str:
    """A link whose settings are somebody's e-mail."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    for name in ("shop", "grain", "form", "since", "channel", "plan", f"x{random.random()}{MARKER}"):
        app.query_params[name] = MARKER
    app.run().switch_page("pages/measure/cohorts.py").run()
    return "crashed" if app.exception else "followed"


def main(count: int) -> int:
    assert server.settings.hosted
    random, found = Random(7), Counter[str]()
    kinds = list(KINDS)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    for number in range(count):
        if number % 25 == 23:
            crashed = AppTest.from_function(crash, args=(f"cell {number} is {MARKER}",), default_timeout=60).run()
            found["crash of ours" if crashed.exception else "no crash of ours"] += 1
        elif number % 25 == 24:
            found[follow_link(random)] += 1
        else:
            made = KINDS[kinds[number % 25 % len(kinds)]](random)
            content = made.encode() if isinstance(made, str) else made
            found[came := hand_in(app, f"{MARKER}{number}.csv", content)] += 1
            if came == "crashed":
                print("crashed on", kinds[number % 25 % len(kinds)])
    print(count, "paths:", ", ".join(f"{number} {what}" for what, number in sorted(found.items())))
    return 1 if found["crashed"] or found["no crash of ours"] else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))

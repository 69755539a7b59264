"""Words of the product that are no number of their own, explained once, with worked examples. One row per entry."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from retention_core.answers.levers import GRADES
from retention_core.goals.goal import SPREAD
from retention_core.metrics import SMALL_SAMPLE, wilson
from retention_core.queries import SQL
from retention_core.say import between, percent


@dataclass(frozen=True)
class Concept:
    """One entry: the key of its link, what it is called, one sentence, and what more there is to say (Markdown)."""

    key: str
    label: str
    definition: str
    more: str


_RETURNING = between(*(percent(end) for end in wilson(900, 2000)))

CONCEPTS = (
    Concept(
        "example_45",
        "Worked example: 900 of 2,000 is 45 %",
        "A shop has 2,000 customers on 31 December. In January and February 900 of them order: 45 % came back.",
        f"900 / 2,000 = **45 %**, and chance alone leaves that between {_RETURNING}. Somebody who first buys on 15 "
        "January is not one of the 2,000 and not one of the 900: new customers are no part of this rate, however often "
        "they order in these two months. This is the *retention rate, returning form*.",
    ),
    Concept(
        "example_81",
        "Worked example: the 81 % trap",
        "50,000 customers at the start, 1,000 new ones, 40,000 at the end: 78 % were kept, not 81 %.",
        "The formula takes the new customers away **from the end**: (40,000 − 1,000) / 50,000 = **78 %**.\n\n"
        "A widely read article takes them away from the start instead: 40,000 / (50,000 − 1,000) = 81 %. That is wrong "
        "twice. The 1,000 still stand above the line, although nobody can keep a customer that was not there yet; and "
        "below the line they are taken off the customers of the start, among whom they never were. The more new "
        "customers a shop wins, the better its retention looks: with 20,000 of them the same error gives 133 %.",
    ),
    Concept(
        "cohort",
        "Cohort",
        "All customers whose first order falls in the same week, month or quarter.",
        "A customer belongs to one cohort for good, and its size never changes: filters choose customers by their "
        "**first** order, never by a later one. The *age* of a cohort counts the periods since: age 0 is the period of "
        "the first order. With *30 days of age* each customer's own days are counted, so that somebody who came on "
        "the 31st gets as much time as somebody who came on the 1st.",
    ),
    Concept(
        "cohort_forms",
        "In, on or after, by: three ways to count who came back",
        "In: ordered in that very period. On or after: in it or later. By: had a second order by then.",
        "A customer of January orders again in March, and never after:\n\n"
        "| | February | March | April |\n|---|---|---|---|\n"
        "| **in** the period | no | yes | no |\n"
        "| **on or after** it | yes | yes | no |\n"
        "| **by** then | no | yes | yes |\n\n"
        "*In* shows how busy a cohort is, and goes up and down with the season. *On or after* can only fall: it shows "
        "who is not gone yet, and its last ages look bad because little time has passed since. *By* can only rise.",
    ),
    Concept(
        "unfinished",
        "Unfinished periods",
        "A period that is not over is hatched and counts in no mean; one that has not begun is empty, never 0 %.",
        "The last day that is looked at is the day of the last order in the files. A month that still runs on that day "
        "can only gain customers: compared with whole months it would look like a loss that never happened. A 0 % on "
        "the screen is a true zero: the period is over and nobody ordered.",
    ),
    Concept(
        "left_truncation",
        "First cohorts of the data",
        "The first cohorts hold old customers who had bought before the file begins, and come back more than new ones.",
        "A file that begins in January takes everybody who buys in January for new. So the first cohorts are too large "
        "and too loyal. Where up to three first cohorts are out of line with the later ones, they are marked, stay out "
        "of means and curves, and the page says so. The cure is a file that reaches further back.",
    ),
    Concept(
        "interval",
        "How sure a share is (95 % interval)",
        "The span that holds the true share in 95 of 100 such cases; the fewer customers, the wider it is.",
        "Of 20 customers 5 came back: 25 %, but anything from 11 to 47 % fits. Of 2,000 customers 500: 23 to 27 %. Two "
        "shares whose spans overlap widely need not differ at all. The span is Wilson's (1927), which holds for small "
        "groups too and never leaves 0 to 100 %. It knows chance only: not a season, a price rise or a wrong file.",
    ),
    Concept(
        "small_cohorts",
        "Small cohorts, and cells that stand out",
        f"A cohort of fewer than {SMALL_SAMPLE} customers is marked; colour alone never says that a cell is special.",
        "A cell is said to stand out only if its share, first pulled towards the mean of its age (the more, the fewer "
        "customers it rests on), is still off that mean by more than chance explains.",
    ),
    Concept(
        "order_days",
        "Days with orders, and orders",
        "Two orders of a customer on one day count as one visit wherever the question is whether somebody came back.",
        "Splitting a basket in two at the till is no return. So *repeat purchase rate* and *second order* look at "
        "days; orders, revenue and the average order value count every order. *Repeat purchase rate, same-day orders "
        "counted* shows how much this matters.",
    ),
    Concept(
        "activity_window",
        "Active customers and the window",
        "A customer is active at a moment if there is an order in the window before it: 365 days, unless you choose.",
        "Customers of a shop never cancel: they fall silent. How long a silence means *inactive* is a choice, and the "
        "choice moves every rate that counts active customers. Take the window from how your goods are used up: 90 "
        "days for coffee, 365 or more for gifts.",
    ),
    Concept(
        "stages",
        "At risk, lapsed, lost, won back",
        "Lapsed: silent for longer than nine of ten who came back. At risk: than four of five. Lost: twice as long.",
        "The limits are the shop's own, one for each order number, because who has ordered often orders again sooner. "
        "Of 100 customers who return after a first order, 90 do so within, say, 171 days: whoever is silent on day 172 "
        "has *lapsed*, and on day 343 is *lost*. After 80 of the 100 have returned a customer is *at risk*: most "
        "who return by themselves are back. Before that one is *new* (one order day), *active* (two or more), or *won "
        "back* (the last order ended a lapse). Customers who are still silent count in the limits for as long as "
        "they have been observed, so a young shop does not take its quick returners for all of them.",
    ),
    Concept(
        "payback",
        "What a customer costs, and when that is paid back",
        "Cost: marketing spend / customers who first bought. Paid back: the first month by whose end they brought it.",
        "To win a customer costs 30, the first order brings 35: 5 are left. A letter for a tenth of a cent that brings "
        "another 35 leaves 39.999, almost 700 % more; and a shop that knows a customer is worth 70 a year can pay more "
        "than 30 to win one, and outbid rivals.\n\n"
        "Set a **margin** first: of a sale of 35 at 40 %, 14 are left to pay the cost. Where no spend is told for a "
        "channel, the cost is not known, which is not free; a cost that is not covered yet is *not yet* paid back.",
    ),
    Concept(
        "standing",
        "Still a customer, open, gone",
        "What the models say of each customer: 80 % sure to be still there, 10 % or less, or something between: open.",
        "Nobody cancels in a shop, so the models work out from how often and how lately somebody ordered how likely it "
        "is that they still order. *Lapsed* and *lost* are counted days of silence; *gone* is this chance, so one "
        "customer can have lapsed and still be open. Formula: the chance after BG/NBD, MBG/NBD or Pareto/NBD, "
        "whichever missed hidden months the least. Shown under *Churn*, *Who is still a customer*.",
    ),
    Concept(
        "at_stake",
        "Value at stake",
        "What the next year would bring if a customer were surely still there, less what is expected of the customer.",
        "Value at stake = (expected orders if surely there − expected orders) × amount of an order. Somebody who would "
        "bring 100 and is there with a chance of 40 % is expected to bring 40: 60 are at stake. It is the most that "
        "could be lost, not what a letter wins back. Added over customers who are *open*. Shown under *Churn*, "
        "*Who is worth winning back*.",
    ),
    Concept(
        "first_year_value",
        "First-year value",
        "What a customer brings on average with the first order and in the 365 days after it.",
        "First-year value = money of the first order and the 365 days after it / customers. Only customers won a year "
        "ago or earlier count, those who never came back among them. With a margin set it is the margin, otherwise "
        "revenue. Shown under *Value*.",
    ),
    Concept(
        "ltv_cac",
        "LTV : CAC",
        "How many times a customer of the first year brings back what winning one costs.",
        "LTV : CAC = first-year value / cost of winning one. At a margin of 40 %, 70 of revenue leave 28; if winning a "
        "customer costs 14, the ratio is 2. Here LTV is what the first year brought, not a forecast of a lifetime, so "
        "the ratio is lower than in places that add years to come. Without spend for a channel there is no ratio. "
        "Shown under *Value*, *What a customer costs, and when that is paid back*.",
    ),
    Concept(
        "goal_rate",
        "Goal: the rate it is about",
        "Of the customers whose first order falls in a month, the share that orders again within 365 days.",
        "Rate of a month = customers first won in it who order again within 365 days / customers first won in it. "
        "“20 % by November 2027” means: of those won in November 2027, 20 % order again within a year. What you do in "
        "that month counts at once; for certain it is known a year later. Windows of 90 and 180 days answer sooner, "
        "and have lower rates. Shown under *Goals*.",
    ),
    Concept(
        "baseline",
        "Baseline",
        "What is to be expected of the coming months if the shop goes on as before.",
        "Two forecasts are mixed, by how well each foretold earlier months of this shop: the course of past cohorts, "
        "and what is expected of each customer. Its band holds those errors, so a short history has a wide band. Every "
        "lever is measured as plan − baseline; with no lever the plan *is* the baseline. Shown under *Goals*.",
    ),
    Concept(
        "lever",
        "Lever and uplift",
        "A lever is one thing you can do. Its uplift: of those who would not have come back, the share that now does.",
        "Rate with levers: 1 − (1 − rate) × Π (1 − reach × take-up × uplift × ramp). At a rate of 10 % a lever that "
        "reaches half of the customers and brings back 4 % of those who would have stayed away gives "
        "1 − 0.9 × (1 − 0.5 × 0.04) = 11.8 %. Two levers overlap, because nobody can be won back twice. Levers on the "
        "amount of an order or on how often people order make those larger by their uplift. Shown under *Goals*, *What "
        "you would do*.",
    ),
    Concept(
        "reach",
        "Reach of a lever",
        "The share of the customers in question whom a lever can reach at all, counted in your data now.",
        "Reach = customers of the lever's audience / customers that it is about, such as those with a known birthday "
        "and consent among those with one order. *Take-up* is the share of them that takes part; the slider, how many "
        "of them you really go for. A lever whose audience your files do not tell reaches nobody, and says which file "
        "would tell. Shown beside each lever under *Goals*.",
    ),
    Concept(
        "evidence",
        "Evidence A to D",
        "How far an uplift can be trusted, from A, your own test, to D, an opinion.",
        "\n".join(f"- **{grade}**: {words}" for grade, words in GRADES.items()) + "\n\nThe weaker, the wider: the "
        "standard deviation of an uplift is " + ", ".join(f"{percent(share)} of it for {grade}" for grade, share in
        SPREAD.items()) + "; for A it is the error of the test. Shown beside each lever under *Goals*.",
    ),
    Concept(
        "chance_to_reach",
        "Chance to reach the goal",
        "Of many futures that agree with your data and with the evidence, the share in which the target is reached.",
        "Chance = draws whose rate in the month of the goal is at least the target / all draws. Each draw takes a "
        "course of the baseline, an uplift of each lever and the luck of so many customers. It cannot know what no "
        "data hold: a new rival, a new law. Shown under *Goals*.",
    ),
    Concept(
        "plan_payback",
        "Payback of a plan",
        "The first month from which on half of the futures or more have earned back what the plan has cost until then.",
        "Left after costs = margin with the plan − margin of the baseline − programme costs − discounts, added up "
        "month by month. Discounts taken by people who would have bought anyway are a cost. *Not in this time* means "
        "that it does not happen within the months looked at. Shown under *Goals*. When a *customer* is paid back is "
        "another matter: see *What a customer costs*.",
    ),
    Concept(
        "contracts",
        "Contracts: kept, monthly loss, value",
        "In a list of contracts it is known who has ended, so keeping is counted and not guessed.",
        "*Kept after t months* = Π over the months up to t of (contracts that stayed / contracts watched in that "
        "month); one that still runs counts for as long as it was watched (Kaplan–Meier). *Monthly loss* = ends / "
        "months that contracts were watched. *In its first months* = amount of a month × area under that curve × "
        "margin. *To its end* = amount × discounted renewals to come by the shifted beta-geometric model; where that "
        "model is more than 5 of 100 off the counted curve, the counted figure stands instead.\n\n"
        "A file without days may list everybody who ever began, or only who ran in one last month: the page asks, "
        "because 100 ends among 1,000 contracts are 10 % in one month, but under 1 % a month over a year. Shown under "
        "*Churn* and *Value* where the file is a list of contracts.",
    ),
    Concept(
        "rfm",
        "RFM segments",
        "Customers grouped by how long they are silent (R), how often they ordered (F) and how much they spent (M).",
        "Each gets 1 to 5 points for R, F and M by the shop's own fifths: 5 is the most recent, the most frequent, the "
        "highest. Equal values always get equal points, so nobody's segment depends on the order of the rows. Where "
        "most customers have one order, several points share one value and some segments stay empty: that is the truth "
        "about such a shop. R and F together name the segment:",
    ),
    Concept(
        "ledger",
        "Ledger: what became of every line",
        "Each line of your files is kept, merged with another, or left out by a named rule. Nothing vanishes silently.",
        "Cancelled, failed, unpaid and test orders are no orders. Orders without a customer are no one's: they stand "
        "in the ledger with their money. The same days in two files count once. Refunds are subtracted from the "
        "purchase they belong to, unless you choose otherwise under *Orders*.",
    ),
)  # fmt: skip

SEGMENT_NAMES = {
    "champions": "Champions",
    "loyal": "Loyal",
    "promising": "Promising",
    "new": "New",
    "needs_attention": "Needs attention",
    "about_to_sleep": "About to sleep",
    "at_risk": "At risk",
    "cannot_lose": "Cannot lose",
    "hibernating": "Hibernating",
    "lost": "Lost",
}


def segment_rules() -> pd.DataFrame:
    """One row per R score, the highest first, one column per F score: the segment's name, from the rules that run."""
    text = (SQL / "build" / "segments.sql").read_text(encoding="utf-8")
    rules = {(int(r), int(f)): SEGMENT_NAMES[name] for r, f, name in re.findall(r"\((\d), (\d), '(\w+)'\)", text)}
    return pd.DataFrame(
        {f"F {f}": [rules[r, f] for r in range(5, 0, -1)] for f in range(1, 6)},
        index=[f"R {r}" for r in range(5, 0, -1)],
    )

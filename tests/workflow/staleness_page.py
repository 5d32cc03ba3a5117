"""docs/staleness.md, made of what dry runs said."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import jinja2
from helping import ROOT
from made_study import WORDS

STAGES = {
    "images": ["images"],
    "loading": ["loading"],
    "training": ["training", "program", "predict"],
    "scaling": ["scaling", "scaling_answers"],
    "report": ["report", "report_answers", "proposal"],
}  # with their rule files
Cells = dict[str, str]  # by rule: why it is stale, in a word; empty: it is not


class Line(NamedTuple):
    """A row of the page."""

    name: str
    cells: Cells  # of all rules of the studies that were planned


@cache
def rules() -> dict[str, str]:
    """The stage of each rule that makes something, in order of execution."""
    found = {}
    for stage, files in STAGES.items():
        for file in files:
            text = (ROOT / f"workflow/rules/{file}.smk").read_text()
            for name, body in re.findall(r"^ *rule (\w+):\n(.*?)(?=^ *rule |\Z)", text, re.M | re.S):
                if re.search(r"^ *output:", body, re.M):
                    found[name] = stage
    return found


def cell(stale: Counter[str], jobs: int) -> str:
    """Why a rule is stale, and of how many of its jobs, where it is not all; `new` where it has only further jobs."""
    of_these = Counter({name: count for name, count in stale.items() if name != "new"})
    if not of_these:
        return "new" if stale else ""
    word = min(of_these, key=list(WORDS).index)
    return word if of_these.total() >= jobs else f"{word} {of_these.total()}/{jobs}"


def page(lines: Iterable[Line], studied: Iterable[str]) -> str:
    """The page.

    Args:
        lines: what each edit makes stale.
        studied: the rules of the study that is edited first; the others stand in a table of their own.
    """
    lines, studied, stages = list(lines), set(studied), rules()
    template = Path(__file__).with_name("staleness.md.jinja").read_text(encoding="utf-8")
    tables = [
        (stage, *_table(lines, [rule for rule, there in stages.items() if there == stage and rule in studied]))
        for stage in STAGES
    ]
    text: str = jinja2.Template(template, undefined=jinja2.StrictUndefined, autoescape=False).render(
        tables=tables,
        others=[(rule, *_told(lines, rule)) for rule in stages if rule not in studied],
        inert=[line.name for line in lines if not any(line.cells.values())],
    )
    return text + "\n"


def _table(lines: list[Line], columns: list[str]) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """Head and rows: rules that are stale alike share a column, edits that make the same stale a row."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for rule in columns:
        alike.setdefault(tuple(line.cells.get(rule, "") for line in lines), []).append(rule)
    found: dict[tuple[str, ...], list[str]] = {}
    for number, line in enumerate(lines):
        if any(row := tuple(cells[number] for cells in alike)):
            found.setdefault(row, []).append(line.name)
    head = [", ".join(names) for names in alike.values()]
    return head, [("; ".join(names), list(row)) for row, names in found.items()]


def _told(lines: list[Line], rule: str) -> tuple[str, str]:
    """With which edits a rule is stale, and with which that were tried it is not."""
    tried = [line for line in lines if rule in line.cells]
    stale: Mapping[str, list[str]] = {line.cells[rule]: [] for line in tried if line.cells[rule]}
    for line in tried:
        if line.cells[rule]:
            stale[line.cells[rule]].append(line.name)
    told = ". ".join(f"**{why}** {'; '.join(names)}" for why, names in stale.items())
    return told, "; ".join(line.name for line in tried if not line.cells[rule])

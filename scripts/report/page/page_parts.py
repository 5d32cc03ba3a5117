"""What the programs that render pages share: templates, tables and figures as a template takes them."""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from markupsafe import Markup
from pydantic import BaseModel

from scripts import format as show
from scripts.report.figures.style import GRID, INK, MUTED, PAPER
from scripts.report.words import tables, verdicts
from scripts.report.words.point_words import Names
from scripts.scaling.answers.answer import Claims, Confirmations, Recommendations
from scripts.scaling.answers.laws import Laws
from scripts.scaling.plan.planned import Plan
from scripts.scaling.tables.rows import Row, StrategyRow, TrainingRow
from scripts.scaling.tables.table_file import read_answer

# What each figure shows, for those who cannot see it; also their order in their sections.
FIGURES = {
    "answer": {"answer": "Speedup against cores: ideal, what is recommended, and the knee."},
    "training": {
        "speedup": "Speedup of each strategy against cores, with the ideal line.",
        "efficiency": "Efficiency of each strategy against cores; 1 is ideal.",
        "costs": "What a training costs against how long it takes; those that none beats in both are joined.",
        "laws": "What the chosen laws say of more workers, with bands, beside what was measured.",
        "learning": "Training loss and validation accuracy of each valid launch, by epoch and by time.",
        "target": "Seconds of training until the target accuracy, of each point whose launches all reached it.",
        "usage": "CPU, memory, disk and network that trainings used, second by second.",
    },
    "loading": {
        "loading": "Images per second of each way to load, by workers.",
        "loading_curves": "Images per second of each loading backend, over workers.",
        "loading_phases": "What the seconds of each way to load are spent on.",
    },
    "profiles": {"steps": "What the milliseconds of a training step of each point are spent on."},
    "efficiencies": {"pop": "POP efficiencies of each training point, beside the line at 0.8."},
    "plan": {
        "gantt": "Which planned training holds which cores of each node, over time.",
        "pareto": "What plans cost, by the end of their last training.",
    },
    "dask": {"dask_graph": "Tasks of a loading job, and which of them wait for which."},
}
TABLE_BYTES = 100_000  # of a figure's CSV in the page, at most
SCRIPT = Path(__file__).with_name("page.js")
LABELS = {name: label for section in FIGURES.values() for name, label in section.items()}


def template(path: Path) -> jinja2.Template:
    """A template and what it extends. Class names, paths and reasons come from users' files: autoescape stands between
    them and the HTML.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(path.parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"count": show.count, "share": show.share}
    return environment.get_template(path.name)


def trainings(
    rows: Sequence[TrainingRow],
    strategies: Sequence[StrategyRow],
    laws: Laws,
    advice: Recommendations,
    claims: Claims,
    confirmed: Confirmations | None,
    plan: Sequence[Path],
    figures: Sequence[Path],
    note: str,
    names: Names,
) -> dict[str, Any]:
    """What base.html.jinja shows of trainings.

    Args:
        plan: `plan.json` and its figures; nothing where there is none.
        note: what the trainings' seconds are spent on.
    """
    planned = read_answer(plan[0], Plan) if plan else None
    drawn = drawings([*figures, *plan[1:]])
    return {
        "training": {
            scaling: section(some, TrainingRow, tables.TRAINING, names) | {"note": note}
            for scaling, some in tables.by_scaling(rows).items()
        },
        "strategies": plain_section(strategies, StrategyRow, tables.STRATEGIES),
        "strategies_note": tables.STRATEGIES_NOTE,
        "advice": [names.say(" ".join(one.sentences)) for one in advice.recommendations],
        "confirmed": [names.say(sentence) for sentence in confirmed.sentences(advice)] if confirmed else [],
        "laws": verdicts.law_rows(laws),
        "law_sentences": [names.say(curve.sentence) for curve in laws.curves],
        "predictions": verdicts.prediction_rows(laws),
        "claims": verdicts.by_subject(claims, names),
        "plan": planned,
        "planned": verdicts.plan_rows(planned) if planned else [],
        "verdicts": verdicts,
        **script(),
        "figures": {name: [drawn[one] for one in some if one in drawn] for name, some in FIGURES.items()},
    }


@dataclass(frozen=True)
class Drawing:
    """A figure in the page."""

    name: str
    svg: Markup
    csv: str  # address of what it shows; empty where there is none


def drawings(paths: Sequence[Path]) -> dict[str, Drawing]:
    """Figures by name, of their SVGs and, where there are, their CSVs."""
    tables = {path.stem: inline_table(path) for path in paths if path.suffix == ".csv"}
    pictures = [path for path in paths if path.suffix == ".svg"]
    return {path.stem: Drawing(path.stem, inline_svg(path), tables.get(path.stem, "")) for path in pictures}


def inline_table(path: Path) -> str:
    """A CSV as an address; empty where it would make the page large: it lies beside the figure."""
    text = path.read_text(encoding="utf-8")
    return f"data:text/csv;charset=utf-8,{quote(text, safe=',')}" if len(text) <= TABLE_BYTES else ""


def script() -> dict[str, Any]:
    """The one script of every page, and its hash, by which the page's policy allows it and no other.

    Source: Content Security Policy Level 3, section 8.
    """
    text = SCRIPT.read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    # Safe: a file of scalecard's own.
    return {"script": Markup(text), "script_hash": f"sha256-{digest}"}


def inline_svg(path: Path) -> Markup:
    """A figure as it stands in HTML: ids of its own, and neutral colours that follow the page's."""
    name, text = path.stem, path.read_text(encoding="utf-8")
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", text)
    for colour, variable in ((INK, "ink"), (MUTED, "muted"), (GRID, "line"), (PAPER, "paper")):
        text = text.replace(colour, f"var(--{variable})")
    label = Markup.escape(LABELS[name])
    # Safe: drawn by draw_figures and draw_dask_graph, and matplotlib escapes the words in it.
    return Markup(text.replace("<svg", f'<svg role="img" aria-label="{label}"', 1))


def inline_picture(path: Path) -> str:
    """A PNG or a JPEG as it stands in HTML."""
    kind = "png" if path.suffix == ".png" else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def that_fit(pictures: Sequence[Path], size: int) -> list[Path]:
    """The first pictures, as many as take at most `size` bytes together."""
    sizes = accumulate(path.stat().st_size for path in pictures)
    return [path for path, taken in zip(pictures, sizes, strict=True) if taken <= size]


def said(rows: Sequence[BaseModel], columns: Sequence[tables.Column]) -> list[tables.Column]:
    """The columns that readers see first, and of the others those that say something of some row."""
    return [one for one in columns if one.brief or any(one.cell(row) != show.MISSING for row in rows)]


def heads(kind: type[BaseModel], columns: Sequence[tables.Column]) -> list[dict[str, Any]]:
    """What the template needs of the columns; readers see first those that the terminal has, `rest` by a button."""
    brief = any(one.brief for one in columns)
    return [
        {"title": one.title, "text": one.text, "meaning": one.meaning(kind), "rest": brief and one.brief is None}
        for one in columns
    ]


def section(rows: Sequence[Row], kind: type[Row], columns: Sequence[tables.Column], names: Names) -> dict[str, Any]:
    """What the template needs of one table."""
    columns = said(rows, columns)
    return {
        "columns": heads(kind, columns),
        "rows": tables.table(rows, columns),
        "note": tables.note(kind),
        "divisor": tables.divisor(rows, names),
    }


def plain_section(rows: Sequence[BaseModel], kind: type[BaseModel], columns: Sequence[tables.Column]) -> dict[str, Any]:
    """What the template needs of a table that compares nothing."""
    columns = said(rows, columns)
    return {
        "columns": heads(kind, columns),
        "rows": [[one.cell(row) for one in columns] for row in rows],
    }

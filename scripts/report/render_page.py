"""The page a person reads: tables, figures, images, machines and settings of a study in one file.

Inputs: the scaling tables, the profiles where there are some, what the study says of loading (`loading.json`), all
records, `split.parquet`, `rejects.csv`, `leaks.json`, the figures (SVG), the contact sheet and the previews (PNG), the
template; where the study loads with Dask, its task graph among the figures, and its own report, which the page links
to. Output: `index.html`, which loads nothing from a network: styles, figures and images are inside.

By hand:
    python -m scripts.report.render_page --training training.parquet --loading loading.parquet --jobs jobs.parquet \
        --records results/demo/*/records/*/*.json --split split.parquet --rejects rejects.csv --leaks leaks.json \
        --answer loading.json --figures figures/*.svg --sheet contact_sheet.png --previews preview/*.png \
        --template scripts/report/page.html.jinja --page index.html --spec '{"config": {...}}'
"""

import base64
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from pydantic import BaseModel

from scripts import cli, record
from scripts import format as show
from scripts.atomic import write_text
from scripts.record import Record
from scripts.report import facts, tables
from scripts.report.style import GRID, INK, MUTED, PAPER
from scripts.scaling.answer import LoadingAnswer
from scripts.scaling.rows import JobRow, LoadingRow, ProfileRow, Row, TrainingRow
from scripts.spec import Spec
from scripts.training.model_facts import ModelFacts

# What each figure shows, for those who cannot see it; also their order in their sections.
FIGURES = {
    "training": {
        "speedup": "Speedup of each strategy against cores, with the ideal line.",
        "efficiency": "Efficiency of each strategy against cores; 1 is ideal.",
        "learning": "Training loss and validation accuracy of each valid launch, by epoch.",
        "usage": "CPU, memory, disk and network that trainings used, second by second.",
    },
    "loading": {
        "loading": "Images per second of each way to load, by workers.",
        "loading_curves": "Images per second of each loading backend, over workers.",
        "loading_phases": "What the seconds of each way to load are spent on.",
    },
    "dask": {"dask_graph": "Tasks of a loading job, and which of them wait for which."},
}
LABELS = {name: label for section in FIGURES.values() for name, label in section.items()}

PREVIEWS = 12  # on the page, at most; the others stay beside it


class PageSpec(Spec):
    """What the page takes from the config: all of it, since it shows all of it."""

    config: dict[str, Any]

    @property
    def study(self) -> str:
        return str(self.config["study"])


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


def inline_png(path: Path) -> str:
    """A picture as it stands in HTML."""
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"


def section(rows: Sequence[Row], kind: type[Row], columns: Sequence[tables.Column]) -> dict[str, Any]:
    """What the template needs of one table."""
    return {
        "columns": [{"title": one.title, "text": one.text, "meaning": one.meaning(kind)} for one in columns],
        "rows": tables.table(rows, columns),
        "note": tables.note(kind),
        "divisor": tables.divisor(rows),
    }


def plain_section(rows: Sequence[BaseModel], kind: type[BaseModel], columns: Sequence[tables.Column]) -> dict[str, Any]:
    """What the template needs of a table that compares nothing."""
    return {
        "columns": [{"title": one.title, "text": one.text, "meaning": one.meaning(kind)} for one in columns],
        "rows": [[one.cell(row) for one in columns] for row in rows],
    }


def render(
    template: Path,
    spec: PageSpec,
    training: Sequence[TrainingRow],
    loading: Sequence[LoadingRow],
    jobs: Sequence[JobRow],
    profiles: Sequence[ProfileRow],
    networks: Sequence[ModelFacts],
    records: Sequence[Record],
    images: facts.Images,
    figures: Sequence[Path],
    sheet: Path,
    previews: Sequence[Path],
    answer: LoadingAnswer,
    dask_report: str | None,
) -> str:
    """The page. Class names, paths and reasons come from users' files: autoescape stands between them and the HTML."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"count": show.count, "share": show.share}
    drawings = {path.stem: inline_svg(path) for path in figures}
    return environment.get_template(template.name).render(
        study=spec.study,
        settings=spec.config["training"],
        images=images,
        models=list(dict.fromkeys(row.model for row in training)),
        scalings=list(dict.fromkeys(row.scaling for row in training)),
        training=section(training, TrainingRow, tables.TRAINING),
        loading=section(loading, LoadingRow, tables.LOADING),
        profiles=plain_section(profiles, ProfileRow, tables.PROFILES),
        networks=[network.sentence for network in networks],
        profiles_note=tables.PROFILES_NOTE,
        # Nothing where no launch was a Slurm job.
        jobs=plain_section(jobs if any(row.job_id for row in jobs) else [], JobRow, tables.JOBS),
        answer=answer,
        attribution=tables.ATTRIBUTION_NOTE,
        figures={name: [drawings[one] for one in some if one in drawings] for name, some in FIGURES.items()},
        dask_report=dask_report,
        sheet=inline_png(sheet),
        previews=[(name, inline_png(path)) for name, path in zip(images.classes, previews[:PREVIEWS], strict=False)],
        confusions=facts.confusions(training, records),
        environment=facts.environment(records),
        noise=facts.noise(records),
        config=json.dumps(spec.config, indent=2, ensure_ascii=False),
    )


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--training", type=Path, required=True)
    parser.add_argument("--loading", type=Path, required=True)
    parser.add_argument("--jobs", type=Path, required=True)
    parser.add_argument("--profiles", type=Path, nargs="?", help="none where the study profiles nothing")
    parser.add_argument("--networks", type=Path, nargs="+", required=True, help="of each model (describe_model)")
    parser.add_argument("--records", type=Path, nargs="+", required=True)
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--rejects", type=Path, required=True)
    parser.add_argument("--answer", type=Path, required=True)
    parser.add_argument("--dask-report", type=Path, nargs="?", help="none where the study does not load with Dask")
    parser.add_argument("--figures", type=Path, nargs="+", required=True)
    parser.add_argument("--leaks", type=Path, required=True)
    parser.add_argument("--sheet", type=Path, required=True)
    parser.add_argument("--previews", type=Path, nargs="+", required=True, help="one a class, in order of their names")
    parser.add_argument("--template", type=Path, required=True)
    parser.add_argument("--page", type=Path, required=True)
    parser.add_argument("--spec", type=PageSpec.model_validate_json, required=True)
    args = parser.parse_args()
    page = render(
        args.template,
        args.spec,
        tables.read_rows(args.training, TrainingRow),
        tables.read_rows(args.loading, LoadingRow),
        tables.read_rows(args.jobs, JobRow),
        tables.read_rows(args.profiles, ProfileRow) if args.profiles else [],
        [ModelFacts.read(path) for path in args.networks],
        [record.read(path) for path in args.records],
        facts.images(args.split, args.rejects, args.leaks),
        args.figures,
        args.sheet,
        args.previews,
        tables.read_answer(args.answer),
        args.dask_report and Path(os.path.relpath(args.dask_report, args.page.parent)).as_posix(),
    )
    write_text(args.page, page)


if __name__ == "__main__":
    cli.run(main)

"""The page a person reads: tables, figures, images, machines and settings of a study in one file.

Inputs: the scaling tables, those of profiles where there are some, what the study answers (`loading.json`, `laws.json`,
`recommendation.json`, `claims.json`; once there are some, `confirmation.json`, a plan, what a pass decided), all
records, `split.parquet`, `rejects.csv`, `leaks.json`, the figures (SVG), the contact sheet (JPEG), the previews (PNG),
the template; where the study loads with Dask, its task graph among the figures, and its own report, which the page
links to. Output: `index.html`, which loads nothing from a network: styles, figures and images are inside.

By hand:
    python -m scripts.report.page.render_page --training training.parquet --loading loading.parquet \
        --jobs jobs.parquet --strategies strategies.parquet --networks results/demo/training/facts/*.json \
        --records results/demo/*/records/*/*.json --split split.parquet --rejects rejects.csv --leaks leaks.json \
        --answer loading.json --laws laws.json --recommendation recommendation.json --claims claims.json \
        --figures figures/*.svg --sheet contact_sheet.jpg --previews preview/*.png \
        --template scripts/report/page/page.html.jinja --page index.html --spec '{"config": {...}}'
"""

import json
import os
from pathlib import Path
from typing import Any

from scripts import cli
from scripts.atomic import write_text
from scripts.budget import LeftOut
from scripts.report.page.first_screen import answers
from scripts.report.page.page_parts import inline_picture, plain_section, section, template, that_fit, trainings
from scripts.report.words import facts, profile_tables, tables
from scripts.report.words.point_words import names_of
from scripts.report.words.shown import CLASSES, PICTURE_BYTES, PREVIEWS
from scripts.scaling.answers.answer import Claims, Confirmations, LoadingAnswer, Recommendations
from scripts.scaling.answers.laws import Laws
from scripts.scaling.answers.passes import Pass
from scripts.scaling.profiles.profile_rows import PopRow, ProfileRow
from scripts.scaling.tables.read_records import read_all
from scripts.scaling.tables.rows import JobRow, LoadingRow, StrategyRow, TrainingRow
from scripts.scaling.tables.table_file import read_answer, read_rows
from scripts.spec import Spec
from scripts.training.model.model_facts import ModelFacts


class PageSpec(Spec):
    """What the page takes from the config: all of it, since it shows all of it."""

    config: dict[str, Any]


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--training", type=Path, required=True)
    parser.add_argument("--loading", type=Path, required=True)
    parser.add_argument("--jobs", type=Path, required=True)
    parser.add_argument("--profiles", type=Path, nargs="*", help="both tables; none where the study profiles nothing")
    parser.add_argument("--networks", type=Path, nargs="+", required=True, help="of each model (describe_model)")
    parser.add_argument("--records", type=Path, nargs="+", required=True)
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--rejects", type=Path, required=True)
    parser.add_argument("--answer", type=Path, required=True)
    parser.add_argument("--strategies", type=Path, required=True)
    parser.add_argument("--laws", type=Path, required=True)
    parser.add_argument("--recommendation", type=Path, required=True)
    parser.add_argument("--confirmation", type=Path, nargs="?", help="none before `snakemake confirm`")
    parser.add_argument("--claims", type=Path, required=True)
    parser.add_argument("--decided-pass", type=Path, nargs="?", help="none where the study is none in passes")
    parser.add_argument("--left-out", type=Path, nargs="?", help="none where the study is measured to its end")
    parser.add_argument("--plan", type=Path, nargs="*", default=[], help="plan.json and its figures, if there is one")
    parser.add_argument("--dask-report", type=Path, nargs="?", help="none where the study does not load with Dask")
    parser.add_argument("--figures", type=Path, nargs="+", required=True)
    parser.add_argument("--leaks", type=Path, required=True)
    parser.add_argument("--sheet", type=Path, required=True)
    parser.add_argument("--previews", type=Path, nargs="+", required=True, help="one a class, in order of their names")
    parser.add_argument("--template", type=Path, required=True)
    parser.add_argument("--page", type=Path, required=True)
    parser.add_argument("--spec", type=PageSpec.model_validate_json, required=True)
    args = parser.parse_args()
    spec: PageSpec = args.spec
    training = read_rows(args.training, TrainingRow)
    loading = read_rows(args.loading, LoadingRow)
    jobs = read_rows(args.jobs, JobRow)
    profiles = read_rows(args.profiles[0], ProfileRow) if args.profiles else []
    pop = read_rows(args.profiles[1], PopRow) if args.profiles else []
    records = read_all(args.records)
    advice = read_answer(args.recommendation, Recommendations)
    answer, claims = read_answer(args.answer, LoadingAnswer), read_answer(args.claims, Claims)
    confirmed = read_answer(args.confirmation, Confirmations) if args.confirmation else None
    images = facts.images(args.split, args.rejects, args.leaks)
    room = PICTURE_BYTES - args.sheet.stat().st_size
    previews = zip(images.classes, that_fit(args.previews[:PREVIEWS], room), strict=False)
    names = names_of(training, loading)
    page = template(args.template).render(
        **trainings(
            training,
            read_rows(args.strategies, StrategyRow),
            read_answer(args.laws, Laws),
            advice,
            claims,
            confirmed,
            args.plan,
            args.figures,
            tables.note(TrainingRow),
            names,
        ),
        study=spec.config["study"],
        settings=spec.config["training"],
        config=json.dumps(spec.config, indent=2, ensure_ascii=False),
        images=images,
        models=list(dict.fromkeys(row.model for row in training)),
        scalings=list(dict.fromkeys(row.scaling for row in training)),
        networks=[ModelFacts.read(path).sentence for path in args.networks],
        profiles=plain_section(profiles, ProfileRow, profile_tables.PROFILES),
        profiles_note=profile_tables.PROFILES_NOTE,
        pop=plain_section(pop, PopRow, profile_tables.POP),
        pop_note=profile_tables.POP_NOTE,
        screen=answers(training, advice, claims, confirmed, loading, answer.feeding),
        left_out=names.say(read_answer(args.left_out, LeftOut).sentence) if args.left_out else "",
        passes=read_answer(args.decided_pass, Pass).sentence if args.decided_pass else "",
        answers=[names.say(sentence) for sentence in answer.sentences],
        loading=section(loading, LoadingRow, tables.LOADING, names),
        attribution=tables.ATTRIBUTION_NOTE,
        dask_report=args.dask_report and Path(os.path.relpath(args.dask_report, args.page.parent)).as_posix(),
        sheet=inline_picture(args.sheet),
        shown=CLASSES,
        previews=[(name, inline_picture(path)) for name, path in previews],
        confusions=facts.confusions(training, records),
        names=names,
        # Nothing where no launch was a Slurm job.
        jobs=plain_section(jobs if any(row.job_id for row in jobs) else [], JobRow, tables.JOBS),
        environment=facts.environment(records),
        noise=[(name, names.say(value)) for name, value in facts.noise(records)],
    )
    write_text(args.page, page)


if __name__ == "__main__":
    cli.run(main)

"""The figures: the answer's, speedup and efficiency against cores, learning curves, and how the ways to load compare.

Inputs: both scaling tables (parquet), `laws.json`, `recommendation.json`, all records, and what trainings used
(CSV, scripts/training/launch/monitor.py). Outputs, in --folder: `answer` (answer_figure.py), `speedup`, `efficiency`
(scaling_figures.py), `costs` (cost_figures.py), `laws` (law_figures.py), `learning` (training_figures.py), `target`
(target_figure.py), `usage` (usage_figures.py), `loading` and `loading_phases` (loading_figures.py),
`loading_curves` (loading_curves.py), each as `.svg` and `.png`, and what it shows as `.csv` (figure_tables.py).

Equal inputs give equal bytes. Every figure says its n and what its bars are; invalid rows and blocks are not drawn.

By hand:
    python -m scripts.report.figures.draw_figures --training training.parquet --loading loading.parquet \
        --laws laws.json --recommendation recommendation.json --records results/demo/*/records/*/*.json \
        --usage results/demo/training/records/*/b1.usage.csv --folder figures
"""

from pathlib import Path

import pandas as pd

from scripts import cli
from scripts.report.figures import figure_tables
from scripts.report.figures.figure_parts import save
from scripts.report.figures.loading.loading_curves import draw_curves
from scripts.report.figures.loading.loading_figures import draw_phases, draw_throughput
from scripts.report.figures.style import styled
from scripts.report.figures.training.answer_figure import draw_answer
from scripts.report.figures.training.cost_figures import draw_costs
from scripts.report.figures.training.law_figures import draw_laws
from scripts.report.figures.training.scaling_figures import draw_efficiency, draw_speedup
from scripts.report.figures.training.target_figure import draw_target, reached_by
from scripts.report.figures.training.training_figures import draw_learning
from scripts.report.figures.training.usage_figures import draw_usage
from scripts.report.words.point_words import names_of
from scripts.scaling.answers.answer import Recommendations
from scripts.scaling.answers.laws import Laws
from scripts.scaling.tables.read_records import read_all
from scripts.scaling.tables.rows import LoadingRow, TrainingRow
from scripts.scaling.tables.table_file import read_answer, read_rows


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--training", type=Path, required=True)
    parser.add_argument("--loading", type=Path, required=True)
    parser.add_argument("--laws", type=Path, required=True)
    parser.add_argument("--recommendation", type=Path, required=True)
    parser.add_argument("--records", type=Path, nargs="+", required=True)
    parser.add_argument("--usage", type=Path, nargs="+", required=True, help="of one launch of each point")
    parser.add_argument("--folder", type=Path, required=True)
    args = parser.parse_args()
    training, loading = read_rows(args.training, TrainingRow), read_rows(args.loading, LoadingRow)
    records = read_all(args.records)
    trained = [one for one in records if one.stage == "training"]
    loaded = [one for one in records if one.stage == "loading"]
    advice, laws = read_answer(args.recommendation, Recommendations), read_answer(args.laws, Laws)
    speedups, throughputs = figure_tables.speedups(training), figure_tables.throughputs(loading)
    names = names_of(training, loading)
    usage = {path.parent.name: pd.read_csv(path) for path in args.usage}
    used = pd.concat([table.assign(point=point) for point, table in usage.items()])
    with styled():
        save(draw_answer(training, advice), args.folder, "answer", speedups)
        save(draw_speedup(training), args.folder, "speedup", speedups)
        save(draw_efficiency(training), args.folder, "efficiency", speedups)
        save(draw_costs(training), args.folder, "costs", figure_tables.costs(training))
        save(draw_laws(laws, training), args.folder, "laws", figure_tables.foretold(laws))
        save(draw_learning(training, trained), args.folder, "learning", figure_tables.learned(training, trained))
        table = figure_tables.targets(reached_by(training, trained))
        save(draw_target(training, trained, names), args.folder, "target", table)
        save(draw_usage(usage, names), args.folder, "usage", used)
        save(draw_throughput(loading, loaded), args.folder, "loading", throughputs)
        save(draw_curves(loading), args.folder, "loading_curves", throughputs)
        save(draw_phases(loading), args.folder, "loading_phases", figure_tables.phases(loading))


if __name__ == "__main__":
    cli.run(main)

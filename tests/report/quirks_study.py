"""The study of quirks.py as the scaling stage leaves it."""

from pathlib import Path

from quirks import BLOCKS, LOADING, SKIPPED, TRAINING, accounting, loading_record, training_record
from quirks_files import write_images, write_networks, write_records, write_usage
from quirks_programs import answer_study

from scripts.atomic import write_text
from scripts.loading.points import LoadingPoint
from scripts.scaling.answers import answer_loading
from scripts.scaling.answers.answer_loading import AnswerSpec
from scripts.scaling.tables import tabulate_jobs, tabulate_loading, tabulate_strategies, tabulate_training
from scripts.scaling.tables.read_records import read_all, read_records
from scripts.scaling.tables.rows import JobRow, LoadingRow, StrategyRow, TrainingRow
from scripts.scaling.tables.table_file import write_table
from scripts.scaling.tables.tabulate_training import TableSpec
from scripts.training.points import TrainingPoint


def make_study(folder: Path) -> None:
    """The results folder of the study of quirks.py, without a report."""
    write_images(folder / "images")
    training = write_records(folder, (training_record(point, block) for point in TRAINING for block in BLOCKS))
    loading = write_records(folder, (loading_record(point, block) for point in LOADING for block in BLOCKS))
    write_usage(folder)
    write_networks(folder)
    tables = folder / "scaling"
    scaling = TableSpec(baseline="serial-1", confidence=0.95, loss_tolerance=0.25)
    trained = read_records(training, TrainingPoint.model_validate)
    rows = tabulate_training.rows(trained, list(TRAINING), scaling)
    write_table(rows, TrainingRow, tables / "training.csv", tables / "training.parquet")
    brought = read_records(loading, LoadingPoint.model_validate)
    loaded = tabulate_loading.rows(brought, list(LOADING), 0.95)
    write_table(loaded, LoadingRow, tables / "loading.csv", tables / "loading.parquet")
    spec = AnswerSpec(
        loading=list(LOADING), training=list(TRAINING), scaling=scaling, needed_images_per_second=None, skipped=SKIPPED
    )
    answer = answer_loading.answer(brought, trained, spec)
    write_text(tables / "loading.json", answer.model_dump_json())
    strategies = tabulate_strategies.rows(rows)
    write_table(strategies, StrategyRow, tables / "strategies.csv", tables / "strategies.parquet")
    answer_study(folder)
    jobs = tabulate_jobs.rows(read_all([*training, *loading]), accounting(), "sacct does not know the job's end")
    write_table(jobs, JobRow, tables / "jobs.csv", tables / "jobs.parquet")

"""The tables on a terminal."""

import re
import shutil
from pathlib import Path

import pytest
from quirks import BLOCKS, DRIFTS, LOADING, STRAYS, TRAINING, WRONG
from quirks_programs import python

from scripts.errors import UserError
from scripts.report.terminal.print_answer import WIDTH
from scripts.report.words import tables
from scripts.scaling.tables.rows import JobRow, LoadingRow, TrainingRow
from scripts.scaling.tables.table_file import read_rows, write_table


@pytest.fixture(scope="module")
def output(study: Path) -> str:
    return python("scripts.report.terminal.print_tables", study / "scaling")


@pytest.fixture(scope="module")
def printed(output: str) -> str:
    before, _, after = output.partition("Jobs\n")
    return before + "Scaling laws" + after.partition("Scaling laws")[2]


@pytest.fixture(scope="module")
def jobs(output: str) -> str:
    return output.partition("Jobs\n")[2].partition("Scaling laws")[0]


def test_every_point_has_a_line(printed: str) -> None:
    starts = {line.split(" ")[0] for line in printed.splitlines()}

    assert set(TRAINING) | set(LOADING) <= starts


def test_no_line_is_longer_than_the_width_of_a_pipe(output: str) -> None:
    assert max(map(len, output.splitlines())) <= WIDTH


def test_a_speedup_stands_with_its_interval(printed: str) -> None:
    line = next(line for line in printed.splitlines() if line.startswith("resnet18-ddp-4"))

    assert re.search(r" \d\.\d\d \[\d\.\d\d, \d\.\d\d\] ", line)


def test_what_does_not_count_is_explained_below_its_table(printed: str) -> None:
    flat = " ".join(printed.split())

    assert f"{STRAYS}: blocks 1, 2, 3, 4: its loss curve is" in flat
    assert f"{WRONG}: blocks 1, 2, 3, 4: checksum: expected a1b2, found ffff" in flat
    assert f"{DRIFTS[0]}: block {DRIFTS[1]}: drifted: calibrations differ by 21%" in flat


def test_an_invalid_point_is_called_invalid(printed: str) -> None:
    tables_only = printed.partition("Scaling laws")[0]
    lines = [line for line in tables_only.splitlines() if line.startswith((f"{STRAYS} ", f"{WRONG} "))]

    assert len(lines) == 2
    assert all(" invalid " in line for line in lines)


def test_each_models_baseline_is_named_with_its_seconds(printed: str) -> None:
    flat = " ".join(printed.split())

    first, other = (rf"One process, {one} \({one}-serial-1\): \d\d\.\d s \(n = 4\)" for one in ("resnet18", "resnet50"))
    assert re.search(rf"{first}\. {other}\.", flat)


def test_where_the_time_goes_adds_up_on_paper(printed: str) -> None:
    table = printed.partition("Where the time goes")[2].partition("Scaling laws")[0]
    [line] = [line for line in table.splitlines() if line.startswith("pool_map-2-16 ")]

    *parts, whole = [float(cell) for cell in line.split()[1:]]
    assert len(parts) == 5
    assert sum(parts) == pytest.approx(whole, abs=1)


def test_the_answer_is_given_in_sentences(printed: str) -> None:
    flat = " ".join(printed.partition("The answer")[2].split())

    assert "Packed loads fastest with a warm page cache: " in flat
    assert "Pool map with 2 workers and chunks of 16 (cold page cache) loads fastest with a cold page cache: " in flat
    assert "Loaded were 1,200 images of 32 px on this machine (4 cores, AMD EPYC 7763)." in flat
    assert (
        "A trainer takes 99.4 images/s (DDP with 4 workers (resnet18)). It is fed at the least cost by packed" in flat
    )
    assert "ffcv was not measured: the package <ffcv> is not installed. Ask for " in flat


def test_laws_and_refused_claims_are_printed(printed: str) -> None:
    flat = " ".join(printed.partition("Scaling laws")[2].partition("The answer")[0].split())

    assert "DDP (resnet18) (1, 2, 4 workers, 4 blocks) follows amdahl: serial fraction 0.06" in flat
    assert "Refused claims" in flat
    assert "FSDP with 2 workers (resnet18) has no valid block" in flat


def test_a_folder_without_tables_is_a_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="found no file, expected a scaling table"):
        read_rows(tmp_path / "training.parquet", TrainingRow)


def test_a_table_of_another_kind_is_a_users_mistake(study: Path) -> None:
    with pytest.raises(UserError, match="no table of this version"):
        read_rows(study / "scaling/loading.parquet", TrainingRow)


def test_jobs_are_shown_as_medians_of_each_point(jobs: str) -> None:
    assert re.search(r"^resnet18-ddp-2 +4 +25 +50 +0\.750 +1\.00$", jobs, flags=re.MULTILINE)
    assert re.search(r"^resnet50-ddp-2 +3 +20 +50 ", jobs, flags=re.MULTILINE)
    loading, launches = len(LOADING) * len(BLOCKS), (len(LOADING) + len(TRAINING)) * len(BLOCKS)
    assert f"1 of {launches} launches: no accounting: sacct does not know the job's end" in jobs
    assert f"{loading} of {launches} launches: not a Slurm job" in jobs


def test_without_a_slurm_job_no_jobs_are_printed(study: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(study / "scaling", tmp_path / "scaling")
    jobs = [row for row in read_rows(folder / "jobs.parquet", JobRow) if row.job_id is None]
    write_table(jobs, JobRow, folder / "jobs.csv", folder / "jobs.parquet")

    assert "Jobs" not in python("scripts.report.terminal.print_tables", folder)


@pytest.mark.parametrize(
    ("columns", "kind"), [(tables.TRAINING, TrainingRow), (tables.LOADING, LoadingRow), (tables.JOBS, JobRow)]
)
def test_every_column_says_what_it_means(columns: list[tables.Column], kind: type[TrainingRow]) -> None:
    assert all(column.meaning(kind) for column in columns)

"""A user's mistake ends a run before any job, or in the first that can see it, with one clear error."""

from pathlib import Path

import pandas as pd
import pytest
from helping import ROOT, Run


def classes(folder: Path, **counts: int) -> str:
    for name, count in counts.items():
        (folder / name).mkdir(parents=True)
        for i in range(count):
            (folder / name / f"{i}.jpg").write_bytes(b"not looked at before the first job")
    return str(folder)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["images={'folder': 'nowhere'}"], "images.folder: nowhere is not a folder"),
        (["images={'folder': 'empty'}"], "images.folder: empty holds no images"),
        (["images={'folder': 'one'}"], "images.folder: found one class, 'a'"),
        (["images={'folder': 'few'}"], "images.folder: class 'b' has 2 of the 3 images"),
        (["images={'folder': 'good'}"], "training.global_batch: found 32; expected at most the 14 training images"),
        (["training={'workers': [0]}"], "training.workers[0]: found '0'"),
        (["training={'global_batch': 4096}"], "training.global_batch: found 4096; expected at most the 240 training"),
        (["images={'folder': 'sides'}"], "images.folder: each of odd, other in sides holds a, b: they may be sides"),
        (["again=all"], "again: found 'all'; expected 'invalid', for the launches that do not count"),
        (["colour=blue"], "colour: unknown key"),
        (["images={'size': 'large'}"], "images.size: found 'large'"),
    ],
)
def test_bad_input_ends_before_any_job_with_one_clear_error(
    settings: list[str], message: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    classes(tmp_path / "one", a=9)
    classes(tmp_path / "few", a=9, b=2)
    classes(tmp_path / "good", a=9, b=9)
    classes(tmp_path / "sides/odd", a=9, b=9)
    classes(tmp_path / "sides/other", a=9, b=9)
    done = run(
        ROOT, "snakemake", "--profile", "local", "--directory", str(tmp_path), "--config", *settings, check=False
    )
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "results").exists()


def test_a_folder_without_one_readable_image_stops_with_the_reason_at_the_first_attempt(
    run: Run, tmp_path: Path
) -> None:
    classes(tmp_path / "junk", a=20, b=20)
    settings = ["images={'folder': 'junk', 'shards': 1}", "study=junk"]
    flags = ["--profile", "local", "--retries", "2", "--directory", str(tmp_path), "--config", *settings]
    done = run(ROOT, "snakemake", *flags, check=False)
    assert done.returncode != 0
    assert "Error in rule" in done.stderr
    assert "Trying to restart job" not in done.stderr
    assert "error: 40 of 40 files cannot be used" in done.stdout + done.stderr
    assert "results/junk/images/rejects.csv" in done.stdout + done.stderr
    assert len(pd.read_csv(tmp_path / "results/junk/images/rejects.csv")) == 40
    assert not (tmp_path / "results/junk/images/split.parquet").exists()

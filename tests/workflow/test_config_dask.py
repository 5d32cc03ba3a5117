"""What runs on Dask over the nodes: refused where there is no Slurm, and never there unless asked for."""

from pathlib import Path
from typing import Any

import pytest
from helping import Run, copy_checkout

from scripts import config
from scripts.errors import ConfigError


@pytest.fixture
def sbatch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PATH with nothing but a program named sbatch."""
    (tmp_path / "sbatch").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"images": {"pack_on": "dask"}}, "images.pack_on: 'dask' needs sbatch, which is not on the PATH"),
        (
            {"loading": {"backends": ["serial", "dask_jobqueue"]}},
            "loading.backends: 'dask_jobqueue' needs sbatch, which is not on the PATH",
        ),
    ],
)
def test_what_needs_slurm_is_refused_where_there_is_none(
    raw: dict[str, Any], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match=message):
        config.read(raw)


@pytest.mark.usefixtures("sbatch")
def test_what_needs_slurm_can_be_chosen_where_it_is() -> None:
    study = config.read({"images": {"pack_on": "dask"}, "loading": {"backends": ["serial", "dask_jobqueue"]}})
    assert study.images.pack_on == "dask"
    assert study.loading.backends == ["serial", "dask_jobqueue"]


@pytest.mark.usefixtures("sbatch")
def test_no_study_gets_dask_over_nodes_unasked() -> None:
    study = config.read({})
    assert study.images.pack_on == "jobs"
    assert "dask_jobqueue" not in study.loading.backends
    assert "dask_processes" in study.loading.backends


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"images": {"pack_on": "nodes"}}, "images.pack_on: found 'nodes'"),
        ({"images": {"dask_workers": 0}}, "images.dask_workers: found 0"),
    ],
)
def test_a_wrong_setting_is_named(raw: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        config.read(raw)


@pytest.mark.parametrize(
    ("pack_on", "expected"), [("jobs", {"pack_shard": 2}), ("dask", {"pack_shards_dask": 1})], ids=["jobs", "dask"]
)
def test_shards_are_packed_by_a_job_each_or_by_one_for_all_with_memory_for_the_largest_picture(
    pack_on: str, expected: dict[str, int], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copy_checkout(tmp_path / "study")
    (tmp_path / "sbatch").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    (folder / "study.yaml").write_text(
        f"images: {{pack_on: {pack_on}, dask_workers: 3, shards: 2, limits: {{max_pixels: 100000000}}}}\n"
    )

    printed = run(folder, "snakemake", "--dry-run", "--configfile", "study.yaml", "--until", "index_shards").stdout

    stats = [line.split() for line in printed.splitlines() if line.startswith("pack_shard")]
    assert {name: int(count) for name, count in stats} == expected
    assert {"jobs": " mem_mb=4900", "dask": "worker_mb=4900"}[pack_on] in printed

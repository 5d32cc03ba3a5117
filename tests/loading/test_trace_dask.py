"""Dask's own account of a loading run, on real pictures and real worker processes."""

import json
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
from helping import ROOT

from scripts.images.decode import Decoder, DecodeSpec
from scripts.images.header import read_bytes, read_header
from scripts.loading.measuring.trace_dask import Mean, Trace, join

DECODE = DecodeSpec(size=16, steps=[{"resize": {}}])


def alive(session: int) -> list[psutil.Process]:
    """The processes of a session, but for those that have ended and wait to be reaped."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


Traced = tuple[Trace, str, list[psutil.Process]]


@pytest.fixture(scope="module")
def traced(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Traced:
    """The tasks of a run over 36 pictures in chunks of 8, Dask's report, and processes that outlive the run."""
    folder = tmp_path_factory.mktemp("traced")
    paths = sorted(path.relative_to(pictures).as_posix() for path in pictures.glob("*/*.jpg"))
    table = [{"path": path, "shard": 0, "row": i, "class": path[:3], "split": "train"} for i, path in enumerate(paths)]
    pd.DataFrame(table).to_parquet(folder / "split.parquet")
    spec = {"decode": DECODE.model_dump(mode="json"), "workers": 2, "chunk": 8, "seed": 0}
    command = [sys.executable, "-m", "scripts.loading.measuring.trace_dask", "--folder", str(pictures)]
    command += ["--split", str(folder / "split.parquet"), "--graph", str(folder / "dask_graph.json")]
    command += ["--report", str(folder / "dask_report.html"), "--spec", json.dumps(spec)]
    program = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True)
    _, said = program.communicate()  # it ends when the last process that could write has ended
    assert program.returncode == 0, said
    _, left = psutil.wait_procs(alive(session=program.pid), timeout=300)  # the last may be about to end
    trace = Trace.model_validate_json((folder / "dask_graph.json").read_text())
    return trace, (folder / "dask_report.html").read_text(), left


def test_the_graph_has_the_tasks_of_every_chunk(traced: Traced) -> None:
    trace, _, _ = traced
    assert (trace.images, trace.chunks, trace.drawn) == (36, 5, 5)
    assert trace.needs == {
        **{"join 0": ["mean 0", "mean 1", "mean 2", "mean 3"], "join 1": ["mean 4"], "join 2": ["join 0", "join 1"]},
        **{f"load {i}": [] for i in range(5)},
        **{f"mean {i}": [f"load {i}"] for i in range(5)},
    }


def test_the_run_works_out_the_mean_of_all_pixels(traced: Traced, pictures: Path) -> None:
    data = [read_bytes(path) for path in pictures.glob("*/*.jpg")]
    pixels = np.array([Decoder(DECODE).decode(one, read_header(one)) for one in data])
    assert traced[0].means == pytest.approx(pixels.mean(axis=(0, 1, 2)).tolist())


def test_a_joined_mean_weighs_each_part_by_its_pixels() -> None:
    joined = join([Mean(np.array([0.0, 3.0, 6.0]), 1), Mean(np.array([3.0, 3.0, 3.0]), 2)])
    assert (joined.colour.tolist(), joined.pixels) == ([2.0, 3.0, 4.0], 3)


def test_the_report_is_whole_and_asks_no_network(traced: Traced) -> None:
    _, report, _ = traced
    tags = re.sub(r"(<script[^>]*>).*?</script>", r"\1", report, flags=re.DOTALL)
    assert "Duration" in report
    assert len(report) > 1_000_000  # with all of the code that draws it
    assert "<script" in tags
    assert re.findall(r"https?://[^\s\"'<]*", tags) == []


def test_the_run_leaves_no_process_behind(traced: Traced) -> None:
    assert traced[2] == []

"""A study in an environment that was made for other programs, and in a folder of the user's own modules."""

import json
import os
from pathlib import Path

import pandas as pd
import pytest
from helping import ROOT, Run

STUDY = """
study: t
images:
  {folder: PICTURES, size: 32, shards: 1, fractions: {train: 0.6, valid: 0.2, test: 0.2}}
loading: {backends: [serial, joblib], workers: [2], chunks: [4], passes: 1, window_seconds: 0, blocks: 1}
training: {model: tiny_cnn, workers: [2], global_batch: 8, epochs: 2, warmup_steps: 1, profile: false, blocks: 1}
"""
# Each fails, or makes invalid, whatever takes it.
FOREIGN = {
    "MPLBACKEND": "module://of_a_notebook",
    "OMP_PROC_BIND": "true",
    "GOMP_CPU_AFFINITY": "0",
    "KMP_AFFINITY": "compact",
    "OMP_THREAD_LIMIT": "1",
    "JOBLIB_MULTIPROCESSING": "0",
    "PYTHONSTARTUP": "/nowhere/startup.py",
    "PYTHONWARNINGS": "error::FutureWarning",
    "GLOO_SOCKET_IFNAME": "lo",
}
FAILING = "raise SystemExit('a module of the user took the place of another')\n"


@pytest.fixture(scope="module")
def results(run: Run, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a study that ran there."""
    folder, modules = tmp_path_factory.mktemp("theirs"), tmp_path_factory.mktemp("modules")
    for module in (folder / "random.py", folder / "scripts/__init__.py", modules / "scripts/__init__.py"):
        module.parent.mkdir(exist_ok=True)
        module.write_text(FAILING)
    (folder / "matplotlibrc").write_text("text.usetex: True\nfont.family: Their Own\nfigure.dpi: 5\n")
    (folder / "study.yaml").write_text(STUDY.replace("PICTURES", str(pictures)))
    with pytest.MonkeyPatch.context() as patched:
        for name, value in FOREIGN.items():
            patched.setenv(name, value)
        patched.setenv("PYTHONPATH", os.pathsep.join(["", str(modules), "modules"]))
        flags = ["--profile", "local", "--directory", str(folder), "--configfile", str(folder / "study.yaml")]
        run(ROOT, "snakemake", *flags, "--until", "draw_figures", "contact_sheet", fresh=True)
    return folder / "results/t"


@pytest.mark.parametrize("stage", ["loading", "training"])
def test_every_row_is_valid(results: Path, stage: str) -> None:
    table = pd.read_csv(results / "scaling" / f"{stage}.csv")
    found = [json.loads(path.read_text()) for path in sorted(results.glob(f"{stage}/records/*/b1.json"))]
    assert len(found) == len(table) > 1
    assert [one["validity"]["faults"] for one in found] == [[]] * len(found)
    assert {one["environment"]["usable_cores"] for one in found} == {len(os.sched_getaffinity(0))}


def test_what_was_set_aside_and_what_was_obeyed_is_recorded(results: Path) -> None:
    settings = json.loads((results / "training/records/tiny_cnn-ddp-2/b1.json").read_text())["environment"]["threads"]
    assert settings["OMP_PROC_BIND"] == "true (set aside)"
    assert settings["GOMP_CPU_AFFINITY"] == "0 (set aside)"
    assert settings["GLOO_SOCKET_IFNAME"] == "lo"
    assert settings["OMP_NUM_THREADS"] == "1"


def test_figures_are_drawn_in_their_own_style(results: Path) -> None:
    figure = (results / "report/figures/loading.svg").read_text()
    assert "DejaVu Sans" in figure
    assert "Their Own" not in figure

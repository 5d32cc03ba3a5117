"""Real pictures, with no edit but the path."""

import json
import shutil
from pathlib import Path
from subprocess import CompletedProcess

import pandas as pd
import pytest
from helping import ROOT, Run

pytestmark = pytest.mark.real_images

SHORT = [
    "loading={'backends': ['serial', 'pool_imap_unordered', 'packed'], 'workers': [2], 'passes': 1, 'blocks': 1,"
    " 'window_seconds': 0}",
    "training={'model': 'tiny_cnn', 'workers': [2], 'global_batch': 16, 'epochs': 2, 'warmup_steps': 1, 'blocks': 1,"
    " 'profile': False}",
    "measuring={'again': 0}",
]


def study(run: Run, tmp_path: Path, *config: str, until: str = "all", check: bool = True) -> CompletedProcess[str]:
    command = ["snakemake", "--profile", "local", "--directory", str(tmp_path), "--until", until]
    command += ["--configfile", str(ROOT / "config/studies/folder.yaml"), "--config", *config]
    return run(ROOT, *command, check=check)


def few(pictures: Path, folder: Path, most: int = 60) -> Path:
    """So many of each class, where there are more; in a folder of the same name, by links."""
    for label in pictures.iterdir():
        (folder / pictures.name / label.name).mkdir(parents=True)
        for path in sorted(label.iterdir())[:most]:
            (folder / pictures.name / label.name / path.name).symlink_to(path)
    return folder / pictures.name


@pytest.mark.parametrize("name", ["chest_xray", "hymenoptera", "lc25000_224", "lc25000_768", "wbc_320"])
def test_a_folder_of_real_pictures_runs_to_its_report(name: str, run: Run, real_images: Path, tmp_path: Path) -> None:
    pictures = few(real_images / name, tmp_path)
    study(run, tmp_path, f"images={{'folder': '{pictures}', 'size': 32, 'shards': 2}}", *SHORT)
    results = tmp_path / "results" / name
    for table in ("loading", "training"):
        rows = pd.read_csv(results / "scaling" / f"{table}.csv")
        assert (rows["validity"].eq("valid") | rows["reason"].notna()).all()
    # The rows of a disturbed machine are invalid; what was loaded and evaluated is right all the same.
    records = [json.loads(path.read_text()) for path in results.glob("*/records/*/*.json")]
    assert len(records) == 7  # two of them ceilings of loading
    assert all(record["validity"]["ok"] for record in records)
    page = (results / "report" / "index.html").read_text()
    assert all(path.name in page for path in (real_images / name).iterdir())


def test_one_class_is_refused_in_one_sentence(run: Run, real_images: Path, tmp_path: Path) -> None:
    done = study(run, tmp_path, f"images={{'folder': '{real_images / 'imagenet_sample'}'}}", check=False)
    assert done.returncode == 1
    errors = [line for line in done.stderr.splitlines() if "error" in line]
    assert errors == ["error: images.folder: found one class, 'mixed'; a classifier needs two or more"]


def test_known_groups_stay_on_one_side(run: Run, real_images: Path, tmp_path: Path) -> None:
    manifest = pd.read_csv(real_images / "manifest.csv")
    manifest = manifest[manifest["set"] == "lc25000_224"]
    groups = pd.DataFrame({"path": manifest["path"].str.partition("/")[2], "group": manifest["source_group"]})
    groups.to_csv(tmp_path / "groups.csv", index=False)
    folder = real_images / "lc25000_224"
    study(run, tmp_path, f"images={{'folder': '{folder}', 'groups': 'groups.csv', 'size': 16}}", until="split")
    split = pd.read_parquet(tmp_path / "results/lc25000_224/images/split.parquet").set_index("path")["split"]
    sides = split.groupby(groups.set_index("path")["group"]).nunique()
    assert len(sides) > 500
    assert (sides == 1).all()
    assert split.value_counts(normalize=True)["train"] == pytest.approx(0.8, abs=0.02)
    leaks = json.loads((tmp_path / "results/lc25000_224/images/leaks.json").read_text())
    assert leaks["actual"] == 0
    assert leaks["random_mean"] > 300


def test_awkward_names_are_packed_or_rejected_by_name(run: Run, real_images: Path, tmp_path: Path) -> None:
    names = real_images.parent / "awkward" / "names"
    shutil.copytree(names, tmp_path / "raw" / "awkward")
    shutil.copytree(real_images / "hymenoptera" / "bees", tmp_path / "raw" / "bees")
    study(run, tmp_path, "images={'folder': 'raw', 'size': 16}", until="split")
    index = pd.read_parquet(tmp_path / "results/raw/images/index.parquet")
    awkward = index[index["class"] == "awkward"]
    assert set(awkward["path"]) == {f"awkward/{path.name}" for path in names.iterdir()}
    assert (awkward["status"] == "ok").all()

"""Where images can come from, and what a change there makes stale: the images stage as its users run it."""

import csv
import functools
import hashlib
import http.server
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helping import ROOT, Run, killed_at_work, write_jpeg

from scripts.images.source import shard_of

SHARDS = 6
Images = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def images(run: Run, tmp_path: Path) -> Images:
    """Run the images stage in `tmp_path`, with settings of `images` and flags of Snakemake."""

    def stage(settings: dict[str, object], *flags: str, target: str = "channel_stats", **how: bool):
        given = {"size": 16, "shards": SHARDS} | settings
        command = ["snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "2", "--directory", str(tmp_path)]
        config = ["--config", f"images={given}", "study=t", "training={'global_batch': 8}"]
        return run(ROOT, *command, *flags, "--until", target, *config, **how)

    return stage


@pytest.fixture
def raw(pictures: Path, tmp_path: Path) -> Path:
    return shutil.copytree(pictures, tmp_path / "raw")


def stale_shards(images: Images, settings: dict[str, object]) -> set[int]:
    """The shards that a dry run would pack."""
    printed = images(settings, "--dry-run").stdout
    return {int(number) for number in re.findall(r"output: results/t/images/shards/(\d+)\.npy", printed)}


def split_of(tmp_path: Path) -> pd.DataFrame:
    return pd.read_parquet(tmp_path / "results/t/images/split.parquet").set_index("path")


def shard(path: str) -> int:
    return shard_of(path, SHARDS)


def test_each_change_of_one_image_makes_exactly_its_shards_stale_and_moves_few_others(
    images: Images, raw: Path, tmp_path: Path
) -> None:
    settings = {"folder": "raw"}
    images(settings)
    assert stale_shards(images, settings) == set()

    def after(change: Callable[[], object], *changed: str) -> int:
        """Make one change; how many images that it did not touch are in another split after it."""
        before = split_of(tmp_path)["split"]
        change()
        assert stale_shards(images, settings) == {shard(path) for path in changed}
        images(settings)
        both = pd.concat([before, split_of(tmp_path)["split"]], axis=1, join="inner").drop(
            list(changed), errors="ignore"
        )
        return int((both.iloc[:, 0] != both.iloc[:, 1]).sum())

    moved = {
        "add": after(lambda: write_jpeg(raw / "ash/new.jpg", seed=900), "ash/new.jpg"),
        "change": after(lambda: write_jpeg(raw / "ash/ash_05.jpg", seed=901), "ash/ash_05.jpg"),
        "rename": after(
            lambda: (raw / "ash/ash_06.jpg").rename(raw / "ash/other.jpg"), "ash/ash_06.jpg", "ash/other.jpg"
        ),
        "delete": after((raw / "ash/ash_07.jpg").unlink, "ash/ash_07.jpg"),
    }
    assert moved["rename"] == 0
    assert max(moved.values()) <= 2


def test_folders_that_are_split_already_keep_their_split(images: Images, pictures: Path, tmp_path: Path) -> None:
    for i, path in enumerate(sorted(pictures.rglob("*.jpg"))):
        side = ("train", "train", "val", "test")[i % 4]
        target = tmp_path / "raw" / side / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    images({"folder": "raw"})
    split = split_of(tmp_path)
    assert set(split["class"]) == {"ash", "birch", "cedar"}
    assert (split.index.str.partition("/").get_level_values(0) == split["split"].str.replace("valid", "val")).all()


@pytest.fixture
def manifest(pictures: Path, tmp_path: Path) -> Path:
    """A manifest in which the label is not the folder, with a group of two and a hash each."""
    with (tmp_path / "m.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "label", "group", "sha256"])
        for path in sorted(pictures.rglob("*.jpg")):
            group = "pair" if path.name in {"ash_01.jpg", "birch_01.jpg"} else ""
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            rows.writerow([path.relative_to(pictures).as_posix(), f"tree {path.parent.name}", group, digest])
    return tmp_path / "m.csv"


@pytest.mark.parametrize("track", ["files", "manifest"])
def test_a_manifest_names_classes_and_groups_and_a_changed_row_makes_one_shard_stale(
    track: str, images: Images, manifest: Path, pictures: Path, tmp_path: Path
) -> None:
    settings = {"folder": str(pictures), "manifest": "m.csv", "track": track}
    images(settings)
    split = split_of(tmp_path)
    assert set(split["class"]) == {"tree ash", "tree birch", "tree cedar"}
    assert split["split"]["ash/ash_01.jpg"] == split["split"]["birch/birch_01.jpg"]
    assert stale_shards(images, settings) == set()
    manifest.write_text(manifest.read_text().replace("cedar/cedar_03.jpg,tree cedar", "cedar/cedar_03.jpg,tree ash"))
    assert stale_shards(images, settings) == {shard("cedar/cedar_03.jpg")}


def test_a_tracked_manifest_costs_the_dag_nothing_for_its_images(images: Images, tmp_path: Path) -> None:
    rows = [f"never/looked/at/{i}.jpg,{'ab'[i % 2]}" for i in range(20_000)]
    (tmp_path / "m.csv").write_text("\n".join(["path,label", *rows]))
    printed = images({"manifest": "m.csv", "track": "manifest"}, "--dry-run").stdout
    assert len(re.findall(r"^rule pack_shard:", printed, re.MULTILINE)) == SHARDS
    assert "never/looked/at" not in printed


def test_a_manifest_of_fewer_images_than_shards_is_packed(
    images: Images, manifest: Path, pictures: Path, tmp_path: Path
) -> None:
    head, *rows = manifest.read_text().splitlines()
    manifest.write_text("\n".join([head, *rows[::2], ""]))  # 18 images, 6 of each class
    settings = {"folder": str(pictures), "manifest": manifest.name, "track": "manifest", "shards": 24}
    images(settings, target="index_shards")
    packed = [np.load(path, mmap_mode="r") for path in tmp_path.glob("results/t/images/shards/*.npy")]
    assert len(packed) == 24
    assert sum(map(len, packed)) == 18


def test_equal_bytes_of_two_classes_are_rejected(images: Images, raw: Path, tmp_path: Path) -> None:
    shutil.copy(raw / "ash/ash_01.jpg", raw / "birch/copy.jpg")
    images({"folder": "raw", "max_reject_fraction": 0.1})
    rejects = pd.read_csv(tmp_path / "results/t/images/rejects.csv").set_index("path")["reason"]
    assert rejects.to_dict() == {
        "ash/ash_01.jpg": "of class 'ash', with the bytes of birch/copy.jpg, of class 'birch'",
        "birch/copy.jpg": "of class 'birch', with the bytes of ash/ash_01.jpg, of class 'ash'",
    }
    assert "ash/ash_01.jpg" not in split_of(tmp_path).index


def test_names_that_snakemake_takes_for_wildcards_or_cannot_print_run_through(
    images: Images, raw: Path, tmp_path: Path
) -> None:
    (raw / "ash").rename(raw / "it's {x}")
    (raw / "birch").rename(raw / "line\nbreak")
    (raw / "cedar" / "cedar_00.jpg").rename(raw / "cedar" / "img{601}_x.jpg")
    images({"folder": "raw"}, target="draw_preview")
    images({"folder": "raw"})
    assert set(split_of(tmp_path)["class"]) == {"it's {x}", "line\nbreak", "cedar"}


def test_a_folder_of_another_archive_is_refused(images: Images, served: str, raw: Path) -> None:
    settings = {"folder": raw.name, "archive": {"url": served, "checksum": f"sha256:{'0' * 64}"}}
    done = images(settings, check=False)
    assert done.returncode == 1
    assert "error: images.folder: raw was unpacked from no archive; images.archive.checksum is sha256:00" in done.stderr


def test_a_file_that_a_manifest_names_and_that_is_gone_is_rejected_by_name(
    images: Images, manifest: Path, pictures: Path, tmp_path: Path
) -> None:
    manifest.write_text(manifest.read_text() + "cedar/gone.jpg,tree cedar,,\n")
    images({"folder": str(pictures), "manifest": "m.csv"})
    rejects = pd.read_csv(tmp_path / "results/t/images/rejects.csv")
    assert rejects.values.tolist() == [["cedar/gone.jpg", "cannot be read: No such file or directory"]]


@pytest.fixture
def served(pictures: Path, tmp_path: Path) -> Iterator[str]:
    """The address of an archive of the pictures on a server of this machine."""
    shutil.make_archive(str(tmp_path / "www" / "set"), "zip", pictures)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path / "www")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/set.zip"
        server.shutdown()


def test_an_archive_is_fetched_by_one_run_and_studied_by_the_next(images: Images, served: str, tmp_path: Path) -> None:
    checksum = hashlib.sha256((tmp_path / "www/set.zip").read_bytes()).hexdigest()
    settings = {"folder": "fetched", "archive": {"url": served, "checksum": f"sha256:{checksum}"}}
    first = images(settings, target="all")
    assert "run the same command again" in first.stderr
    assert (tmp_path / "fetched/cedar/cedar_11.jpg").exists()
    assert not (tmp_path / "results/t/images/shards").exists()
    images(settings)
    assert len(split_of(tmp_path)) == 36


def test_an_archive_with_another_checksum_ends_with_one_sentence(images: Images, served: str, tmp_path: Path) -> None:
    settings = {"folder": "fetched", "archive": {"url": served, "checksum": f"sha256:{'0' * 64}"}}
    done = images(settings, target="all", check=False)
    assert done.returncode == 1
    assert f"images.archive.checksum is sha256:{'0' * 64}" in (tmp_path / "logs/t/images/fetch_archive.log").read_text()
    assert not (tmp_path / "fetched").exists()


def test_the_preview_packs_nothing(images: Images, pictures: Path, tmp_path: Path) -> None:
    images({"folder": str(pictures), "steps": [{"resize": {}}, {"clahe": {}}]}, target="preview")
    made = [path.relative_to(tmp_path / "results/t").as_posix() for path in (tmp_path / "results/t").rglob("*.*")]
    assert sorted(made) == [f"report/preview/{number:02d}.png" for number in range(3)]


def test_a_killed_pack_leaves_no_shard_that_is_taken_for_whole(
    images: Images, raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, shard_0 = {"folder": raw.name, "shards": 1}, tmp_path / "results/t/images/shards/0000.npy"
    path = killed_at_work(tmp_path, "scripts.images.pack_shard", "hashlib.sha256", calls=40)  # two an image
    with monkeypatch.context() as patched:
        patched.setenv("PYTHONPATH", path)
        done = images(settings, target="pack_shard", check=False, fresh=True)
    assert done.returncode == 1
    assert "Killed" in done.stderr
    assert not shard_0.exists()
    images(settings, target="pack_shard")
    assert len(np.load(shard_0, mmap_mode="r")) == 36

"""What stands for the training images: stale with them, and with nothing else that a split is made of."""

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest
from helping import STUDY, write_jpeg

from scripts.images.decode import Decoder
from scripts.images.foreseen import foresee
from scripts.images.index_shards import index_images
from scripts.images.pack_shard import PackSpec, pack
from scripts.images.source import entries, shard_of
from scripts.images.split import SplitSpec, split_images
from scripts.images.training_images import Asked, TrainingImages, read_training, text_of
from scripts.spec import canonical

SHARDS = 3
PACKING = canonical(
    decode={"size": 16, "steps": [{"resize": {}}]}, limits=STUDY.images.limits, shards=SHARDS, listed=""
)
SPLITTING = canonical(fractions={"train": 0.6, "valid": 0.2, "test": 0.2}, max_reject_fraction=0.05, seed=0)
ASKED = Asked(how="settings", entries="files")


class Packed:
    """A folder of raw files, and what a run makes of it."""

    def __init__(self, raw: Path, images: Path) -> None:
        self.raw, self.images, self.time = raw, images, 1_000
        (images / "shards").mkdir(parents=True)
        self.run()

    def run(self) -> None:
        """Pack, index and split, each a second after the other."""
        spec, listed = PackSpec.model_validate_json(PACKING), entries(self.raw)
        decoder = Decoder(spec.decode)
        tables = []
        for shard in range(SHARDS):
            some = [entry for entry in listed if shard_of(entry.path, SHARDS) == shard]
            tables.append(pack(self.raw, shard, some, decoder, spec.limits, keep=lambda _: None))
            self.write(tables[-1], self.images / f"shards/{shard:04d}.parquet")
        index = index_images(pd.concat(tables), None, 32)
        self.write(index, self.images / "index.parquet")
        split = split_images(index, Path("rejects.csv"), SplitSpec.model_validate_json(SPLITTING))
        self.write(split, self.images / "split.parquet")

    def write(self, table: pd.DataFrame, path: Path) -> None:
        table.to_parquet(path)
        self.time += 1
        os.utime(path, (self.time, self.time))

    def side(self, name: str) -> list[str]:
        split = pd.read_parquet(self.images / "split.parquet")
        return split.loc[split["split"] == name, "path"].tolist()

    def foresee(self, *differing: str) -> str | None:
        tables = sorted((self.images / "shards").glob("*.parquet"))
        return foresee(self.raw, tables, entries(self.raw), differing, None, PACKING, 32, SPLITTING)

    @property
    def text(self) -> str:
        return text_of(read_training(self.images / "split.parquet"))


@pytest.fixture
def packed(pictures: Path, tmp_path: Path) -> Packed:
    return Packed(shutil.copytree(pictures, tmp_path / "raw"), tmp_path / "images")


def test_what_will_train_is_worked_out_as_the_jobs_will_have_it(packed: Packed) -> None:
    assert packed.foresee() == packed.text
    path = packed.side("valid")[0]
    write_jpeg(packed.raw / path, seed=900)
    (packed.raw / packed.side("test")[0]).unlink()
    write_jpeg(packed.raw / "ash/new.jpg", seed=901)
    shutil.copy(packed.raw / packed.side("train")[0], packed.raw / "ash/copy.jpg")
    (packed.raw / "birch/00.jpg").write_bytes(b"no picture")
    foreseen = packed.foresee(path)
    packed.run()
    assert foreseen == packed.text


def test_what_a_job_will_refuse_is_not_foreseen(packed: Packed) -> None:
    for path in packed.side("train")[:5]:
        (packed.raw / path).write_bytes(b"no picture")
    assert packed.foresee(*packed.side("train")[:5]) is None


class Start:
    """Starts of Snakemake, each with what is remembered of the last."""

    def __init__(self, packed: Packed, folder: Path) -> None:
        self.packed, self.folder = packed, folder

    def __call__(
        self, asked: Asked = ASKED, differing: tuple[str, ...] = (), foreseen: str | None = None, is_run: bool = True
    ) -> bool:
        images = TrainingImages(self.folder, self.packed.images)
        return images.stay(asked, differing, lambda: foreseen, is_run)

    @property
    def age(self) -> float:
        return (self.folder / "training").stat().st_mtime


@pytest.fixture
def start(packed: Packed, tmp_path: Path) -> Start:
    """Whoever starts next finds what a finished run has left."""
    start = Start(packed, tmp_path / "seen")
    (packed.images / "split.parquet").rename(tmp_path / "aside")
    assert not start()  # before the first split
    assert start.age == 0
    (tmp_path / "aside").rename(packed.images / "split.parquet")
    return start


def test_images_stay_where_nothing_is_asked_anew(start: Start) -> None:
    assert start()
    assert (start.folder / "training").read_text() == start.packed.text
    assert start.age == start.packed.time
    assert start()


def test_the_file_keeps_its_time_while_it_names_the_same_images(start: Start) -> None:
    assert start()
    before = start.age
    start.packed.run()
    assert start.packed.time > before
    assert start()
    assert start.age == before


def test_another_setting_or_code_may_move_them(start: Start) -> None:
    other = Asked(how="other settings", entries=ASKED.entries)
    assert start()
    assert not start(other, is_run=False)
    assert start()
    assert not start(other)
    start.packed.run()
    assert start(other)
    assert not start()


def test_other_files_leave_them_only_where_that_is_foreseen(start: Start) -> None:
    other = Asked(how=ASKED.how, entries="other files")
    assert start()
    assert not start(other, foreseen=None)
    assert not start(other, foreseen="other images")
    assert start(other, foreseen=start.packed.text)
    assert start(ASKED, differing=("val.jpg",), foreseen=start.packed.text)
    assert not start(ASKED, differing=(start.packed.side("train")[0],), foreseen=start.packed.text)


def test_what_was_made_in_part_is_not_believed(start: Start) -> None:
    assert start()
    os.utime(start.packed.images / "shards/0001.parquet", (start.packed.time + 1, start.packed.time + 1))
    assert not start()
    start.packed.run()
    assert start()
    (start.packed.images / "index.parquet").unlink()
    assert not start()


def test_damaged_memory_is_begun_anew(start: Start) -> None:
    assert start()
    (start.folder / "training.json").write_text("{")
    assert not start()

import hashlib
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helping import LIMITS, pack

from scripts.errors import ImageError
from scripts.images.channel_stats import channel_stats
from scripts.images.decode import Decoder, DecodeSpec
from scripts.images.index_shards import assign_groups, reject_contradictions
from scripts.images.known_groups import read_groups
from scripts.images.shards import Shards, digests, read_split
from scripts.images.source import Entry, entries
from scripts.images.split import check_rejects

DECODER = Decoder(DecodeSpec(size=16, steps=[{"resize": {}}]))


def test_a_shard_holds_each_image_in_order_of_path(pictures: Path) -> None:
    listed = entries(pictures)
    pixels, table = pack(pictures, 3, listed, DECODER, LIMITS)
    assert pixels.shape == (36, 16, 16, 3)
    assert table["row"].tolist() == list(range(36))
    assert set(table["shard"]) == {3}
    for row in (0, 17, 35):
        assert (pixels[row] == DECODER(pictures / listed[row].path)).all()


def test_broken_files_are_named_and_leave_no_pixels(pictures: Path, tmp_path: Path) -> None:
    shutil.copytree(pictures / "ash", tmp_path / "ash")
    (tmp_path / "ash" / "ash_03.jpg").write_bytes(b"")
    (tmp_path / "ash" / "notes.txt").write_text("not a picture")
    (tmp_path / "ash" / "gone.jpg").symlink_to("nowhere.jpg")
    pixels, table = pack(tmp_path, 0, entries(tmp_path), DECODER, LIMITS)
    bad = table[table["status"] == "rejected"].set_index("path")["reason"]
    assert bad["ash/ash_03.jpg"] == "empty file"
    assert bad["ash/notes.txt"].startswith("not a picture")
    assert bad["ash/gone.jpg"].startswith("cannot be read")
    assert len(pixels) == 11
    good = table[table["status"] == "ok"]
    assert (pixels[good["row"].iloc[-1]] == DECODER(tmp_path / good["path"].iloc[-1])).all()


def test_a_name_that_is_not_utf8_is_rejected_and_shown(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    Path(os.fsdecode(bytes(tmp_path) + b"/a/\xe9.jpg")).write_bytes(b"x")
    _, table = pack(tmp_path, 0, entries(tmp_path), DECODER, LIMITS)
    assert table["path"].tolist() == ["a/\\xe9.jpg"]
    assert table["reason"].tolist() == ["file name is not UTF-8; rename it"]


def test_a_shard_without_images_is_an_empty_array() -> None:
    pixels, table = pack(Path(), 0, [], DECODER, LIMITS)
    assert pixels.shape == (0, 16, 16, 3)
    assert len(table) == 0


def test_a_file_that_is_not_what_its_manifest_says_is_rejected(pictures: Path) -> None:
    good = hashlib.sha256((pictures / "ash/ash_00.jpg").read_bytes()).hexdigest()
    listed = [Entry("ash/ash_00.jpg", "ash", sha256=good), Entry("ash/ash_01.jpg", "ash", sha256=good)]
    _, table = pack(pictures, 0, listed, DECODER, LIMITS)
    assert table["status"].tolist() == ["ok", "rejected"]
    assert table["reason"][1].endswith(f"is not the manifest's {good}")


def test_a_table_keeps_what_the_source_knows_of_an_image(pictures: Path) -> None:
    _, table = pack(pictures, 0, [Entry("ash/ash_00.jpg", "tree", "test", "patient 7")], DECODER, LIMITS)
    assert table[["class", "given_split", "given_group", "kind"]].values.tolist() == [
        ["tree", "test", "patient 7", "JPEG RGB"]
    ]


def test_equal_pixels_have_equal_digests_and_others_not(pictures: Path) -> None:
    first, again = (pack(pictures, 0, entries(pictures), DECODER, LIMITS)[1]["pixels"] for _ in range(2))
    other = Decoder(DecodeSpec(size=16, steps=[{"resize": {"interpolation": "cubic"}}]))
    assert first.tolist() == again.tolist()
    assert not set(first) & set(pack(pictures, 0, entries(pictures), other, LIMITS)[1]["pixels"])


@pytest.mark.parametrize(
    ("size", "steps"),
    [
        (16, [{"resize": {}}]),
        (16, [{"resize": {}}, {"canny": {}}]),
        (32, [{"gaussian": {"sigma": 9.0}}, {"resize": {}}, {"tissue_mask": {}}]),
        (64, [{"decode": {"scaling": "none"}}, {"resize": {"mode": "pad"}}, {"equalize": {}}]),
    ],
)
def test_what_copies_there_are_depends_on_the_images_and_on_no_step(
    size: int, steps: list[dict[str, dict[str, object]]], pictures: Path
) -> None:
    plain = Decoder(DecodeSpec(size=64, steps=[{"resize": {}}]))
    expected, found = (
        pack(pictures, 0, entries(pictures), decoder, LIMITS)[1]["phash"].tolist()
        for decoder in (plain, Decoder(DecodeSpec(size=size, steps=steps)))
    )
    assert found == expected
    assert len(set(found)) == 36


def test_a_chain_that_ends_in_another_size_is_refused_by_name(pictures: Path) -> None:
    decoder = Decoder(DecodeSpec(size=16, steps=[{"gaussian": {}}]))
    _, table = pack(pictures, 0, entries(pictures)[:1], decoder, LIMITS)
    assert table["reason"][0].startswith("images.steps end in uint8 (24, 24, 3), expected uint8 (16, 16, 3)")


def indexed(**columns: list[str | None]) -> pd.DataFrame:
    rows = pd.DataFrame(columns)
    return rows.assign(given_group=columns.get("given_group"), phash=columns.get("phash"))


def test_equal_files_and_named_groups_stay_together(tmp_path: Path) -> None:
    index = indexed(path=["a/1", "a/2", "b/1", "b/2"], sha256=["x", "x", "y", None])
    assert assign_groups(index, None, 0) == ["sha256:x", "sha256:x", "sha256:y", "path:b/2"]
    (tmp_path / "groups.csv").write_text("path,group\na/1,t1\nb/1,t1\n")
    groups = read_groups(tmp_path / "groups.csv")
    assert assign_groups(index, groups, 0) == ["csv:t1", "csv:t1", "csv:t1", "path:b/2"]


def test_the_groups_of_a_manifest_hold_where_no_csv_says_otherwise() -> None:
    index = indexed(path=["a/1", "a/2", "b/1"], sha256=["x", "y", "z"], given_group=["p", "p", "q"])
    assert assign_groups(index, None, None) == ["csv:p", "csv:p", "csv:q"]
    assert assign_groups(index, {"a/2": "r"}, None) == ["csv:p", "csv:r", "csv:q"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path\na/1\n", "lacks the column group"),
        ("path,group\na,1\na,2\n", "line 3 names 'a' twice"),
        ("", "lacks the column group, path"),
        ("path,group\na,\n", "names no groups"),
        ("path,group\n\udce9,1\n", "cannot be read"),
    ],
)
def test_a_wrong_file_of_groups_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "groups.csv").write_text(text, errors="surrogateescape")
    with pytest.raises(ImageError, match=message):
        read_groups(tmp_path / "groups.csv")


def test_groups_are_named_without_the_blanks_around_them(tmp_path: Path) -> None:
    (tmp_path / "groups.csv").write_text("path, group\na/1,P1 \n./a/2, P1,more\na/3,\n\n")
    assert read_groups(tmp_path / "groups.csv") == {"a/1": "P1", "a/2": "P1"}


def test_a_path_of_no_image_among_the_groups_is_refused() -> None:
    index = indexed(path=["a/1", "a/2"], sha256=["x", "y"])
    with pytest.raises(ImageError, match=r"1 of its 2 paths are of no image, 'a\\\\2' among them; .* as 'a/1'"):
        assign_groups(index, {"a/1": "g", "a\\2": "g"}, None)


def test_equal_bytes_of_two_classes_are_rejected_by_name() -> None:
    index = indexed(path=["a/1", "a/2", "b/1", "b/2", "b/3"], sha256=["x", "y", "x", "z", "z"])
    index = index.assign(**{"class": ["a", "a", "b", "b", "b"], "status": "ok", "row": range(5), "reason": ""})
    found = reject_contradictions(index)
    assert found["status"].tolist() == ["rejected", "ok", "rejected", "ok", "ok"]
    assert found["row"].tolist() == [-1, 1, -1, 3, 4]
    assert found["reason"][0] == "of class 'a', with the bytes of b/1, of class 'b'"
    with pytest.raises(ImageError, match=r"2 of 5 files cannot be used, more than images.max_reject_fraction 0.3"):
        check_rejects(found, Path("rejects.csv"), limit=0.3)


def test_too_many_rejects_stop_the_study_by_name() -> None:
    index = pd.DataFrame(
        {"path": ["a/1", "a/2"], "class": "a", "status": ["ok", "rejected"], "reason": ["", "empty file"]}
    )
    check_rejects(index, Path("rejects.csv"), limit=0.5)
    with pytest.raises(ImageError, match=r"1 of 2 files .* rejects.csv names each \(a/2: empty file\)"):
        check_rejects(index, Path("rejects.csv"), limit=0.4)


def test_a_class_with_no_usable_image_stops_the_study_with_the_cause() -> None:
    index = pd.DataFrame(
        {"path": ["a/1", "b/1"], "class": ["a", "b"], "status": ["ok", "rejected"], "reason": ["", "empty file"]}
    )
    with pytest.raises(ImageError, match=r"class 'b' has no usable image; .* \(b/1: empty file\)"):
        check_rejects(index, Path("rejects.csv"), limit=0.9)


def write_split(folder: Path, pixels: np.ndarray, table: pd.DataFrame, sides: list[str]) -> Path:
    np.save(folder / "0000.npy", pixels)
    table.assign(split=sides, group="g").to_parquet(folder / "split.parquet")
    return folder / "split.parquet"


def test_what_was_packed_is_read_back(pictures: Path, tmp_path: Path) -> None:
    pixels, table = pack(pictures, 0, entries(pictures), DECODER, LIMITS)
    split = write_split(tmp_path, pixels, table, ["train", "train", "test"] * 12)
    train = read_split(split, "train")
    assert len(train) == 24
    assert train.classes == ["ash", "birch", "cedar"]
    assert train.labels.tolist() == [0] * 8 + [1] * 8 + [2] * 8
    gathered = np.empty((24, 16, 16, 3), np.uint8)
    Shards(tmp_path).images(train.shards, train.rows).gather(slice(None), gathered)
    for i, path in enumerate(train.paths):
        assert (gathered[i] == DECODER(pictures / path)).all()


def test_digests_tell_what_images_there_are_apart_from_how_they_are_split(pictures: Path, tmp_path: Path) -> None:
    pixels, table = pack(pictures, 0, entries(pictures), DECODER, LIMITS)
    first = digests(write_split(tmp_path, pixels, table, ["train", "test"] * 18))
    other_split = digests(write_split(tmp_path, pixels, table, ["test", "train"] * 18))
    table.loc[0, "sha256"] = "0" * 64
    other_images = digests(write_split(tmp_path, pixels, table, ["train", "test"] * 18))
    assert first[0] == other_split[0] != other_images[0]
    assert first[1] == other_images[1] != other_split[1]


def test_channel_statistics_are_those_of_the_training_pixels(pictures: Path, tmp_path: Path) -> None:
    pixels, table = pack(pictures, 0, entries(pictures), DECODER, LIMITS)
    sides = ["train", "train", "test"] * 12
    split = write_split(tmp_path, pixels, table, sides)
    stats = channel_stats(Shards(tmp_path), read_split(split, "train"))
    chosen = pixels[np.array(sides) == "train"].reshape(-1, 3).astype(float)
    assert stats["mean"] == pytest.approx(chosen.mean(axis=0), abs=1e-5)
    assert stats["std"] == pytest.approx(chosen.std(axis=0), abs=1e-5)
    assert stats["images"] == 24

"""The contact sheet, and a page of many classes."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from quirks import CLASSES
from quirks_programs import python, render_page

from scripts.images.shards import Shards, read_split
from scripts.report.pictures.contact_sheet import EDGE, GAP, NAMES, choose, draw_sheet, tile
from scripts.report.pictures.draw_preview import printable


def test_the_sheet_has_a_row_of_each_class(study: Path) -> None:
    images, shards = read_split(study / "images/split.parquet", "train"), Shards(study / "images/shards")

    figure = draw_sheet(shards, images, range(3))
    drawn = figure.images[0].get_array()

    assert [text.get_text() for text in figure.texts] == [printable(name) for name in CLASSES]
    for r, row in enumerate(choose(images, range(3))):
        for c, i in enumerate(row):
            top, left = r * (EDGE + GAP), NAMES + c * (EDGE + GAP)
            assert np.array_equal(drawn[top : top + EDGE, left : left + EDGE], tile(shards[0, images.rows[i]]))


def test_a_large_image_is_shrunk_and_a_small_one_keeps_its_pixels_as_squares() -> None:
    checks = np.array([[0, 255], [255, 0]], np.uint8)[..., None].repeat(3, axis=2)
    assert np.array_equal(tile(checks), checks.repeat(EDGE // 2, axis=0).repeat(EDGE // 2, axis=1))
    large = tile(np.tile(checks, (EDGE, EDGE, 1)))
    assert np.abs(large.astype(int) - 127.5).max() <= 0.5


def test_a_study_of_many_classes_has_a_sheet_for_each_two_dozen(tmp_path: Path) -> None:
    (tmp_path / "shards").mkdir()
    np.save(tmp_path / "shards/0000.npy", np.zeros((30, 8, 8, 3), np.uint8))
    rows = {"path": [f"{i:02d}/x" for i in range(30)], "class": [f"{i:02d}" for i in range(30)], "row": range(30)}
    pd.DataFrame(rows | {"split": "train", "shard": 0}).to_parquet(tmp_path / "split.parquet")
    paths = [tmp_path / "contact_sheet.jpg", tmp_path / "contact_sheets/01.jpg"]
    flags = ("--shards", tmp_path / "shards", "--split", tmp_path / "split.parquet", "--sheets")
    python("scripts.report.pictures.contact_sheet", *flags, *paths)
    step = EDGE + GAP
    assert [Image.open(path).size for path in paths] == [(NAMES + step, 24 * step), (NAMES + step, 6 * step)]


def test_the_sheet_shows_the_same_images_whatever_else_is_there(study: Path) -> None:
    images = read_split(study / "images/split.parquet", "train")
    paths = [images.paths[i] for i in choose(images, [0])[0]]

    assert len(paths) == 8
    assert all(path.startswith(CLASSES[0]) for path in paths)
    assert paths == [images.paths[i] for i in choose(images, [0])[0]]


def test_the_page_of_a_thousand_classes_stays_small_and_names_where_the_rest_is(
    study: Path, figures: Path, tmp_path: Path
) -> None:
    many = shutil.copytree(study, tmp_path / study.name)
    names, rng = [f"class {i:04d}" for i in range(1000)], np.random.default_rng(0)
    record = many / "training/records/resnet18-serial-1/b1.json"
    found = json.loads(record.read_text())
    confusion = 9 * np.eye(1000, dtype=int) + np.roll(np.eye(1000, dtype=int), 1, axis=1)
    scores = dict.fromkeys(("precision", "recall", "f1"), 0.9)
    learned = {"classes": names, "confusion": confusion.tolist(), "test_accuracy": 0.9} | scores
    learned["per_class"] = [scores | {"images": 10}] * 1000
    record.write_text(json.dumps(found | {"quality": found["quality"] | learned}))
    images = pd.read_parquet(many / "images/split.parquet").iloc[[0] * 1000]
    images = images.assign(**{"class": names, "path": [f"{name}/1.jpg" for name in names], "split": "train"})
    images["group"] = ["csv:patient 7", *names[1:]]
    images.to_parquet(many / "images/split.parquet")
    noise = Image.fromarray(rng.integers(0, 256, (400, 1000, 3), np.uint8))
    previews = [many / f"{number:02d}.png" for number in range(24)]
    for path in previews:
        noise.quantize(256).save(path)
    page = many / "report/index.html"
    page.parent.mkdir(exist_ok=True)
    noise.resize((1148, 2784)).save(page.with_name("contact_sheet.jpg"), quality=90)

    render_page(many, figures, many / "scaling/jobs.parquet", page, "--previews", *previews)

    text = page.read_text()
    assert len(text) < 5_000_000
    assert "The first 24 of 1,000 classes; those of the others are in report/contact_sheets/." in text
    assert "The first 24 of 1,000 classes; all are in training/records/resnet18-serial-1/b1.json." in text
    assert text.count("class 0023") > 0
    assert "class 0024" not in text
    assert "more classes are in report/preview/." in text
    assert "999 images are in no group that is known" in text

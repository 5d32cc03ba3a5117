from pathlib import Path

import cv2
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from scripts.images import draw_sample
from scripts.images.draw_sample import TISSUES, draw, write_class
from scripts.images.sample_classes import CLASSES, file_name


def test_classes_stand_in_alphabetical_order_and_each_can_be_drawn() -> None:
    assert list(CLASSES) == sorted(TISSUES)


def test_a_file_is_named_by_class_and_number() -> None:
    assert file_name("solid_sheets", 7) == "solid_sheets_0007.jpg"


@pytest.mark.parametrize("tissue", CLASSES)
@pytest.mark.parametrize("size", [64, 96, 768, 1001])
def test_an_image_is_rgb_at_the_size_asked_for(tissue: str, size: int) -> None:
    image = draw(tissue, 1, size, seed=0)
    assert image.shape == (size, size, 3)
    assert image.dtype == np.uint8
    assert image.std() > 15  # something is drawn


@pytest.mark.parametrize("tissue", CLASSES)
def test_the_same_seed_class_and_index_give_the_same_pixels(tissue: str) -> None:
    first = draw(tissue, 2, 96, seed=5)
    draw(tissue, 3, 96, seed=5)  # what is drawn between changes nothing
    assert (draw(tissue, 2, 96, seed=5) == first).all()
    assert (draw(tissue, 2, 96, seed=6) != first).any()


@pytest.mark.parametrize("tissue", CLASSES)
def test_images_of_a_class_differ_in_structure(tissue: str) -> None:
    flat = [draw(tissue, index, 192, seed=0).mean(axis=2).ravel() for index in range(1, 7)]
    correlation = np.corrcoef(flat)
    assert np.abs(correlation[~np.eye(6, dtype=bool)]).max() < 0.5


@pytest.mark.parametrize("tissue", CLASSES)
def test_a_smaller_image_is_the_same_view(tissue: str) -> None:
    large, small = draw(tissue, 1, 768, seed=0), draw(tissue, 1, 192, seed=0)
    shrunk = cv2.resize(large, (192, 192), interpolation=cv2.INTER_AREA)
    assert np.corrcoef(shrunk.ravel(), small.ravel())[0, 1] > 0.5  # unrelated views: about 0


def test_the_mean_colour_does_not_tell_the_class() -> None:
    means = [draw(tissue, index, 192, seed=0).mean(axis=(0, 1)) for tissue in CLASSES for index in range(1, 31)]
    labels = np.repeat(np.arange(len(CLASSES)), 30)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    accuracy = cross_val_score(model, np.array(means), labels, cv=5).mean()
    assert accuracy < 0.40, f"chance is {1 / len(CLASSES):.2f}"


@pytest.mark.parametrize("tissue", CLASSES)
def test_the_mean_colour_is_the_one_drawn_for_the_image(tissue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    target = np.array([190.0, 140.0, 180.0])
    monkeypatch.setattr(draw_sample, "mean_rgb", lambda _: target)
    assert draw(tissue, 1, 384, seed=0).mean(axis=(0, 1)) == pytest.approx(target, abs=1.0)


def test_written_files_are_jpegs_of_the_drawn_images_and_nothing_else_stays(tmp_path: Path) -> None:
    paths = write_class(tmp_path / "new", "air_spaces", count=3, size=96, seed=0)
    assert sorted((tmp_path / "new").iterdir()) == paths
    assert [path.name for path in paths] == [file_name("air_spaces", index) for index in (1, 2, 3)]
    for index, path in enumerate(paths, start=1):
        assert path.read_bytes()[:3] == b"\xff\xd8\xff"
        bgr = cv2.imread(str(path))
        assert bgr is not None
        read = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
        assert read.shape == (96, 96, 3)
        assert np.abs(read.astype(int) - draw("air_spaces", index, 96, seed=0)).mean() < 8


def test_adding_images_leaves_the_others_byte_for_byte(tmp_path: Path) -> None:
    few = write_class(tmp_path / "few", "glands_crowded", count=2, size=96, seed=0)
    more = write_class(tmp_path / "more", "glands_crowded", count=3, size=96, seed=0)
    assert [path.read_bytes() for path in few] == [path.read_bytes() for path in more[:2]]


def test_a_smaller_study_keeps_no_image_of_a_larger_one(tmp_path: Path) -> None:
    write_class(tmp_path, "air_spaces", 4, 64, seed=0)
    paths = write_class(tmp_path, "air_spaces", 3, 64, seed=0)
    assert sorted(tmp_path.iterdir()) == sorted(paths)

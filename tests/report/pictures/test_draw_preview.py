"""The preview sheets."""

import json
import sys
import warnings
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from helping import LIMITS, ROOT, Run, write_jpeg
from matplotlib.figure import Figure
from PIL import Image

from scripts.images.decode import Decoder, DecodeSpec
from scripts.images.header import read_header
from scripts.report.figures.style import styled
from scripts.report.pictures.draw_preview import WIDTH, choose, draw_sheet, save, stages_of

TWO_STEPS = [{"resize": {}}, {"gaussian": {}}]
PER_STEP = 4  # axes: picture, histogram, picture, histogram


@pytest.fixture(autouse=True)
def style() -> Iterator[None]:
    """Draw as the program does."""
    with styled():
        yield


ANY_SIZE = LIMITS.model_copy(update={"min_edge": 1})


def decode_spec(*steps: dict[str, Any], size: int = 32) -> DecodeSpec:
    return DecodeSpec(size=size, steps=list(steps))


DECODER = Decoder(decode_spec())


def sheet_of(folder: Path, paths: list[str], spec: DecodeSpec, images: int = 2, name: str = "ash") -> Figure:
    pictures, refused = choose(folder, paths, images, Decoder(spec), ANY_SIZE)
    return draw_sheet(name, pictures, refused, stages_of(spec))


def words(figure: Figure) -> list[str]:
    """Every text of the sheet and of its axes, ticks excepted."""
    return [text.get_text() for holder in (figure, *figure.axes) for text in holder.texts]


def draw(run: Run, folder: Path, sheets: list[Path], classes: list[dict[str, Any]], **more: Any) -> str:
    """Run the program; returns its log."""
    spec = {"decode": {"size": 32, "steps": TWO_STEPS}, "limits": LIMITS.model_dump(), "classes": classes} | more
    command = [sys.executable, "-W", "error", "-m", "scripts.report.pictures.draw_preview", "--folder", str(folder)]
    done = run(ROOT, *command, "--sheets", *map(str, sheets), "--spec", json.dumps(spec), check=False)
    return done.stderr


def test_each_class_gets_a_sheet(pictures: Path, run: Run, tmp_path: Path) -> None:
    sheets = [tmp_path / "a" / "ash.png", tmp_path / "b.png"]
    classes = [{"name": name, "paths": [f"{name}/{name}_{i:02d}.jpg" for i in range(3)]} for name in ("ash", "birch")]

    draw(run, pictures, sheets, classes, images=1)

    for sheet in sheets:
        with Image.open(sheet) as image:
            assert (image.format, image.width) == ("PNG", WIDTH)
            assert 400 < image.height < 700
        assert 10_000 < sheet.stat().st_size < 200_000


def test_equal_inputs_give_equal_bytes(pictures: Path, run: Run, tmp_path: Path) -> None:
    classes = [{"name": "ash", "paths": ["ash/ash_00.jpg", "ash/ash_01.jpg"]}]

    for name in ("once.png", "again.png"):
        draw(run, pictures, [tmp_path / name], classes)

    assert (tmp_path / "once.png").read_bytes() == (tmp_path / "again.png").read_bytes()


def test_another_number_of_sheets_than_classes_is_a_mistake(pictures: Path, run: Run, tmp_path: Path) -> None:
    said = draw(run, pictures, [tmp_path / "a.png", tmp_path / "b.png"], [{"name": "ash", "paths": []}])

    assert said == "error: --sheets: found 2, expected one for each of 1 classes\n"


def test_each_step_of_each_picture_is_a_row(pictures: Path) -> None:
    figure = sheet_of(pictures, ["ash/ash_00.jpg", "ash/ash_01.jpg", "ash/ash_02.jpg"], decode_spec(*TWO_STEPS))

    assert len(figure.axes) == 2 * len(TWO_STEPS) * PER_STEP
    assert words(figure).count("2  gaussian") == 2
    assert "ash/ash_01.jpg" in words(figure)
    assert "ash/ash_02.jpg" not in words(figure)


def test_nothing_is_drawn_over_another_thing(pictures: Path) -> None:
    figure = sheet_of(pictures, ["ash/ash_00.jpg", "ash/ash_01.jpg"], decode_spec(*TWO_STEPS))

    boxes = [axes.get_window_extent() for axes in figure.axes]

    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    assert all(box.x0 >= 0 and box.x1 <= WIDTH and box.y0 >= 0 and box.y1 <= figure.bbox.y1 for box in boxes)


def test_histograms_count_the_pixels_before_and_after_the_step(pictures: Path) -> None:
    spec = decode_spec({"resize": {}})
    data = (pictures / "ash/ash_00.jpg").read_bytes()
    stages = Decoder(spec).stages(data, read_header(data))

    figure = sheet_of(pictures, ["ash/ash_00.jpg"], spec)

    for axes, (_, image) in zip(figure.axes[1::2], stages, strict=True):
        drawn = [np.asarray(line.get_ydata()) * image[..., 0].size for line in axes.lines]
        assert len(drawn) == 3
        for channel, counts in enumerate(drawn):
            np.testing.assert_allclose(counts, np.bincount(image[..., channel].ravel(), minlength=256), atol=1e-9)


def test_equal_channels_are_one_line(tmp_path: Path) -> None:
    Image.fromarray(np.arange(64 * 64, dtype=np.uint16).reshape(64, 64).astype(np.uint8)).save(tmp_path / "gray.png")

    figure = sheet_of(tmp_path, ["gray.png"], decode_spec({"resize": {}}))

    assert [len(axes.lines) for axes in figure.axes[1::2]] == [1, 1]
    assert "R = G = B  128 ± 74" in words(figure)


def test_channels_are_named_by_their_colour_space(pictures: Path) -> None:
    figure = sheet_of(pictures, ["ash/ash_00.jpg"], decode_spec({"resize": {}}, {"colour_space": {"to": "hsv"}}))

    last = [line.get_label() for line in figure.axes[-1].lines]
    assert last == ["H", "S", "V"]
    assert "after, 32 × 32 px, HSV as RGB" in words(figure)
    assert "before, 32 × 32 px" in words(figure)


def test_a_level_that_runs_out_of_the_axis_is_told_in_numbers(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(50, 200, (80, 100, 3), np.uint8)
    image[:, 75:] = 255
    cv2.imwrite(str(tmp_path / "a.png"), image)

    figure = sheet_of(tmp_path, ["a.png"], decode_spec({"resize": {}}))

    before = figure.axes[1]
    assert before.get_ylim()[1] < 0.05
    assert [text.get_text() for text in before.texts] == ["↑ 25.0 % at 255"]


def test_settings_stand_beside_the_step(pictures: Path) -> None:
    figure = sheet_of(pictures, ["ash/ash_00.jpg"], decode_spec({"resize": {}}, {"gaussian": {"sigma": 2.5}}))

    assert any("sigma 2.5" in text for text in words(figure))


def test_how_to_decode_is_no_row(pictures: Path) -> None:
    spec = decode_spec({"decode": {"scaling": "none"}}, {"resize": {}})

    figure = sheet_of(pictures, ["ash/ash_00.jpg"], spec)

    assert len(figure.axes) == PER_STEP
    assert "before, 96 × 96 px" in words(figure)


@pytest.mark.parametrize(("rows", "columns"), [(40, 80), (300, 100), (1, 4000), (1, 1)])
def test_pictures_keep_their_aspect_ratio_and_their_box(tmp_path: Path, rows: int, columns: int) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((rows, columns, 3), 90, np.uint8))

    figure = sheet_of(tmp_path, ["a.png"], decode_spec({"resize": {}}))

    box = figure.axes[0].get_window_extent()
    assert box.width <= 192.01
    assert box.height <= 144.01
    assert max(box.width / 192, box.height / 144) > 0.99  # as large as it can be
    if columns < 4000:  # a line is drawn thicker than it is, or it could not be seen
        assert box.width / box.height == pytest.approx(columns / rows, rel=0.02)


def test_an_enlarged_picture_keeps_its_pixels_as_squares(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 4, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")

    figure = sheet_of(tmp_path, ["a.png"], decode_spec({"resize": {}}))

    shown = np.asarray(figure.axes[0].images[0].get_array())
    assert (shown == pixels.repeat(36, axis=0).repeat(36, axis=1)).all()


def test_broken_candidates_are_passed_over(tmp_path: Path) -> None:
    write_jpeg(tmp_path / "good.jpg", seed=1)
    whole = (tmp_path / "good.jpg").read_bytes()
    (tmp_path / "half.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.jpg").touch()

    shown, refused = choose(
        tmp_path, ["half.jpg", "empty.jpg", "absent.jpg", "good.jpg"], 1, Decoder(decode_spec()), LIMITS
    )
    said = words(draw_sheet("ash", shown, refused, stages_of(decode_spec())))

    assert [picture.path for picture in shown] == ["good.jpg"]
    assert [one.path for one in refused] == ["half.jpg", "empty.jpg", "absent.jpg"]
    assert said[-4] == "Passed over:"
    assert said[-2] == "empty.jpg: empty file"


def test_candidates_that_are_not_needed_are_not_read(pictures: Path) -> None:
    shown, refused = choose(pictures, ["ash/ash_00.jpg", "absent.jpg"], 1, DECODER, ANY_SIZE)

    assert [picture.path for picture in shown] == ["ash/ash_00.jpg"]
    assert refused == []


def test_a_class_without_a_good_picture_says_why(tmp_path: Path) -> None:
    names = [f"{i}.jpg" for i in range(10)]
    for name in names:
        (tmp_path / name).touch()

    said = words(sheet_of(tmp_path, names, decode_spec(*TWO_STEPS)))

    assert said[:3] == ["ash", "No picture of this class can be shown:", "0.jpg: empty file"]
    assert said[-1] == "and 2 more"


def test_a_class_without_files_says_so(tmp_path: Path) -> None:
    assert words(sheet_of(tmp_path, [], decode_spec(*TWO_STEPS)))[-1].startswith("There is no picture to show")


@pytest.mark.parametrize(
    "name", ["$x^2$", "$", "\\frac{1}{2", "a\nb\tc", "中文", "m" * 240, "W" * 240, "شجرة", "%s {0}"]
)
def test_odd_names_are_shown_on_the_sheet(tmp_path: Path, name: str) -> None:
    write_jpeg(tmp_path / f"{name}.jpg", seed=1)

    with warnings.catch_warnings(action="error"):
        figure = sheet_of(tmp_path, [f"{name}.jpg"], decode_spec({"resize": {}}), name=name)
        save(figure, tmp_path / "sheet.png")

    assert len(figure.axes) == PER_STEP
    for text in figure.texts:
        box = text.get_window_extent()
        assert (box.x0 >= 0, box.x1 <= WIDTH) == (True, True), text.get_text()


def test_what_the_font_lacks_is_written_as_its_escape(tmp_path: Path) -> None:
    assert words(sheet_of(tmp_path, [], decode_spec(), name="a\n中$"))[0] == "a\\n\\u4e2d$"


@pytest.mark.real_images
@pytest.mark.parametrize("folder", ["lc25000_768/colon_aca", "chest_xray/normal", "hymenoptera/ants"])
def test_a_sheet_of_real_pictures_is_a_small_file(real_images: Path, run: Run, tmp_path: Path, folder: str) -> None:
    paths = sorted(str(path.relative_to(real_images)) for path in (real_images / folder).iterdir())
    steps = [{"resize": {}}, {"clahe": {}}, {"unsharp": {}}, {"gaussian": {}}]

    log = draw(run, real_images, [tmp_path / "a.png"], [{"name": folder, "paths": paths}],
               decode={"size": 224, "steps": steps})  # fmt: skip

    assert log == ""
    with Image.open(tmp_path / "a.png") as image:
        assert image.size[0] == WIDTH
        assert image.convert("RGB").getpixel((2, 2)) == (255, 255, 255)
    assert (tmp_path / "a.png").stat().st_size < 420_000

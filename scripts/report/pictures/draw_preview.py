"""What does each preprocessing step do to the pictures? One sheet a class, before anything is packed.

Inputs: the raw image folder; `--spec`, JSON with `decode` (as for packing), `classes` (a name and candidate paths each,
in order of preference) and `images` (pictures shown of each class).
Output: one PNG a class, in the order of the spec. For each picture, one row a step: the picture before the step, its
histogram, the picture after the step, its histogram.

A candidate that cannot be used is passed over, and the sheet says why. Equal inputs give equal bytes.

By hand:
    python -m scripts.report.pictures.draw_preview --folder /data/my_images --sheets cat.png --spec '{"images": 2,
        "decode": {"size": 64, "steps": [{"resize": {}}]}, "limits": {"max_bytes": 100000000, "max_pixels": 50000000,
        "min_edge": 8, "frames": "reject"}, "classes": [{"name": "cat", "paths": ["cat/1.jpg"]}]}'
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator
from PIL import Image
from pydantic import Field

from scripts import cli
from scripts.atomic import replacing
from scripts.errors import ImageError, UserError
from scripts.images.decode import Decoder, DecodeSpec, build_steps
from scripts.images.header import Limits, check, read_bytes, read_header
from scripts.images.picture import Pixels
from scripts.report.figures.style import COLOURS, GRID, INK, MUTED, STYLE, styled
from scripts.spec import Spec

DPI = 110
WIDTH, MARGIN = 1100, 24  # of the sheet, pixels, as all lengths here
COLUMNS = ((24, 192), (262, 264), (574, 192), (812, 264))  # left edge and width: picture, histogram, twice
BOX = 144  # height of a picture and of a histogram
TITLE, HEADING, ROW, LINE = 54, 38, 218, 20  # heights: sheet title, picture heading, step, line of small print
TITLE_SIZE, TEXT_SIZE, SMALL_SIZE, TICK_SIZE = 13.0, 9.5, 8.0, 7.5  # of letters, points
GAP = 14  # between texts on a line
REASONS = 8  # refused candidates named on a sheet, at most
LEVELS = 256
CHANNELS = {"rgb": "RGB", "gray": "RGB", "hsv": "HSV", "lab": "Lab"}  # their names in each colour space
CHANNEL_COLOURS = (COLOURS[1], COLOURS[2], COLOURS[0])  # red, green, blue that colour-blind readers tell apart


class PreviewClass(Spec):
    """A class and the pictures it may be shown by."""

    name: str
    paths: list[str]  # relative to the raw image folder; the first good ones are shown


class PreviewSpec(Spec):
    """What the preview takes from the config."""

    decode: DecodeSpec
    limits: Limits
    classes: list[PreviewClass]  # one a sheet
    images: int = Field(2, ge=1)  # shown of each class


@dataclass(frozen=True)
class Stage:
    """What all pictures have gone through at one point: decoding first, then each step."""

    name: str  # of the step, as in the config
    settings: str  # all of them, in words
    channels: str  # names of the three channels, such as RGB or HSV


@dataclass(frozen=True)
class Picture:
    """A picture on its way through the steps."""

    path: str
    stages: list[Pixels]  # after decoding, then after each step; uint8 (h, w, 3)


@dataclass(frozen=True)
class Refused:
    """A candidate that cannot be shown."""

    path: str
    reason: str


def choose(
    folder: Path, paths: Iterable[str], images: int, decoder: Decoder, limits: Limits
) -> tuple[list[Picture], list[Refused]]:
    """The first `images` usable pictures among `paths`, and the candidates passed over on the way."""
    good: list[Picture] = []
    refused: list[Refused] = []
    for path in paths:
        if len(good) == images:
            break
        try:
            data = read_bytes(folder / path, limits.max_bytes)
            header = read_header(data)
            check(header, limits)
            stages = decoder.stages(data, header)
            good.append(Picture(path, [image for _, image in stages]))
        except ImageError as error:
            cli.log.info("passed over %s: %s", path, error)
            refused.append(Refused(path, str(error)))
    return good, refused


def histogram(image: Pixels) -> npt.NDArray[np.float64]:
    """Share of the pixels at each level: (3, 256), each channel adding up to 1."""
    channels = image.reshape(-1, 3).T
    return np.stack([np.bincount(channel, minlength=LEVELS) for channel in channels]) / channels.shape[1]


def stages_of(spec: DecodeSpec) -> list[Stage]:
    """The stages of `Decoder(spec).stages`, described."""
    stages = [Stage("decode", "", "RGB")]
    for name, step in build_steps(spec.steps):
        if name != "decode":  # says how the first stage is done, is none of its own
            settings = ", ".join(f"{key} {value}" for key, value in step.model_dump(mode="json").items())
            channels = CHANNELS[step.leaves] if step.leaves else stages[-1].channels
            stages.append(Stage(name, settings, channels))
    return stages


def draw_sheet(name: str, pictures: Sequence[Picture], refused: Sequence[Refused], stages: Sequence[Stage]) -> Figure:
    """The sheet of the class `name`, whose pictures went through `stages`."""
    said = _said(pictures, refused)
    height = HEADING + ROW * (len(stages) - 1)
    sheet = _Sheet(TITLE + height * len(pictures) + LINE * len(said) + MARGIN)
    sheet.write(MARGIN, 32, name, TITLE_SIZE, fontweight="bold")
    top = TITLE
    for picture in pictures:
        sheet.rule(top)
        sheet.write(MARGIN, top + 25, picture.path, TEXT_SIZE, fontweight="bold")
        _draw_picture(sheet, top + HEADING, picture, stages)
        top += height
    for line in said:
        sheet.write(MARGIN, top + LINE, line, SMALL_SIZE, color=MUTED)
        top += LINE
    return sheet.figure


class _Sheet:
    """A figure laid out in pixels from its upper left corner."""

    def __init__(self, height: int) -> None:
        self.height = height
        self.figure = Figure(figsize=(WIDTH / DPI, height / DPI), dpi=DPI, facecolor="white")
        FigureCanvasAgg(self.figure)  # keeps one renderer, which measures all texts

    def write(self, left: float, baseline: float, text: str, size: float, **look: Any) -> float:
        """One line of text, its middle left out beyond the right margin; returns where it ends."""
        at = (left / WIDTH, 1 - baseline / self.height)
        whole = printable(text)
        written = self.figure.text(*at, whole, fontsize=size, **look)
        kept = len(whole)
        while (end := written.get_window_extent().x1) > WIDTH - MARGIN / 2 and kept > 1:
            kept = int(kept * 0.99 * (WIDTH - MARGIN / 2 - left) / (end - left))
            written.set_text(f"{whole[: (kept + 1) // 2]}…{whole[len(whole) - kept // 2 :]}")
        return float(end)

    def axes(self, left: int, top: int, width: int, height: int) -> Axes:
        """Empty axes with edges on whole pixels, so that nothing is blurred."""
        box = (left / WIDTH, 1 - (top + height) / self.height, width / WIDTH, height / self.height)
        return self.figure.add_axes(box)

    def rule(self, top: int) -> None:
        """A thin line between the margins."""
        ends, height = (MARGIN / WIDTH, 1 - MARGIN / WIDTH), 1 - top / self.height
        self.figure.add_artist(Line2D(ends, (height, height), color=MUTED, linewidth=0.7))


def _draw_picture(sheet: _Sheet, top: int, picture: Picture, stages: Sequence[Stage]) -> None:
    """One row a step."""
    pairs = pairwise(zip(stages, picture.stages, strict=True))
    for row, (before, after) in enumerate(pairs, start=1):
        step = after[0]
        end = sheet.write(MARGIN, top + 15, f"{row}  {step.name}", TEXT_SIZE)
        sheet.write(end + GAP, top + 15, step.settings, SMALL_SIZE, color=MUTED)
        for word, (stage, image), columns in (("before", before, COLUMNS[:2]), ("after", after, COLUMNS[2:])):
            (left, width), (axis, reach) = columns
            said = f"{word}, {image.shape[1]} × {image.shape[0]} px"
            if stage.channels != "RGB":
                said += f", {stage.channels} as RGB"
            sheet.write(left, top + 35, said, SMALL_SIZE, color=MUTED)
            _draw_image(sheet, left, top + 42, width, image)
            _draw_histogram(sheet, axis, top + 42, reach, image, stage.channels)
        top += ROW


def _draw_image(sheet: _Sheet, left: int, top: int, width: int, image: Pixels) -> None:
    """The picture at its own aspect ratio, as large as its box allows, from the upper left corner."""
    rows, columns = image.shape[:2]
    scale = min(width / columns, BOX / rows)
    size = (max(3, round(columns * scale)), max(3, round(rows * scale)))
    # INTER_AREA averages what is shrunk, so small detail stays true; what is enlarged keeps its pixels as squares.
    pixels = cv2.resize(np.ascontiguousarray(image), size, interpolation=cv2.INTER_AREA)
    axes = sheet.axes(left, top, *size)
    axes.imshow(pixels, interpolation="nearest", aspect="auto")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(visible=True, color=GRID, linewidth=0.7)


def _draw_histogram(sheet: _Sheet, left: int, top: int, width: int, image: Pixels, names: str) -> None:
    """A line a channel, and above it the channel's mean and standard deviation; one line for three equal channels."""
    shares = histogram(image)
    lines = list(zip(names, CHANNEL_COLOURS, shares, strict=True))
    if (image == image[..., :1]).all():
        lines = [(" = ".join(names), INK, shares[0])]
    axes = sheet.axes(left, top, width, BOX)
    levels = np.arange(LEVELS)
    end = float(left - GAP)
    for name, colour, share in lines:
        axes.plot(levels, share, color=colour, linewidth=1.0, solid_joinstyle="round", label=name)
        mean = float(share @ levels)
        deviation = float(np.sqrt(share @ (levels - mean) ** 2))
        end = sheet.write(end + GAP, top - 7, f"{name}  {mean:.0f} ± {deviation:.0f}", SMALL_SIZE, color=colour)
    highest = _highest(shares)
    axes.set_xlim(-3, LEVELS + 2)
    axes.set_ylim(0, highest)
    if shares.max() > highest:
        level = int(shares.max(axis=0).argmax())
        at = (0.97, "right") if level > LEVELS / 2 else (0.05, "left")
        said = f"↑ {100 * shares.max():.1f} % at {level}"
        axes.text(at[0], 0.97, said, ha=at[1], va="top", transform=axes.transAxes, fontsize=TICK_SIZE, color=MUTED)
    axes.set_xticks([0, 64, 128, 192, 255])
    axes.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g} %"))
    axes.tick_params(labelsize=TICK_SIZE)


def _highest(shares: npt.NDArray[np.float64]) -> float:
    """The top of a histogram's axis: a few crowded levels, such as a painted background's, run out of it."""
    ordered = np.sort(shares, axis=1)
    full, third = float(ordered[:, -1].max()), float(ordered[:, -3].max())
    return 1.08 * full if third == 0 or full < 3 * third else 1.5 * third


def _said(pictures: Sequence[Picture], refused: Sequence[Refused]) -> list[str]:
    """The small print: what was passed over and why."""
    if not pictures and not refused:
        return ["There is no picture to show: the class has no files."]
    if not refused:
        return []
    first = "Passed over:" if pictures else "No picture of this class can be shown:"
    lines = [f"{one.path}: {one.reason}" for one in refused[:REASONS]]
    more = len(refused) - REASONS
    return [first, *lines, *([f"and {more} more"] if more > 0 else [])]


def printable(text: str) -> str:
    """`text` with every character that the font lacks or that breaks a line written as its Python escape."""
    glyphs = font_manager.get_font(font_manager.findfont(STYLE["font.family"])).get_charmap()
    return "".join(
        one if one.isprintable() and ord(one) in glyphs else one.encode("unicode_escape").decode() for one in text
    )


def save(figure: Figure, path: Path) -> None:
    """Write a sheet as a PNG of 256 colours, chosen by median cut: a third of the bytes, and hard to tell apart."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=DPI)
    image = Image.open(drawn).convert("RGB").quantize(256, Image.Quantize.MEDIANCUT)
    with replacing(path) as temporary:
        image.save(temporary, format="png", optimize=True)


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--sheets", type=Path, nargs="+", required=True)
    parser.add_argument("--spec", type=PreviewSpec.model_validate_json, required=True)
    args = parser.parse_args()
    spec: PreviewSpec = args.spec
    if len(args.sheets) != len(spec.classes):
        raise UserError(f"--sheets: found {len(args.sheets)}, expected one for each of {len(spec.classes)} classes")
    decoder, stages = Decoder(spec.decode), stages_of(spec.decode)
    for one, path in zip(spec.classes, args.sheets, strict=True):
        pictures, refused = choose(args.folder, one.paths, spec.images, decoder, spec.limits)
        with styled():
            save(draw_sheet(one.name, pictures, refused, stages), path)


if __name__ == "__main__":
    cli.run(main)

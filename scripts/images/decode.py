"""One raw file to one uint8 RGB array of the target size: the chain that packing and every raw loading backend share.

The file is read once and decoded from memory. One rule says by which library (scripts/images/decoders/): it decodes a
kind only where it tells of damage, and shows what a second, independent one shows, on a grid of files of that kind
(docs/formats.md).
"""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from scripts import registry
from scripts.errors import ImageError
from scripts.images.decoders import jpeg, opencv, pillow
from scripts.images.header import ONE_PICTURE, read_bytes, read_header
from scripts.images.picture import Decoded, Header, Pixels
from scripts.images.step import STEPS
from scripts.images.steps import decode as decode_step
from scripts.spec import Spec

# One image is one task: parallelism is across images, and a pool of OpenCV threads inside each worker would fight it.
cv2.setNumThreads(1)

# What brings a picture stored with an EXIF orientation upright (Exif 2.32, tag 0x0112).
_UPRIGHT: dict[int, Callable[[Any], Any]] = {
    2: lambda image: cv2.flip(image, 1),
    3: lambda image: cv2.rotate(image, cv2.ROTATE_180),
    4: lambda image: cv2.flip(image, 0),
    5: cv2.transpose,
    6: lambda image: cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE),
    7: lambda image: cv2.flip(cv2.transpose(image), -1),
    8: lambda image: cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE),
}


def _decode_tiff(data: bytes, header: Header) -> Decoded:
    from scripts.images.decoders import tiff  # whose libraries no other kind needs

    return tiff.decode(data, header)


# By Pillow's name of the format; a JPEG is scaled while it is decoded, so it stands apart.
_DECODERS: dict[str, Callable[[bytes, Header], Decoded]] = {
    "AVIF": opencv.decode,
    "BMP": pillow.decode,
    "GIF": pillow.decode_gif,
    "JPEG2000": pillow.decode_jpeg2000,
    "PNG": opencv.decode,
    "TIFF": _decode_tiff,
    "WEBP": opencv.decode,
}
# Bits of a sample: a detector's 10, 12 or 14 are often stored in 16, with zeros above them.
DEEP, MISTAKEN = 16, 14


def _keep_freed_memory() -> None:
    """Have glibc keep the memory of one image for the next, up to twice 30 MiB.

    Else it gives each buffer back to the kernel and takes it anew, page by page. It learns from the size of a block
    that is freed (mallopt(3), M_MMAP_THRESHOLD); nothing is written to this one, so it costs no memory.
    """
    block = np.empty(30 << 20, np.uint8)
    del block


_keep_freed_memory()


class DecodeSpec(Spec):
    """How a raw file becomes pixels."""

    size: int  # edge of the result, pixels
    steps: list[dict[str, dict[str, Any]]]  # preprocessing in order, as `images.steps`
    packages: tuple[str, ...] = ()  # pins of the libraries that decode: another version may give other pixels


class Step(Protocol):
    """A preprocessing step: made from its settings, applied to uint8 RGB (h, w, 3), returns the same kind."""

    def __call__(self, image: Pixels, size: int) -> Pixels: ...


class Decoder:
    """Decodes by one DecodeSpec; picklable, so that worker processes can be given it."""

    def __init__(self, spec: DecodeSpec) -> None:
        self.spec = spec
        steps = build_steps(spec.steps)
        first = decode_step.Step()
        if steps and isinstance(steps[0][1], decode_step.Step):
            first = steps.pop(0)[1]
        self.least_edge = first.least_edge(spec.size)
        self.steps: list[tuple[str, Step]] = steps
        self._json = spec.model_dump_json()

    def __call__(self, path: Path) -> Pixels:
        """The pixels of one file: uint8 RGB, (size, size, 3), C-contiguous.

        Raises:
            ImageError: the file cannot be read or is no whole image; the message is the reason, without the path.
        """
        data = read_bytes(path)
        return self.decode(data, read_header(data))

    def decode(self, data: bytes, header: Header) -> Pixels:
        """As `__call__`, from the bytes of a file and their header."""
        return self.finished(self.stages(data, header))

    def finished(self, stages: Sequence[tuple[str, Pixels]]) -> Pixels:
        """What `decode` gives, of the stages of a picture."""
        image = stages[-1][1]
        expected = (self.spec.size, self.spec.size, 3)
        if image.shape != expected or image.dtype != np.uint8:
            raise ImageError(f"images.steps end in {image.dtype} {image.shape}, expected uint8 {expected}")
        return np.ascontiguousarray(image)

    def stages(self, data: bytes, header: Header) -> list[tuple[str, Pixels]]:
        """The picture after decoding and after each step, with their names: what a preview shows."""
        return self.steps_of(decode_bytes(data, header, self.least_edge), header)

    def steps_of(self, pixels: Pixels, picture: Header | str) -> list[tuple[str, Pixels]]:
        """As `stages`, of a picture that is decoded; an error names it as `picture`."""
        found = [("decode", pixels)]
        for name, step in self.steps:
            try:
                found.append((name, step(found[-1][1], self.spec.size)))
            except cv2.error as error:
                raise ImageError(f"images.steps: {name} failed on {picture}: {error.err}") from None
        return found

    def __reduce__(self) -> tuple[Callable[[str], "Decoder"], tuple[str]]:
        return _decoder, (self._json,)


@cache  # a worker of a pool, of joblib or of Dask is sent it with each chunk
def _decoder(spec: str) -> Decoder:
    return Decoder(DecodeSpec.model_validate_json(spec))


def build_steps(steps: Sequence[dict[str, dict[str, Any]]]) -> list[tuple[str, Any]]:
    """The registered steps with their names, made from their settings."""
    return [(name, registry.load(STEPS, name, "Step")(**settings)) for step in steps for name, settings in step.items()]


def decode_bytes(data: bytes, header: Header, least_edge: int | None = None) -> Pixels:
    """uint8 RGB (h, w, 3), upright; a JPEG scaled down inside the decoder while both edges keep `least_edge`.

    Samples of more than 8 bits keep their high byte; those that are said to have 16, but need 14 or fewer, are refused.
    Transparency is dropped, and colours stay as they are stored; a picture of which nothing is visible is refused.
    Colour profiles are not applied.

    Raises:
        ImageError: truncated, damaged, or a kind that the decoder does not know.
    """
    if header.kind in ONE_PICTURE:
        found = jpeg.decode(data, header, least_edge or 0)
    else:
        found = _DECODERS[header.kind](data, header)
    if found.alpha is not None and not found.alpha.any():
        raise ImageError(f"{header}: transparent throughout, nothing is visible")
    if found.bits == DEEP and (needed := 8 + int(found.pixels.max()).bit_length()) <= MISTAKEN:
        raise ImageError(
            f"{header}: {DEEP} bits a sample, of which it needs {needed}: its high bytes, which are kept, would be"
            f" nearly black; apply a window, or multiply by {2 ** (DEEP - needed)}, and save it anew"
        )
    return _UPRIGHT[header.orientation](found.pixels) if header.orientation in _UPRIGHT else found.pixels

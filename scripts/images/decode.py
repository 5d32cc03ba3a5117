"""One raw file to one uint8 RGB array of the target size: the chain that packing and every raw loading backend share.

The file is read once and decoded from memory: OpenCV's imread returns a grey-filled picture for a truncated JPEG. A
JPEG goes through libjpeg-turbo (simplejpeg), which scales while it decodes and says when the scan data is damaged, as
OpenCV's decoder does not; every other format goes through OpenCV. The EXIF orientation is applied to all of them.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import simplejpeg

from scripts import registry
from scripts.errors import ImageError
from scripts.images.header import ONE_PICTURE, Header, read_bytes, read_header
from scripts.images.step import STEPS
from scripts.images.steps import decode as decode_step
from scripts.spec import Spec

Pixels = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]

# One image is one task: parallelism is across images, and a pool of OpenCV threads inside each worker would fight it.
cv2.setNumThreads(1)
# OpenCV writes its own line for each damaged file; the reason stands in the error that is raised here.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

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
# libjpeg's warnings that leave every pixel as it was: bytes between the segments of the header, odd profiles.
_HARMLESS = (*(f"before marker 0x{code}" for code in ("c0", "c2", "db", "e", "fe")), "ICC", "JFIF", "Adobe", "SOS")


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

    def __call__(self, path: Path) -> Pixels:
        """The pixels of one file: uint8 RGB, (size, size, 3), C-contiguous.

        Raises:
            ImageError: the file cannot be read or is no whole image; the message is the reason, without the path.
        """
        data = read_bytes(path)
        return self.decode(data, read_header(data))

    def decode(self, data: bytes, header: Header) -> Pixels:
        """As `__call__`, from the bytes of a file and their header."""
        image = self.stages(data, header)[-1][1]
        expected = (self.spec.size, self.spec.size, 3)
        if image.shape != expected or image.dtype != np.uint8:
            raise ImageError(f"images.steps end in {image.dtype} {image.shape}, expected uint8 {expected}")
        return np.ascontiguousarray(image)

    def stages(self, data: bytes, header: Header) -> list[tuple[str, Pixels]]:
        """The picture after decoding and after each step, with their names: what a preview shows."""
        found = [("decode", decode_bytes(data, header, self.least_edge))]
        for name, step in self.steps:
            try:
                found.append((name, step(found[-1][1], self.spec.size)))
            except cv2.error as error:
                raise ImageError(f"images.steps: {name} failed on {header}: {error.err}") from None
        return found

    def __reduce__(self) -> tuple[Callable[..., "Decoder"], tuple[DecodeSpec]]:
        return Decoder, (self.spec,)


def build_steps(steps: Sequence[dict[str, dict[str, Any]]]) -> list[tuple[str, Any]]:
    """The registered steps with their names, made from their settings."""
    return [(name, registry.load(STEPS, name, "Step")(**settings)) for step in steps for name, settings in step.items()]


def decode_bytes(data: bytes, header: Header, least_edge: int | None = None) -> Pixels:
    """uint8 RGB (h, w, 3), upright; a JPEG scaled down inside the decoder while both edges keep `least_edge`.

    16-bit samples keep their high byte. Transparency is dropped, as torchvision's loader does; a picture of which
    nothing is visible is refused. Colour profiles are not applied.

    Raises:
        ImageError: truncated, damaged, or a kind that the decoder does not know.
    """
    if header.kind in ONE_PICTURE:
        image = _decode_jpeg(data, header, least_edge or 0)
    else:
        image = _decode_with_opencv(data, header)
    return _UPRIGHT[header.orientation](image) if header.orientation in _UPRIGHT else image


def _decode_jpeg(data: bytes, header: Header, least_edge: int) -> Pixels:
    # Only 1/2, 1/4 and 1/8: scaling by 3/8, 5/8 or 7/8 gains little time and costs fidelity (`make bench`).
    edge = min(header.width, header.height)
    scale = max(scale for scale in (1, 2, 4, 8) if scale == 1 or (least_edge and edge >= scale * least_edge))
    height, width = -(-header.height // scale), -(-header.width // scale)
    try:
        image: Pixels = simplejpeg.decode_jpeg(data, "RGB", min_height=height, min_width=width, strict=True)
    except ValueError as error:
        if not any(words in str(error) for words in _HARMLESS):
            raise ImageError(f"{header}: truncated or damaged: {error}") from None
        # Only the first warning is told, so that damage after a harmless one is not found.
        return _decode_with_opencv(data, header)
    return image


def _decode_with_opencv(data: bytes, header: Header) -> Pixels:
    encoded = np.frombuffer(data, np.uint8)
    try:
        if header.alpha and _is_transparent(cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED)):
            raise ImageError(f"{header}: transparent throughout, nothing is visible")
        image = cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise ImageError(f"{header}: cannot be decoded ({error.err})") from None
    if image is None:
        raise ImageError(f"{header}: truncated or damaged")
    if image.dtype != np.uint8 or image.shape != (header.height, header.width, 3):
        raise ImageError(f"{header}: decoded to {image.dtype} {image.shape}")
    return image  # type: ignore[return-value]


def _is_transparent(image: np.ndarray | None) -> bool:
    """Whether an image with an alpha channel shows nothing."""
    return image is not None and image.ndim == 3 and image.shape[2] == 4 and not image[..., 3].any()

"""One raw file to one uint8 RGB array of the target size: the chain that packing and every raw loading backend share.

The file is read once and decoded from memory (OpenCV's imread returns a grey-filled picture for a truncated JPEG,
imdecode refuses it). A JPEG is scaled by 1/2, 1/4 or 1/8 inside the decoder (libjpeg's scaled inverse DCT) as far as
it stays at least as large as the target. The EXIF orientation is applied.
"""

import io
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from PIL import Image

from scripts import registry
from scripts.errors import ImageError
from scripts.spec import Spec

STEPS = "scripts.images.steps"
Pixels = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]

# One image is one task: parallelism is across images, and a pool of OpenCV threads inside each worker would fight it.
cv2.setNumThreads(1)
# OpenCV writes its own line for each damaged file; the reason stands in the error that is raised here.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

_REDUCED = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}


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
        self.steps = build_steps(spec.steps)

    def __call__(self, path: Path) -> Pixels:
        """The pixels of one file: uint8 RGB, (size, size, 3), C-contiguous.

        Raises:
            ImageError: the file cannot be read or is no whole image; the message is the reason, without the path.
        """
        return self.decode(read_bytes(path))

    def decode(self, data: bytes) -> Pixels:
        """As `__call__`, from the bytes of a file."""
        image = decode_reduced(data, self.spec.size)
        for step in self.steps:
            image = step(image, self.spec.size)
        expected = (self.spec.size, self.spec.size, 3)
        if image.shape != expected or image.dtype != np.uint8:
            raise ImageError(f"images.steps end in {image.dtype} {image.shape}, expected uint8 {expected}")
        return np.ascontiguousarray(image)

    def __reduce__(self) -> tuple[Callable[..., "Decoder"], tuple[DecodeSpec]]:
        return Decoder, (self.spec,)


def build_steps(steps: Sequence[dict[str, dict[str, Any]]]) -> list[Step]:
    """The registered steps, made from their settings."""
    return [registry.load(STEPS, name, "Step")(**settings) for step in steps for name, settings in step.items()]


def read_bytes(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        ImageError: it cannot be read, or is empty.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(f"cannot be read: {error.strerror}") from None
    if not data:
        raise ImageError("empty file")
    return data


def image_size(data: bytes) -> tuple[str, int, int]:
    """Format name, width and height in pixels, read from the header without decoding.

    Raises:
        ImageError: the content is of no image format known to Pillow, whatever the file is called.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as header:
                return header.format or "unknown", *header.size
    except Image.DecompressionBombError:
        raise ImageError("more pixels than a picture has: a decompression bomb") from None
    except Exception as error:  # Pillow's parsers raise anything on damaged headers
        raise ImageError(f"not an image ({type(error).__name__})") from None


def decode_reduced(data: bytes, size: int) -> Pixels:
    """uint8 RGB (h, w, 3), for a JPEG scaled down inside the decoder while both edges stay at least `size`.

    Raises:
        ImageError: OpenCV cannot decode it: truncated, damaged, or a format it does not know.
    """
    kind, width, height = image_size(data)
    scale = 1
    if kind == "JPEG":
        scale = max(scale for scale in _REDUCED if scale == 1 or min(width, height) >= scale * size)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), _REDUCED[scale])
    except cv2.error as error:
        raise ImageError(f"{kind} {width}x{height} cannot be decoded ({error.err})") from None
    if image is None:
        raise ImageError(f"{kind} {width}x{height} cannot be decoded: truncated or damaged")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)  # type: ignore[return-value]

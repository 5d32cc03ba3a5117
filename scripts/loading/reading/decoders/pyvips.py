"""libvips' thumbnail, by pyvips: a JPEG is scaled while it is decoded, then resized to the size of the study."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.loading.reading import decoder

if TYPE_CHECKING:
    from scripts.images.picture import Pixels


class Decoder(decoder.Decoder):
    package = module = "pyvips"
    scales = True

    def __init__(self, size: int) -> None:
        import pyvips

        super().__init__(size)
        pyvips.vips_lib.vips_concurrency_set(1)  # else each worker has a thread for each core

    def __call__(self, data: bytes) -> Pixels:
        import pyvips

        if self.size:
            image = pyvips.Image.thumbnail_buffer(data, self.size, height=self.size, size="force")
        else:
            image = pyvips.Image.new_from_buffer(data, "")
        pixels: Pixels = image.colourspace("srgb")[:3].numpy()
        return pixels

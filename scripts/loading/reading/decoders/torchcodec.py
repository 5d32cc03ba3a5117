"""torchcodec's decode_image, in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.loading.reading import decoder

if TYPE_CHECKING:
    from scripts.images.picture import Pixels


class Decoder(decoder.Decoder):
    package = module = "torchcodec"

    def __call__(self, data: bytes) -> Pixels:
        from torchcodec.decoders import decode_image  # type: ignore[attr-defined]

        pixels: Pixels = decode_image(data, mode="RGB").permute(1, 2, 0).contiguous().numpy()
        return pixels

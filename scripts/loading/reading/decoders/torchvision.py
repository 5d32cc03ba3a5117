"""torchvision.io.decode_image, in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.loading.reading import decoder

if TYPE_CHECKING:
    from scripts.images.picture import Pixels


class Decoder(decoder.Decoder):
    package = module = "torchvision"

    def __call__(self, data: bytes) -> Pixels:
        import numpy as np
        import torch
        from torchvision.io import ImageReadMode, decode_image

        encoded = torch.from_numpy(np.frombuffer(bytearray(data), np.uint8))
        pixels: Pixels = decode_image(encoded, ImageReadMode.RGB).permute(1, 2, 0).contiguous().numpy()
        return pixels

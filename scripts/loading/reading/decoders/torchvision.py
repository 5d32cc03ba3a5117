"""torchvision.io.decode_image, in full."""

import numpy as np

from scripts.images.picture import Pixels
from scripts.loading.reading import decoder


class Decoder(decoder.Decoder):
    package = module = "torchvision"

    def __call__(self, data: bytes) -> Pixels:
        import torch
        from torchvision.io import ImageReadMode, decode_image

        encoded = torch.from_numpy(np.frombuffer(bytearray(data), np.uint8))
        pixels: Pixels = decode_image(encoded, ImageReadMode.RGB).permute(1, 2, 0).contiguous().numpy()
        return pixels

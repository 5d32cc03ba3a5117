"""A small network for quick studies: four convolutions, 0.1 million weights, any image from 16 px.

It normalises by groups of channels of each image (Wu and He, "Group Normalization", ECCV 2018), not by the batch, so
that every way to divide a batch trains the same network.
"""

from torch import nn

WIDTHS = (32, 48, 64, 96)


def tiny_cnn(num_classes: int) -> nn.Sequential:
    """The network, from (n, 3, edge, edge) to (n, num_classes)."""
    layers: list[nn.Module] = []
    channels = 3
    for width in WIDTHS:
        layers += [
            nn.Conv2d(channels, width, kernel_size=3, stride=2, padding=1, bias=False),
            nn.GroupNorm(8, width),
            nn.ReLU(inplace=True),
        ]
        channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, num_classes))

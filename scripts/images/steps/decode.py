"""How a file becomes pixels: a JPEG scaled down inside its decoder (DCT scaling), or decoded in full.

Stands first, or is left out for its defaults. Scaled inverse DCT (libjpeg-turbo, libjpeg.txt, `scale_num`): a block of
8x8 coefficients becomes 1 to 4 pixels a side, so that most of the work of decoding is never done. The smallest scale is
chosen at which both edges are still `at_least` times the target size. Other formats are always decoded in full.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Step(BaseModel):
    """Settings of the step; scripts/images/decode.py carries it out, since it takes bytes and no pixels."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scaling: Literal["dct", "none"] = Field("dct", description="dct: scaled inside the decoder; none: decoded in full")
    at_least: Annotated[float, Field(ge=1, le=8)] = Field(
        1.0, description="least edge after scaled decoding, as a multiple of `images.size`"
    )

    def least_edge(self, size: int) -> int | None:
        """Pixels that both edges keep at least; None: decode in full."""
        return None if self.scaling == "none" else round(self.at_least * size)

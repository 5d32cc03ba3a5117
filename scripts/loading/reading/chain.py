"""From the bytes of a raw file to the pixels of the study: its own decoder or another library's, then its steps."""

from collections.abc import Callable
from functools import cache

from scripts import registry
from scripts.errors import ImageError, in_one_line
from scripts.images import decode
from scripts.images.decode import DecodeSpec
from scripts.images.header import read_header
from scripts.images.picture import Pixels
from scripts.loading.backend import DECODERS, OWN
from scripts.loading.reading.decoder import Decoder

Chain = Callable[[bytes], Pixels]  # uint8 RGB (size, size, 3); picklable


def chain(spec: DecodeSpec, decoder: str = OWN) -> Chain:
    """The chain by the name of its decoder."""
    return OwnChain(spec) if decoder == OWN else OtherChain(spec, decoder)


class OwnChain:
    """What packing does too."""

    def __init__(self, spec: DecodeSpec) -> None:
        self.decoder = decode.Decoder(spec)

    def __call__(self, data: bytes) -> Pixels:
        """Raises ImageError."""
        return self.decoder.decode(data, read_header(data))


class OtherChain:
    """Another library's decoder, and the same steps behind it."""

    def __init__(self, spec: DecodeSpec, name: str) -> None:
        self.spec, self.name = spec, name
        self.steps = decode.Decoder(spec)
        kind: type[Decoder] = registry.load(DECODERS, name, "Decoder")
        self.decode = kind(self.steps.least_edge or 0)

    def __call__(self, data: bytes) -> Pixels:
        """Raises ImageError."""
        try:
            pixels = self.decode(data)
        except Exception as error:  # each library has its own
            raise ImageError(f"{self.name}: {in_one_line(error)}") from None
        return self.steps.finished(self.steps.steps_of(pixels, self.name))

    def __reduce__(self) -> tuple[Callable[[str, str], "OtherChain"], tuple[str, str]]:
        return _other, (self.spec.model_dump_json(), self.name)


@cache  # a worker of a pool is sent it with each chunk
def _other(spec: str, name: str) -> OtherChain:
    return OtherChain(DecodeSpec.model_validate_json(spec), name)

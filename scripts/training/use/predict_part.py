"""Which class is each picture of a folder? One part of the folder's files, by the trained network.

Inputs: `model.pt` (model/trained.py), which knows how files become pixels; the files of the folder whose
relative path falls into the part (crc32 mod `parts`). Output: CSV of path, class, probability, reason: a file that is
no whole image has no class, and the reason why.

By hand:
    python -m scripts.training.use.predict_part --model model.pt --folder /data/new --part 0 --predictions 0.csv \
        --spec '{"parts": 4, "device": "cpu", "batch": 64, "listed": "", "limits": {"max_bytes": 100000000,
                 "max_pixels": 25000000, "min_edge": 8, "frames": "reject"}}'
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from scripts import cli
from scripts.atomic import replacing
from scripts.errors import ImageError
from scripts.images.decode import Decoder, DecodeSpec
from scripts.images.header import Limits, check, read_bytes, read_header
from scripts.images.picture import Pixels
from scripts.images.source import files_below, shard_of
from scripts.spec import Spec
from scripts.training.model.model_file import add_flag
from scripts.training.model.trained import TrainedNetwork, device_of
from scripts.training.points import Device

COLUMNS = ("path", "class", "probability", "reason")


class PredictSpec(Spec):
    """What it takes from the config."""

    parts: int  # that the folder's files are cut into
    device: Device
    batch: int  # images of one forward pass
    limits: Limits  # as `images.limits`
    listed: str  # digest of the part's files, their sizes too


def decoded(folder: Path, paths: Iterable[str], decoder: Decoder, limits: Limits) -> Iterator[tuple[str, Pixels | str]]:
    """Each file's pixels, or the reason why it has none."""
    for path in paths:
        try:
            data = read_bytes(folder / path, limits.max_bytes)
            header = read_header(data)
            check(header, limits)
            yield path, decoder.decode(data, header)
        except ImageError as error:
            yield path, str(error)


@torch.inference_mode()
def predict(
    trained: TrainedNetwork, folder: Path, paths: list[str], spec: PredictSpec, file: Path | None = None
) -> pd.DataFrame:
    """A row a file, in the order of `paths`."""
    device = device_of(spec.device)
    network = trained.network(device, file)
    decoder = Decoder(DecodeSpec.model_validate(trained.decode))
    rows: list[tuple[str, str | None, float | None, str]] = []
    starts = range(0, len(paths), spec.batch)
    for start in cli.progress(starts, len(starts), "predict"):
        some = list(decoded(folder, paths[start : start + spec.batch], decoder, spec.limits))
        images = [pixels for _, pixels in some if not isinstance(pixels, str)]
        given = np.reshape(images, (-1, decoder.spec.size, decoder.spec.size, 3)).astype(np.uint8)
        shares = iter(network(trained.normalised(given, device)).float().softmax(dim=1).cpu() if images else ())
        for path, pixels in some:
            shown = os.fsencode(path).decode("utf-8", "backslashreplace")
            if isinstance(pixels, str):
                rows.append((shown, None, None, pixels))
            else:
                share = next(shares)
                rows.append((shown, trained.classes[int(share.argmax())], float(share.max()), ""))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--device", choices=["cpu", "cuda"], help="of the study; left out: of this machine")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--part", type=int, required=True)
    parser.add_argument("--predictions", type=Path, required=True)
    parser.add_argument("--spec", type=PredictSpec.model_validate_json, required=True)
    add_flag(parser)
    args = parser.parse_args()
    spec = args.spec.model_copy(update={"device": args.device or args.spec.device})
    mine = [path for path in files_below(args.folder) if shard_of(path, spec.parts) == args.part]
    table = predict(TrainedNetwork.read(args.model), args.folder, mine, spec, args.model_file)
    with replacing(args.predictions) as temporary:
        table.to_csv(temporary, index=False, float_format="%.6f")


if __name__ == "__main__":
    cli.run(main)

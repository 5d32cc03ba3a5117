"""Write every training image again as a PNG of its packed pixels: small files that decode fast, and to the same pixels.

It is what many do before they train: decode and resize once, keep one file an image. PNG loses nothing, so that these
files can be compared with the raw ones; JPEGs of this size would be smaller, and other pixels.

Inputs: the packed shards, `split.parquet`.
Outputs: `<shard>/<row>.png` in --folder, and --listed, a CSV of `path,file,bytes` that is written last.

By hand:
    python -m scripts.loading.containers.reencode --shards results/demo/images/shards \
        --split results/demo/images/split.parquet --folder reencoded --listed reencoded.csv
"""

import shutil
from pathlib import Path

import cv2
import pandas as pd

from scripts import cli
from scripts.atomic import replacing
from scripts.errors import ImageError
from scripts.images.shards import Shards, read_split
from scripts.loading.stored import reencoded_file


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--listed", type=Path, required=True)
    args = parser.parse_args()

    images, shards = read_split(args.split, "train"), Shards(args.shards)
    shutil.rmtree(args.folder, ignore_errors=True)  # of another split
    places = list(zip(images.paths, images.shards.tolist(), images.rows.tolist(), strict=True))
    rows = []
    for path, shard, row in cli.progress(places, total=len(places), doing="re-encoding"):
        file = reencoded_file(args.folder, shard, row)
        file.parent.mkdir(parents=True, exist_ok=True)
        if not cv2.imwrite(str(file), cv2.cvtColor(shards[shard, row], cv2.COLOR_RGB2BGR)):
            raise ImageError(f"{file}: cannot be written")
        rows.append((path, file.relative_to(args.folder).as_posix(), file.stat().st_size))
    with replacing(args.listed) as temporary:
        pd.DataFrame(rows, columns=["path", "file", "bytes"]).to_csv(temporary, index=False)


if __name__ == "__main__":
    cli.run(main)

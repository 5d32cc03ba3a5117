"""Put every training image into files of the kind that a library reads.

Most hold the bytes of the raw files, some the packed pixels; see the formats in scripts/loading/containers/formats/.

Inputs: the raw image folder, the packed shards, `split.parquet`.
Outputs: the container's files in --folder, and --listed, a CSV of `file,bytes` that is written last.

By hand:
    python -m scripts.loading.containers.pack_container --format webdataset --raw /data/my_images \
        --shards results/demo/images/shards --split results/demo/images/split.parquet --folder tars --listed tars.csv
"""

import csv
import shutil
from pathlib import Path

from scripts import cli, registry
from scripts.atomic import replacing
from scripts.loading.containers.format import Format, shuffled
from scripts.loading.stored import FORMATS, container_files


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--format", choices=registry.names(FORMATS), required=True)
    parser.add_argument("--raw", type=Path, required=True, help="the raw image folder")
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="of the container; emptied first")
    parser.add_argument("--listed", type=Path, required=True)
    args = parser.parse_args()

    shutil.rmtree(args.folder, ignore_errors=True)  # of another split
    args.folder.mkdir(parents=True)
    kind: type[Format] = registry.load(FORMATS, args.format, "Format")
    kind().write(shuffled(args.raw, args.split, args.shards), args.folder)
    with replacing(args.listed) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "bytes"])
        found = container_files(args.folder)
        writer.writerows((path.relative_to(args.folder).as_posix(), path.stat().st_size) for path in found)


if __name__ == "__main__":
    cli.run(main)

"""Put the raw bytes of every training image into the tar files that webdataset reads.

Inputs: the raw image folder, `split.parquet`.
Outputs: `<n>.tar` in --folder, and --listed, a CSV of `file,bytes` that is written last.

By hand:
    python -m scripts.loading.pack_webdataset --raw /data/my_images --split results/demo/images/split.parquet \
        --folder webdataset --listed webdataset.csv
"""

from scripts import cli
from scripts.loading import container


def main() -> None:
    parser = cli.parser(__doc__)
    container.add_arguments(parser)
    args = parser.parse_args()

    import webdataset

    images = container.raw_images(args.raw, args.split)
    folder = container.emptied(args.folder)
    pattern = str(folder).replace("%", "%%") + "/%04d.tar"
    with webdataset.ShardWriter(pattern, maxcount=container.per_file(len(images)), verbose=0) as writer:
        for image in cli.progress(images, total=len(images), doing="packing"):
            writer.write({"__key__": image.key, "data": image.data()})
    container.write_list(folder, args.listed)


if __name__ == "__main__":
    cli.run(main)

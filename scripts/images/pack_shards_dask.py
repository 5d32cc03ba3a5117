"""Pack all shards on a Dask cluster, one task a shard: the same files as scripts/images/pack_shard.py, byte for byte.

The workers are Slurm jobs over the nodes, one core each. They read the raw images and write the shards themselves, so
both folders must be on a file system that all nodes share.

Inputs: the raw image folder.
Outputs: `<nnnn>.npy` and `<nnnn>.parquet` of each shard, in `--output`.

By hand:
    python -m scripts.images.pack_shards_dask --folder /data/my_images --output shards --workers 2 \
        --spec '{"decode": {"size": 64, "steps": [{"resize": {}}]}, "shards": 8, "unnameable": {}}'
"""

from pathlib import Path

from distributed import Client, as_completed

from scripts import cli
from scripts.images.pack_shard import PackSpec, write
from scripts.images.source import list_images, shard_of
from scripts.slurm.dask_cluster import dask_cluster

MEMORY_MB = 2000  # of a worker: as a job of pack_shard's


def pack_all(client: Client, folder: Path, output: Path, spec: PackSpec) -> None:
    """Pack every shard; the first one that fails ends it."""
    paths: list[list[str]] = [[] for _ in range(spec.shards)]
    for path in list_images(folder):
        paths[shard_of(path, spec.shards)].append(path)
    tasks = [
        client.submit(
            write,
            folder.absolute(),
            shard,
            paths[shard],
            spec,
            (output / f"{shard:04d}.npy").absolute(),
            (output / f"{shard:04d}.parquet").absolute(),
        )
        for shard in range(spec.shards)
    ]
    done = as_completed(tasks, with_results=True)  # type: ignore[no-untyped-call]
    for _, said in cli.progress(done, total=len(tasks), doing="pack"):
        cli.log.info(said)


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--spec", type=PackSpec.model_validate_json, required=True)
    args = parser.parse_args()

    with dask_cluster(args.workers, MEMORY_MB) as client:
        pack_all(client, args.folder, args.output, args.spec)


if __name__ == "__main__":
    cli.run(main)

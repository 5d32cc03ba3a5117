"""Pack all shards on a Dask cluster, one task a shard: the same files as scripts/images/pack_shard.py, byte for byte.

The workers are Slurm jobs over the nodes, one core each. They read the raw images and write the shards themselves, so
both folders must be on a file system that all nodes share.

Inputs: the raw image folder.
Outputs: `<nnnn>.npy` and `<nnnn>.parquet` of each shard, in `--output`.

By hand: the command that `snakemake -np --config images='{"pack_on": "dask"}'` prints for rule pack_shards_dask.
"""

from pathlib import Path
from typing import get_args

from distributed import Client, as_completed

from scripts import cli
from scripts.images.layout import Layout
from scripts.images.pack_shard import PackSpec, list_entries, write
from scripts.images.source import Entry, shard_of
from scripts.slurm.dask_cluster import dask_cluster


def pack_all(client: Client, folder: Path, listed: list[Entry], output: Path, spec: PackSpec) -> None:
    """Pack every shard; the first one that fails ends it."""
    shards: list[list[Entry]] = [[] for _ in range(spec.shards)]
    for entry in listed:
        shards[shard_of(entry.path, spec.shards)].append(entry)
    tasks = [
        client.submit(
            write,
            folder.absolute(),
            shard,
            shards[shard],
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
    parser.add_argument("--manifest", type=Path, nargs="?", help="CSV of path,label; may be left empty")
    parser.add_argument("--layout", choices=get_args(Layout), default="auto", help="of the folder")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--memory", type=int, required=True, help="MB of a worker")
    parser.add_argument("--spec", type=PackSpec.model_validate_json, required=True)
    args = parser.parse_args()

    with dask_cluster(args.workers, args.memory) as client:
        listed = list_entries(args.folder, args.manifest, args.layout)
        pack_all(client, args.folder, listed, args.output, args.spec)


if __name__ == "__main__":
    cli.run(main)

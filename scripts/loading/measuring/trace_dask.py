"""What does Dask make of a loading job? One untimed run with Dask's own report of it, and the graph of its tasks.

The run loads up to 512 training images on a local cluster of worker processes, a task a chunk, and works out the mean
of each colour channel: one task a chunk takes its pixels together, further ones join four results at a time.

Inputs: the raw image folder, `split.parquet`.
Outputs: `dask_graph.json` (see Trace); `dask_report.html`, Dask's performance report, which asks no network.

By hand:
    python -m scripts.loading.measuring.trace_dask --folder pictures --split split.parquet --graph dask_graph.json \
        --report dask_report.html \
        --spec '{"decode": {"size": 64, "steps": [{"resize": {}}]}, "workers": 2, "chunk": 16, "seed": 0}'
"""

import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from scripts import cli
from scripts.atomic import replacing, write_text
from scripts.images.decode import DecodeSpec
from scripts.images.shards import read_split
from scripts.loading.backend import Item, Load, Loaded, chunks, load_chunk
from scripts.loading.measuring.passes import items_of
from scripts.loading.reading.load import LoadRaw
from scripts.spec import Spec

if TYPE_CHECKING:
    from dask.delayed import Delayed

IMAGES = 512  # of the run, at most
DRAWN = 24  # chunks of the graph, at most: more could not be read
JOINED = 4  # results that one task joins


class TraceSpec(Spec):
    """What the run takes from the config."""

    decode: DecodeSpec
    workers: int  # processes
    chunk: int  # images of a task
    seed: int  # of the order that images are asked for in


class Trace(BaseModel):
    """The tasks of the run, or of as many chunks of it as can be drawn."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    images: int = Field(description="loaded in the run")
    chunk: int = Field(description="images of a chunk")
    chunks: int = Field(description="of the run")
    drawn: int = Field(description="chunks that `needs` tells of")
    workers: int = Field(description="processes of the run")
    means: list[float] = Field(description="mean of red, green and blue over all pixels of the run, 0 to 255")
    needs: dict[str, list[str]] = Field(description="each task, by its name, and the tasks whose results it takes")


class Mean(NamedTuple):
    """A mean over pixels, and what it weighs."""

    colour: np.ndarray  # float64 (3,): red, green, blue
    pixels: int


def mean_colour(loaded: Sequence[Loaded]) -> Mean:
    """Of the images of a chunk."""
    images = [image for _, image in loaded if image is not None]
    return join([Mean(image.mean(axis=(0, 1)), image.shape[0] * image.shape[1]) for image in images])


def join(means: Sequence[Mean]) -> Mean:
    """Of all that went into `means`."""
    weights = [mean.pixels for mean in means]
    return Mean(np.average([mean.colour for mean in means], axis=0, weights=weights), sum(weights))


def plan(load: Load, parts: Sequence[Sequence[Item]]) -> "Delayed":
    """The mean over all parts, still to be computed: load, mean_colour, and a tree of joins."""
    from dask.delayed import delayed

    def task(name: str, function: object, *arguments: object) -> "Delayed":
        return delayed(function)(*arguments, dask_key_name=name)  # type: ignore[no-any-return]

    loaded = [task(f"load {i}", load_chunk, load, part) for i, part in enumerate(parts)]
    means = [task(f"mean {i}", mean_colour, one) for i, one in enumerate(loaded)]
    made = 0
    while len(means) > 1:
        groups = list(enumerate(chunks(means, JOINED), start=made))
        means, made = [task(f"join {i}", join, group) for i, group in groups], made + len(groups)
    return means[0]


def needs(planned: "Delayed") -> dict[str, list[str]]:
    """Each task of a plan and the tasks that it waits for, in order of their numbers."""

    def number(name: str) -> tuple[str, int]:
        kind, _, count = name.partition(" ")
        return kind, int(count)

    from dask.core import get_dependencies

    graph = planned.__dask_graph__()
    found = {str(task): map(str, get_dependencies(graph, task)) for task in graph}
    return {task: sorted(found[task], key=number) for task in sorted(found, key=number)}


def run(planned: "Delayed", workers: int, report: Path) -> Mean:
    """Compute on worker processes of this machine, gone afterwards, while Dask takes notes for its report."""
    import dask
    from distributed import Client, LocalCluster, performance_report

    logging.getLogger("distributed").setLevel(logging.WARNING)
    # Without a dashboard: its routes are not served, and its port is any that is free, on loopback.
    with (
        dask.config.set({"distributed.scheduler.http.routes": []}),
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=workers,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
        ) as cluster,
        Client(cluster) as client,  # type: ignore[no-untyped-call]
        performance_report(str(report), mode="inline"),  # type: ignore[no-untyped-call]
    ):
        return client.compute(planned).result()  # type: ignore[no-any-return]


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--graph", type=Path, required=True)
    parser.add_argument("--report", type=Path, required=True)
    parser.add_argument("--spec", type=TraceSpec.model_validate_json, required=True)
    args = parser.parse_args()
    spec: TraceSpec = args.spec

    load = LoadRaw(args.folder, spec.decode)
    items = items_of(read_split(args.split, "train"), spec.seed, block=1)[:IMAGES]
    parts = chunks(items, spec.chunk)
    with replacing(args.report) as temporary:
        means = run(plan(load, parts), spec.workers, temporary).colour.tolist()
        # Dask's icon is all that the page would fetch.
        temporary.write_text(re.sub(r'<link rel="shortcut icon"[^>]*>', "", temporary.read_text()))
    cli.log.info("mean of red, green and blue: %.1f, %.1f, %.1f", *means)
    drawn = parts[:DRAWN]
    trace = Trace(
        images=len(items),
        chunk=spec.chunk,
        chunks=len(parts),
        drawn=len(drawn),
        workers=spec.workers,
        means=means,
        needs=needs(plan(load, drawn)),
    )
    write_text(args.graph, trace.model_dump_json(indent=1) + "\n")


if __name__ == "__main__":
    cli.run(main)

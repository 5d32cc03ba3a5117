"""The record of a program's launch: whether it did the work that it is timed for, and how fast.

`phases` are the slowest rank's: startup (with all behind the last step), warmup, data (waiting for batches),
forward_backward, optimizer, evaluation, other (all else between two steps). `seconds` counts data, forward_backward,
optimizer and other.
"""

import math
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts import machine, record
from scripts.noise import most_changed, noise
from scripts.record import Record, Watched
from scripts.training.program.events import Event, of_file
from scripts.training.program.launch_program import NodeReport
from scripts.training.program.spec import ProgramSpec
from scripts.training.program.watched import Columns, RankReport, Window, of_events, window

STEADY = ("data", "forward_backward", "optimizer", "other")
MOST_LOSSES = 1000  # means of losses, that a record holds
LEAST_STEPS = 3  # steady ones, that a rate is made of


class Seen:
    """All that is known of one launch.

    Raises:
        UserError: the script's file of events is none.
    """

    def __init__(
        self,
        spec: ProgramSpec,
        nodes: Sequence[NodeReport],
        ranks: Sequence[tuple[RankReport, Columns]],
        out: Path,
    ) -> None:
        self.spec, self.nodes, self.all_ranks = spec, nodes, [report for report, _ in ranks]
        events: Sequence[Event] | None = None
        if spec.events.file is not None:
            events = of_file(out / spec.events.file)
        elif spec.events.pattern is not None:
            events = [Event(*one) for one in nodes[0].printed]
        self.ranks = [report for report, _ in ranks if report.steps]
        columns = [of_events(events)] if events is not None else [steps for _, steps in ranks if steps.end]
        self.source: Any = "events" if events is not None else next((rank.source for rank in self.ranks), None)
        self.steps = [len(one.end) for one in columns]
        self.images_seen = any(any(one.images) for one in columns)
        self.window: Window | None = window(columns, spec.warmup_steps)
        # With a file or a pattern the hooks' ranks are still asked for all that is no rate.
        self.first = next(iter(self.ranks or self.all_ranks), None)

    @property
    def stopped(self) -> str:
        """What ended it."""
        if any(node.ended for node in self.nodes):
            return "hang"
        return "enough" if any(rank.stopped == "enough" for rank in self.all_ranks) else "script"

    @property
    def failed(self) -> dict[int, int]:
        """The exit status of each rank that failed by itself; of none where the launch was over before."""
        if self.stopped != "script":
            return {}
        return {rank: status for node in self.nodes for rank, status in node.statuses.items()}

    def checks(self) -> dict[str, tuple[Any, Any]]:
        """What is expected of the launch, and what was found."""
        spec, point, seen = self.spec, self.spec.point, self.window
        ended = "; ".join(dict.fromkeys(node.ended for node in self.nodes if node.ended))
        found: dict[str, tuple[Any, Any]] = {}
        if not any(self.steps):
            return {"optimizer steps": ("some", self._why_none(ended))}
        found |= {
            "steps behind the warm-up": (
                "enough",
                "enough"
                if seen and seen.steps - spec.warmup_steps >= LEAST_STEPS
                else f"{max(0, min(self.steps) - spec.warmup_steps)}; longer runs, or fewer warmup_steps, leave more",
            ),
            "end of the script": ("its own, or scalecard's", self._end()),
        }
        if self.source != "events":
            found |= self._checks_of_ranks(ended)
        if seen and self.images_seen and seen.step_images != point.global_batch:
            found["images of a step, all ranks"] = (point.global_batch, self._batch(seen.step_images))
        if seen and None in seen.losses:
            found["training loss"] = ("a number", "none that is finite; a smaller learning rate may help")
        models = list(dict.fromkeys(node.place.cpu_model for node in self.nodes))
        found["CPU models"] = (models[0], ", ".join(models))
        return found

    def _checks_of_ranks(self, ended: str) -> dict[str, tuple[Any, Any]]:
        spec, point = self.spec, self.spec.point
        first = self.ranks[0]
        spawned = max(rank.spawned for rank in self.all_ranks)
        found: dict[str, tuple[Any, Any]] = {}
        if spawned and spec.launcher == "torchrun":
            found["ranks"] = ("one process each", _its_own(spawned))
        elif len(self.ranks) != point.workers:
            found["ranks that train"] = (point.workers, len(self.ranks))
        if len(set(self.steps)) > 1 and not ended:
            found["steps of each rank"] = ("equal", " and ".join(map(str, sorted(set(self.steps)))))
        worlds = {rank.distributed.world_size if rank.distributed else 1 for rank in self.ranks}
        if worlds != {point.workers}:
            joined = " and ".join(map(str, sorted(worlds)))
            found["ranks that train together (torch.distributed)"] = (point.workers, joined)
        found["threads of a rank"] = (point.threads, first.threads if first.threads is not None else point.threads)
        if "{loader_workers}" in " ".join([spec.command, *spec.environment.values()]):
            found["loader processes of a rank"] = (
                point.loader_workers,
                max(rank.loader_workers for rank in self.ranks),
            )
        if point.device != "auto" and first.device is not None:
            found["device"] = (point.device, first.device)
        return found

    def _why_none(self, ended: str) -> str:
        if self.spec.launcher == "torchrun" and (spawned := max((rank.spawned for rank in self.all_ranks), default=0)):
            return f"none; {_its_own(spawned)}"
        images = sum(rank.evaluation.get("images", 0) for rank in self.all_ranks)
        if ended:
            return f"none: {ended}"
        if images:
            return f"none: {images:,.0f} images were evaluated, and none trained on"
        if self.spec.events.file or self.spec.events.pattern:
            return "none: training.program.events finds no line"
        if self.first is not None and self.first.torch is None:
            return "none: it imports no torch; training.program.events, or scalecard_probe, tells of its steps"
        return "none that torch's optimizers made; training.program.events, or scalecard_probe, tells of others"

    def _end(self) -> str:
        if self.failed:
            rank, status = next(iter(self.failed.items()))
            why = next((one.exception for one in self.all_ranks if one.rank == rank and one.exception), None)
            how = f"signal {-status}" if status < 0 else f"status {status}"
            return f"rank {rank} ended with {how}" + (f": {why}" if why else "")
        return "its own, or scalecard's"

    def _batch(self, images: int) -> str:
        workers, batch = self.spec.point.workers, self.spec.point.global_batch
        if self.spec.point.scaling == "strong" and images == batch * workers:
            return f"{images}: each rank keeps its batch, which is weak scaling; expected training.scaling weak"
        if self.spec.point.scaling == "weak" and images == batch // workers:
            return f"{images}: ranks share one batch, which is strong scaling; expected training.scaling strong"
        return (
            f"{images}; training.global_batch says it, and the command is to use {{batch_per_rank}} or {{global_batch}}"
        )

    def watched(self) -> Watched | None:
        """What the record says of it."""
        seen = self.window
        if seen is None:
            return None
        return Watched(
            source=self.source,
            steps=seen.steps,
            first_loss=seen.first_loss,
            losses=seen.losses[:MOST_LOSSES],
            images_seen=self.images_seen,
            evaluation_images=round(sum(rank.evaluation.get("images", 0) for rank in self.all_ranks)),
            skipped_steps=max((rank.skipped_steps for rank in self.all_ranks), default=0),
            stopped=self.stopped,
        )


def _its_own(spawned: int) -> str:
    return (
        f"{spawned} processes that the script starts itself; expected training.program.launcher none, and {{workers}} "
        "in its command"
    )


def record_of(seen: Seen, block: int, attempt: int, digest: str) -> Record:
    """What is written of a launch.

    Args:
        digest: of the program's files.
    """
    spec, point, nodes = seen.spec, seen.spec.point, seen.nodes
    validity = record.Validity.of(seen.checks())
    wall = max(node.seconds for node in nodes) + sum(one.seconds for one in nodes[0].calibrations)
    watched, found = seen.watched(), seen.window
    steady = found.steps - spec.warmup_steps if found else 0
    if found is None or not found.seconds:
        seconds, images, phases = wall, 0, {"startup": wall}
    else:
        seconds = found.seconds
        images = round(found.images) if seen.images_seen else steady * point.global_batch
        phases = dict(found.phases)
        rest = max(0.0, wall - math.fsum(phases.values()))
        phases |= {"startup": rest}
    places = machine.Places([node.place for node in nodes for _ in range(max(1, point.workers_per_node))])
    first = seen.first
    device = (first.device if first else None) or ("cpu" if point.device == "auto" else point.device)
    environment = machine.environment(
        start_method=None, page_cache="as it was", gpu=first.gpu if first else None, places=places
    )
    if first is not None:
        environment = environment.model_copy(update={"python": first.python, "packages": first.packages})
    told = [node.throttled for node in nodes if node.throttled is not None]
    foreign = sum(max(0.0, node.busy_seconds - node.own_cpu_seconds) / node.seconds for node in _machines(nodes))
    steal = sum(node.steal_seconds / node.seconds for node in _machines(nodes))
    calibrations = most_changed(machine.Places([node.place for node in nodes]), [node.calibrations for node in nodes])
    return Record(
        study=spec.study,
        stage="training",
        point_id=point.id,
        point=point.model_dump(),
        key=key_of(seen, digest, device, environment),
        block=block,
        attempt=attempt,
        cores=point.cores,
        images=images if watched else 0,
        seconds=seconds,
        images_per_second=(images if watched else 0) / seconds,
        phases=phases,
        wall_seconds=math.fsum(phases.values()),
        cpu_seconds=sum(node.own_cpu_seconds for node in nodes),
        peak_rss_bytes=max(1, sum(node.peak_rss_bytes for node in nodes)),
        quality=None,
        watched=watched,
        validity=validity,
        environment=environment,
        noise=noise(*calibrations, foreign, steal, sum(told) if told else None),
    )


def _machines(nodes: Sequence[NodeReport]) -> list[NodeReport]:
    """One node of each machine: nodes that are one machine in truth see the same."""
    return list({node.place.machine: node for node in reversed(nodes)}.values())


def key_of(seen: Seen, digest: str, device: str, environment: record.Environment) -> dict[str, Any]:
    """The comparison key: what must agree where two launches are divided."""
    spec, point = seen.spec, seen.spec.point
    batch = f"global batch {point.global_batch}"
    if point.scaling == "weak":
        batch = f"batch {point.global_batch // point.workers} a worker"
    packages = {f"{record.VERSION}{name}": version for name, version in environment.packages.items()}
    return {
        "model": point.model,
        "command": spec.command,
        "environment": spec.environment,
        "files": digest,
        "precision": point.precision,
        "warmup_steps": spec.warmup_steps,
        "device": device,
        "cpu_model": environment.cpu_model,
        "gpu_model": environment.gpu,
        "batch_policy": f"{point.scaling}: {batch}",
        "python": environment.python.rpartition(".")[0] or platform.python_version(),
        **packages,
    }

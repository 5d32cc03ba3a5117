"""Start a program's ranks on one node, as torchrun would, watch them, and say what this node did meanwhile.

The ranks are processes of the program's own interpreter, each behind scripts/training/watch/run_watched.py, and have
together as many cores of the node as the point asks for. A launch that makes no step for too long is ended.

Started by measure_program.py, once on each node. Outputs, in a folder of the launch: `rank-<rank>.json` (the ranks'),
`node-<node>.json` (class NodeReport); beside it what ranks print (`rank-<rank>.out`, `.err`), `usage-<node>.csv`.
"""

import json
import os
import resource
import time
from pathlib import Path

from pydantic import ConfigDict
from torch.distributed.elastic.multiprocessing import LogsDest, SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import elastic_launch

from scripts import cli, machine
from scripts.atomic import write_text
from scripts.calibration import Calibration, calibrate
from scripts.noise import Look
from scripts.slurm.allocation import Node
from scripts.spec import Spec
from scripts.training.launch.launch_node import RankLogs, choose_interface, elastic_config, meet
from scripts.training.launch.monitor import Monitor
from scripts.training.loop.batches import seed_of
from scripts.training.program.command import placeholders, surroundings
from scripts.training.program.events import Printed
from scripts.training.program.placeholders import words
from scripts.training.program.spec import ProgramSpec
from scripts.training.program.watchdog import Watchdog

WATCHER = Path(__file__).resolve().parent.parent / "watch" / "run_watched.py"
# What torch's elastic agent sets for a rank.
TORCHRUN = (
    *("RANK", "LOCAL_RANK", "GROUP_RANK", "ROLE_RANK", "ROLE_NAME"),
    *("WORLD_SIZE", "LOCAL_WORLD_SIZE", "GROUP_WORLD_SIZE", "ROLE_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"),
    *("TORCHELASTIC_RESTART_COUNT", "TORCHELASTIC_MAX_RESTARTS", "TORCHELASTIC_RUN_ID", "TORCHELASTIC_ERROR_FILE"),
    "TORCHELASTIC_USE_AGENT_STORE",
)
GRACE = 15  # seconds that ranks have to end by themselves once they are told to
LOG_BYTES = 2_000_000  # that are kept of what a rank prints, half of them its first and half its last


class NodeReport(Spec):
    """What one node did in a launch."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="strings")  # where no quota is in force

    place: machine.Place
    calibrations: tuple[Calibration, Calibration]
    seconds: float  # between the two, the ranks' start and end included
    own_cpu_seconds: float  # of all processes of the launch
    busy_seconds: float  # of all processes of the machine, and of the hypervisor in its place
    steal_seconds: float
    throttled: int | None
    peak_rss_bytes: int
    statuses: dict[int, int]  # exit status of each rank that failed; below 0: the signal that ended it
    ended: str  # why the launch was ended from here; empty: it was not
    signalled: bool  # told to stop by whoever runs the job
    printed: list[tuple[float, float, float | None]]  # seconds, images, loss: lines that `events.pattern` found


class ProgramLogs(RankLogs):
    """What each rank prints, in files of its own that nobody shows."""

    def reify(self, envs: dict[int, dict[str, str]]) -> LogsDest:
        files = {local: self.folder / f"rank-{found['RANK']}" for local, found in envs.items()}
        there = super().reify(envs)
        there.stdouts = {local: f"{file}.out" for local, file in files.items()}
        there.stderrs = {local: f"{file}.err" for local, file in files.items()}
        there.tee_stderrs = {}
        return there


def confine(cores: int) -> None:
    """Leave this process, and all that it starts, `cores` of those that it may use: what a cluster would give it."""
    usable = os.sched_getaffinity(0)
    ordered = sorted(usable, key=lambda core: (machine.hardware_threads(core).index(core), core))
    os.sched_setaffinity(0, ordered[:cores])


def shorten(log: Path, most: int = LOG_BYTES) -> None:
    """Cut the middle out of a log of more than `most` bytes, and say so there."""
    if not log.is_file() or (size := log.stat().st_size) <= most:
        return
    with log.open("rb") as file:
        first = file.read(most // 2)
        file.seek(size - most // 2)
        last = file.read()
    log.write_bytes(first + f"\n... {size - most} bytes left out ...\n".encode() + last)


def launch(spec: ProgramSpec, block: int, nodes: list[Node], this: int, port: int, folders: "Folders") -> NodeReport:
    """Run this node's ranks to their end."""
    point, here = spec.point, spec.ranks_started // len(nodes)
    cores = point.workers_per_node * point.cores_per_rank
    confine(cores)
    others = [node.address for number, node in enumerate(nodes) if number != this]
    values = placeholders(spec, block, seed_of(spec.seed, block) % 2**31, folders.out)
    given = surroundings(spec, values)
    os.environ.clear()
    os.environ.update(given)
    choose_interface(others[0] if others else nodes[this].address, alone=not others)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # beside the user's files nothing is left
    options = {"stop_after": spec.stop_after.model_dump() | {"warmup_steps": spec.warmup_steps}}
    command = [str(WATCHER), "--out", str(folders.watched), "--options", json.dumps(options), "--"]
    command += words(spec.command, values)
    # A script that starts its own ranks is no rank; told of torchrun's store it would wait for one that nobody keeps.
    without = [word for name in TORCHRUN for word in ("-u", name)] if spec.launcher == "none" else []
    config = elastic_config(nodes, this, port, here, ProgramLogs(folders.logs), GRACE)
    before, looked, used_before, began = calibrate(cores), Look.now(), _used(), time.monotonic()
    printed = Printed(folders.logs / "rank-0.out", folders.logs / "rank-0.err", spec.events.pattern, began)
    watchdog = Watchdog(folders.watched, printed, spec.join_seconds, spec.step_seconds)
    statuses: dict[int, int] = {}
    signalled = False
    os.chdir(folders.folder)
    with Monitor(nodes[this].name) as monitor, watchdog:
        try:
            elastic_launch(config, "env")(*without, str(folders.python), *command)
        except SignalException:
            signalled = not watchdog.ended
        except ChildFailedError as error:
            statuses = {rank: failure.exitcode for rank, failure in error.failures.items()}
    if left := machine.end_descendants():
        cli.log.info("left behind by the script, and ended: %s", ", ".join(left))
    counted, seconds = Look.now().since(looked), time.monotonic() - began
    own = max(_used() - used_before, sum(monitor.cpu_seconds.values()))
    after = calibrate(cores)
    monitor.write(folders.logs / f"usage-{this}.csv")
    for log in folders.logs.glob("rank-*.[oe]*"):
        shorten(log)
    return NodeReport(
        place=machine.Place.of_this_process(),
        calibrations=(before, after),
        seconds=seconds,
        own_cpu_seconds=own,
        busy_seconds=counted.busy,
        steal_seconds=counted.steal,
        throttled=counted.throttled,
        peak_rss_bytes=max((sample.memory_bytes for sample in monitor.samples), default=0),
        statuses=statuses,
        ended=watchdog.ended,
        signalled=signalled,
        printed=printed.found,
    )


def _used() -> float:
    """CPU seconds of this process and of those that it has waited for, and they in their turn."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in both)


class Folders(Spec):
    """Where a launch finds and leaves its files; all absolute."""

    python: Path
    folder: Path
    logs: Path
    watched: Path
    out: Path


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--nodes", type=json.loads, required=True, help="JSON: [[name, address], ...], rank 0's first")
    parser.add_argument("--port", type=int, required=True, help="a port of the first node that is free")
    parser.add_argument("--join-seconds", type=float, required=True, help="longest wait for the other nodes")
    parser.add_argument("--folders", type=Folders.model_validate_json, required=True, help="JSON of class Folders")
    parser.add_argument("--block", type=int, required=True)
    parser.add_argument("--spec", type=ProgramSpec.model_validate_json, required=True)
    args = parser.parse_args()
    machine.end_with_parent()
    machine.adopt_orphans()
    nodes = [Node(*one) for one in args.nodes]
    this = [node.name for node in nodes].index(os.environ["SLURMD_NODENAME"]) if len(nodes) > 1 else 0
    store = meet(nodes, this, args.port, args.join_seconds)
    store.set(f"machine {this}", machine.boot_id())
    if machine.boot_id() not in [store.get(f"machine {number}").decode() for number in range(this)]:
        machine.wait_until_alone()  # virtual nodes of one machine are one measurement on it
    found = launch(args.spec, args.block, nodes, this, args.port, args.folders)
    write_text(args.folders.watched / f"node-{this}.json", found.model_dump_json() + "\n")


if __name__ == "__main__":
    cli.run(main)

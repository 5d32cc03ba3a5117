"""Start the ranks of one node and wait for them: the same on one machine and on each node of a Slurm job.

Nodes first meet in a store on the first of them, so that a node that does not come can be named. Then torch's elastic
agent, the part of torchrun that starts processes, forks the ranks off this one, which has imported torch and their
program for all of them and has done nothing else with them; what each writes goes to `rank-<rank>.log` and, marked
with its rank, to this process's stderr. What they use of the node goes to `usage-<node>.csv` (monitor.py).

Started by scripts/training/launch/train.py, which passes its own arguments on and sets what a library reads when it is
loaded.
"""

import gc

gc.disable()  # while modules are imported: to look through all that they make takes a fifth of the time

import importlib
import json
import os
import runpy
import signal
import sys
import traceback
from datetime import timedelta
from multiprocessing.sharedctypes import RawArray
from pathlib import Path
from typing import Any

from torch.distributed import TCPStore  # type: ignore[attr-defined]
from torch.distributed.elastic.multiprocessing import LogsDest, LogsSpecs, SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from scripts import cli, machine
from scripts.errors import PassingError, UserError
from scripts.slurm.allocation import Node, interface_towards
from scripts.training.launch.interruption import EXIT_RETRY, Interruption
from scripts.training.launch.monitor import Monitor
from scripts.training.model.memory import advice
from scripts.training.model.model_facts import ModelFacts
from scripts.training.spec import TrainSpec

# Seconds that ranks have after SIGTERM to end their step and save, before they are killed.
GRACE = 110
EXIT_MAY_PASS = 70  # sysexits.h: of a rank that no mistake of the user's has ended
LAST_LINES = 5  # of a failed rank's log, that are shown


class RankLogs(LogsSpecs):
    """Each rank's output in a file of its own, and shown here too."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def root_log_dir(self) -> str:
        return str(self.folder)

    def reify(self, envs: dict[int, dict[str, str]]) -> LogsDest:
        files = {local: str(self.folder / f"rank-{found['RANK']}.log") for local, found in envs.items()}
        for file in files.values():  # of an earlier launch: a rank empties it only after it is read from
            Path(file).unlink(missing_ok=True)
        nowhere = dict.fromkeys(envs, os.devnull)
        return LogsDest(
            stdouts=dict.fromkeys(envs, ""),
            stderrs=files,
            tee_stdouts={},
            tee_stderrs=files,
            error_files=nowhere,
            filtered_stdout=os.devnull,
            filtered_stderr=os.devnull,
        )


def meet(nodes: list[Node], this: int, port: int, seconds: float) -> TCPStore:
    """Wait until every node is here; the store they met in, which must live as long as the ranks.

    Raises:
        PassingError: a node did not come within `seconds`; the message names it.
    """
    timeout = timedelta(seconds=seconds)
    late = f"within {seconds:g} s"
    try:
        store = TCPStore(
            nodes[0].address, port, len(nodes), this == 0, timeout, wait_for_workers=False, multi_tenant=True
        )
        store.set(f"node {this}", "here")
        for number, node in enumerate(nodes if this == 0 else []):
            try:
                store.wait([f"node {number}"], timeout)
            except RuntimeError:
                raise PassingError(f"node {node.name} ({node.address}) did not join the run {late}") from None
        if this == 0:
            store.set("all", "here")
        store.wait(["all"], timeout)
    except RuntimeError as error:
        first = nodes[0]
        if this == 0:
            raise PassingError(f"port {port} of {first.name} ({first.address}) cannot be used: {error}") from None
        raise PassingError(
            f"node {first.name} ({first.address}:{port}) did not answer {nodes[this].name} {late}"
        ) from None
    return store


def choose_interface(address: str, alone: bool) -> None:
    """Tell gloo, and between nodes nccl, the network interface: the user's (GLOO_SOCKET_IFNAME, NCCL_SOCKET_IFNAME), or
    that towards `address`, which need not be the fastest.
    """
    if interface := os.environ.get("GLOO_SOCKET_IFNAME") or interface_towards(address):
        os.environ["GLOO_SOCKET_IFNAME"] = interface
        if not alone:
            os.environ.setdefault("NCCL_SOCKET_IFNAME", interface)


def elastic_config(nodes: list[Node], this: int, port: int, ranks: int, logs: LogsSpecs, grace: int) -> LaunchConfig:
    """How torch's elastic agent starts `ranks` on this node, which are never started again, and ends them: `grace`
    seconds after SIGTERM they are killed.
    """
    return LaunchConfig(
        min_nodes=len(nodes),
        max_nodes=len(nodes),
        nproc_per_node=ranks,
        run_id="ranks",
        rdzv_backend="static",
        rdzv_endpoint=f"{nodes[0].address}:{port}",
        rdzv_configs={"rank": this},
        local_addr=nodes[this].address,
        max_restarts=0,
        start_method="fork",
        logs_specs=logs,
        log_line_prefix_template="[rank ${rank}] ",
        shutdown_timeout=grace,
    )


def run_rank(program: str, arguments: list[str], done: Any) -> None:
    """What a forked rank does: run `program` as if Python had been started with it, signals, flags and errors alike; in
    `done`, a byte for each rank of the node, it notes that it came to a good end.
    """
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):  # the elastic agent handles these
        signal.signal(number, signal.SIG_DFL)
    Path("/proc/self/comm").write_text(f"rank {os.environ['RANK']}", encoding="utf-8")  # what ps and top call it
    sys.argv = [program, *arguments]
    sys.modules.pop(program, None)
    status: object = None
    try:
        runpy.run_module(program, run_name="__main__", alter_sys=True)
    except SystemExit as error:
        status = error.code
    except Exception:  # torch would keep the traceback in a file of its own
        traceback.print_exc()
        status = EXIT_MAY_PASS
    gc.collect()  # ends loader processes, which a training that was left behind still holds: they heed no signal
    if isinstance(status, str):
        print(status, file=sys.stderr)  # here, where it still goes to the rank's log
        status = 1 if status.startswith(cli.ERROR) else EXIT_MAY_PASS
    if status:
        sys.exit(status)  # type: ignore[arg-type]
    done[int(os.environ["LOCAL_RANK"])] = True
    # An agent that was told to stop has no ear for what came of its ranks, and they would wait for it.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if Interruption.heard:
        os._exit(0)


def launch(
    program: str,
    spec: TrainSpec,
    facts: ModelFacts,
    nodes: list[Node],
    this: int,
    port: int,
    logs: Path,
    arguments: list[str],
) -> None:
    """Start this node's ranks and wait for their end.

    Raises:
        UserError: a rank failed; PassingError where none of them by a mistake of the user's.
        SystemExit: EXIT_RETRY where they were told to stop, and did before their end.
    """
    point = spec.point
    others = [node.address for number, node in enumerate(nodes) if number != this]
    choose_interface(others[0] if others else nodes[this].address, alone=not others)
    config = elastic_config(nodes, this, port, point.workers // len(nodes), RankLogs(logs), GRACE)
    monitor, done = Monitor(nodes[this].name), RawArray("b", config.nproc_per_node)
    try:
        with monitor:
            elastic_launch(config, run_rank)(program, arguments, done)
    except SignalException as error:
        if not all(done):
            cli.log.info("node %s: stopped by %s", nodes[this].name, error.sigval.name)
            sys.exit(EXIT_RETRY)
    except ChildFailedError as error:
        failures = sorted(error.failures.items(), key=lambda one: one[1].timestamp)
        if EXIT_RETRY in [failure.exitcode for _, failure in failures]:
            sys.exit(EXIT_RETRY)
        rank, code = failures[0][0], failures[0][1].exitcode
        how = f"was killed by signal {-code}" if code < 0 else f"ended with {code}"
        if code == -signal.SIGKILL:
            how += f" (if for want of memory: {advice(facts, spec)})"
        log = logs / f"rank-{rank}.log"
        last = "\n".join(log.read_text(errors="replace").splitlines()[-LAST_LINES:]) if log.is_file() else ""
        mistaken = 1 in [failure.exitcode for _, failure in failures]
        kind = UserError if mistaken else PassingError
        raise kind(f"rank {rank} on {nodes[this].name} {how}; its log, {log}, ends:\n{last}") from None
    monitor.write(logs / f"usage-{this}.csv")


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--nodes", type=json.loads, required=True, help="JSON: [[name, address], ...], rank 0's first")
    parser.add_argument("--port", type=int, required=True, help="a port of the first node that is free")
    parser.add_argument("--logs", type=Path, required=True, help="folder for the logs of the ranks")
    parser.add_argument("--program", required=True, help="module of a rank")
    parser.add_argument("--join-seconds", type=float, required=True, help="longest wait for the other nodes")
    parser.add_argument("--facts", type=Path, required=True, help="of the network (model_facts.py)")
    parser.add_argument("--spec", type=TrainSpec.model_validate_json, required=True)
    args, passed_on = parser.parse_known_args()
    nodes = [Node(*one) for one in args.nodes]
    machine.end_with_parent()
    importlib.import_module(args.program)
    gc.freeze()  # what is imported stays, so neither this process nor its forks look through it again
    gc.enable()
    this = [node.name for node in nodes].index(os.environ["SLURMD_NODENAME"]) if len(nodes) > 1 else 0
    store = meet(nodes, this, args.port, args.join_seconds)
    store.set(f"machine {this}", machine.boot_id())
    machines = [store.get(f"machine {number}").decode() for number in range(this)]
    if machine.boot_id() not in machines:  # virtual nodes of one machine are one measurement on it
        machine.wait_until_alone()
    passed_on += ["--facts", str(args.facts), "--spec", args.spec.model_dump_json()]
    facts = ModelFacts.read(args.facts)
    launch(args.program, args.spec, facts, nodes, this, args.port, args.logs, passed_on)


if __name__ == "__main__":
    cli.run(main, at_once=True)

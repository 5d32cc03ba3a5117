"""A Slurm cluster on this machine: real daemons, whose nodes n1, n2, ... are all this machine.

`up` starts what does not run, proves by an `srun` over all nodes that the cluster works, and prints the line that a
shell needs to use it; `down` stops it; `status` shows its nodes and its queue. As root or as one ordinary user, without
systemd. All of it lies in one folder: slurm.conf, log/, pid/, the accounting database.

By hand:
    eval "$(python -m scripts.slurm.local_cluster up)"
    snakemake --profile slurm
    python -m scripts.slurm.local_cluster down
"""

import argparse
import fcntl
import os
import re
import secrets
import shlex
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import jinja2
import psutil
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from scripts import cli
from scripts.atomic import write_text
from scripts.cli import log
from scripts.errors import UserError
from scripts.registry import ROOT
from scripts.slurm.daemons import (
    APT,
    ask,
    conf_path,
    end,
    job_processes,
    kill,
    missing,
    pid_of,
    process_of,
    running,
    start,
    tail,
    user,
    wait,
)

FOLDER = ROOT / ".slurm"


class Settings(BaseModel):
    """What a cluster is made of."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Annotated[Path, AfterValidator(Path.resolve)] = FOLDER
    nodes: int = Field(default=4, ge=1, le=64)
    cpus: int = Field(default_factory=lambda given: max(2, len(os.sched_getaffinity(0)) // given["nodes"]), ge=1)
    """CPUs that each node declares; all nodes together may declare more than the machine has."""
    gpus: int = Field(default=0, ge=0, le=64)
    """GPUs that each node declares; plain files stand in for them."""
    port: int = Field(default=17000, ge=1024, le=65000)
    """The controller's TCP port; the nodes take the next ones, then the accounting."""
    accounting: bool = True
    """Whether `sacct` works: slurmdbd and a MariaDB of its own."""

    @property
    def node_daemons(self) -> list[str]:
        return [f"slurmd-n{i}" for i in range(1, self.nodes + 1)]

    @property
    def daemons(self) -> list[str]:
        """The daemons in the order of their start."""
        return ["munged", *(["mariadbd", "slurmdbd"] if self.accounting else []), "slurmctld", *self.node_daemons]

    @property
    def ports(self) -> dict[str, int]:
        """The TCP port of each daemon that has one; the database is reached by its socket alone."""
        return {name: self.port + i for i, name in enumerate(["slurmctld", *self.node_daemons, "slurmdbd"])}


def up(settings: Settings) -> None:
    """Start the daemons that do not run, and wait until the cluster works.

    Raises:
        UserError: programs are missing, the folder cannot hold a cluster, another one runs in it, a port is taken, or a
            daemon did not start.
    """
    began = time.monotonic()
    if lacking := missing(settings.accounting):
        raise UserError(f"{', '.join(lacking)} not found; expected a machine with Slurm: {APT}")
    _make_folder(settings)
    with _alone(settings.folder):
        if running(settings.folder):
            _check_same(settings)
        else:
            _write_configuration(settings)
        dead = [name for name in settings.daemons if pid_of(settings.folder, name) is None]
        _check_ports(settings, dead)
        for name in dead:
            start(settings.folder, name)
        if dead:
            _prove(settings)
    done = f"started {', '.join(dead)} in {time.monotonic() - began:.1f} s" if dead else "every daemon ran already"
    log.info("cluster of %d nodes works: %s", settings.nodes, done)


def down(folder: Path) -> None:
    """Cancel all jobs and stop all daemons; what has not ended in time is killed."""
    if not (folder / "pid").is_dir():
        log.info("no cluster runs in %s", folder)
        return
    with _alone(folder):
        names = running(folder)
        if "slurmctld" in names:
            ask(folder, "scancel", "--partition=main")
            # KillWait is 5 s; a job on a dead node stays in the queue.
            wait(lambda: not ask(folder, "squeue", "--noheader").stdout, 15)
            ask(folder, "scontrol", "shutdown")
        first = [name for name in names if name.startswith(("slurmctld", "slurmd-"))]
        wait(lambda: not any(pid_of(folder, name) for name in first), 5)
        kill(job_processes(folder))
        end([*filter(None, (process_of(folder, name) for name in first))])
        for name in ("slurmdbd", "mariadbd", "munged"):
            end([*filter(None, [process_of(folder, name)])])
    log.info("stopped %s", ", ".join(names) or "nothing: no cluster ran")


def status(folder: Path) -> str:
    """What a person wants to know of the cluster in `folder`."""
    names = running(folder)
    if not names:
        return f"no cluster runs in {folder}"
    dead = [name for name in _written(folder).daemons if name not in names]
    nodes = ask(folder, "sinfo", "--Node", "--format=%N %T %C %G %E")
    queue = ask(folder, "squeue")
    answers = [(answer.stdout or answer.stderr).strip() for answer in (nodes, queue)]
    return "\n".join([*answers, *([f"dead: {', '.join(dead)}; `up` starts them again"] if dead else [])])


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold off another `up` or `down` of the same cluster."""
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make_folder(settings: Settings) -> None:
    folder = settings.folder
    if found := re.search(r"[^\w ./@+-]", str(folder)):
        raise UserError(f"--folder {folder}: found {found[0]!r}, which slurm.conf cannot hold; choose another folder")
    if settings.gpus and " " in str(folder):
        raise UserError(f"--folder {folder}: found a space, which gres.conf cannot hold; choose another, or --gpus 0")
    socket_of_step = f"{folder}/spool/n{settings.nodes}/n{settings.nodes}_67108863.4294967295"
    if (over := len(os.fsencode(socket_of_step)) - 107) > 0:
        raise UserError(f"--folder {folder}: {over} bytes too long for Unix sockets in it; choose a shorter one")
    # Its key lets whoever reads it run jobs as this user.
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise UserError(f"--folder {folder}: belongs to user {folder.stat().st_uid}; choose one of your own")


def _check_same(settings: Settings) -> None:
    ran, wanted = _written(settings.folder).model_dump(), settings.model_dump()
    if changed := [f"{key} {ran[key]}, not {wanted[key]}" for key in ran if ran[key] != wanted[key]]:
        raise UserError(f"the cluster that runs in {settings.folder} has {' and '.join(changed)}: run `down` first")


def _check_ports(settings: Settings, names: list[str]) -> None:
    for name, port in settings.ports.items():
        with socket.socket() as probe:
            # As the daemons do: a connection that has just ended does not hold its port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                if name in names:
                    probe.bind(("", port))
            except OSError as error:
                key = f"--port {settings.port} + {port - settings.port}"
                raise UserError(f"{key}: port {port} of {name}: {error.strerror}; choose another --port") from None


def _written(folder: Path) -> Settings:
    return Settings.model_validate_json((folder / "settings.json").read_text(encoding="utf-8"))


def _write_configuration(settings: Settings) -> None:
    folder = settings.folder
    for name in ("pid", "log", "state", "gpu", *(f"spool/n{i}" for i in range(1, settings.nodes + 1))):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for i in range(settings.gpus):
        (folder / "gpu" / f"gpu{i}").touch()
    (folder / "munge.key").unlink(missing_ok=True)
    (folder / "munge.key").touch(mode=0o600)
    (folder / "munge.key").write_bytes(secrets.token_bytes(1024))
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True)
    for template in environment.list_templates(extensions=["jinja"]):
        text = environment.get_template(template).render(
            settings=settings,
            folder=folder,
            host=socket.gethostname().partition(".")[0],
            user=user(),
            memory_mb=psutil.virtual_memory().total // 2**20,
        )
        write_text(folder / template.removesuffix(".jinja"), f"{text}\n")
    (folder / "slurmdbd.conf").chmod(0o600)  # slurmdbd refuses it otherwise
    write_text(folder / "settings.json", settings.model_dump_json(indent=2))


def _prove(settings: Settings) -> None:
    """Run something on all nodes, unless jobs are there already, which might make it wait."""
    folder, nodes = settings.folder, str(settings.nodes)
    if ask(folder, "squeue", "--noheader").stdout:
        log.info("left out the proof that all nodes work: the queue holds jobs")
        return
    done = ask(folder, "srun", "--quiet", f"--nodes={nodes}", f"--ntasks={nodes}", "true", seconds=60)
    if done.returncode != 0:
        dead = [name for name in settings.daemons if pid_of(folder, name) is None]
        logs = "\n".join(tail(folder / "log" / f"{name}.log") for name in dead or ["slurmctld"])
        raise UserError(f"srun over {nodes} nodes: {done.stderr.strip()}; {folder}/log/ ends:\n{logs}")


def _settings(folder: Path, given: dict[str, Any]) -> Settings:
    """The settings of the cluster that runs in `folder`, else the default ones, with what the command line says."""
    base = _written(folder).model_dump() if running(folder) else {"folder": folder}
    try:
        return Settings.model_validate(base | given)
    except ValidationError as error:
        found = error.errors()[0]
        raise UserError(f"--{found['loc'][0]}: found {found['input']}; {found['msg'].lower()}") from None


def main() -> None:
    parser = cli.parser(__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, doc in (("up", "start it"), ("down", "stop it"), ("status", "show nodes and queue")):
        command = commands.add_parser(name, help=doc, argument_default=argparse.SUPPRESS)
        command.add_argument("--folder", type=Path, default=FOLDER, help="where it lies (default: .slurm)")
        if name == "up":
            command.add_argument("--nodes", type=int, help="how many nodes (4)")
            command.add_argument("--cpus", type=int, help="CPUs of each (usable cores / nodes, at least 2)")
            command.add_argument("--gpus", type=int, help="stand-ins for GPUs, of each (0)")
            command.add_argument("--port", type=int, help="the first TCP port of nodes + 2 (17000)")
            command.add_argument(
                "--no-accounting", dest="accounting", action="store_false", help="no sacct, no database"
            )
    given = vars(parser.parse_args())
    name, folder = given.pop("command"), given.pop("folder").resolve()
    if name == "up":
        up(_settings(folder, given))
        print(f"export SLURM_CONF={shlex.quote(str(conf_path(folder)))}")
    elif name == "down":
        down(folder)
    else:
        print(status(folder))


if __name__ == "__main__":
    cli.run(main)

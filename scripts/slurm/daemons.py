"""The daemons of a Slurm cluster that lies in one folder: find them, start one, ask them, end them.

A daemon has the name of its program; those of the nodes are slurmd-n1, slurmd-n2, ... Each has its `pid/<name>.pid` and
its `log/<name>.log` in the folder, and the folder's slurm.conf in its environment.
"""

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from scripts.cli import log
from scripts.errors import UserError

APT = "apt-get install --no-install-recommends slurm-wlm munge slurmdbd mariadb-server"
PROGRAMS = ("munged", "munge", "slurmctld", "slurmd", "srun", "scancel", "scontrol", "sinfo", "squeue")
ACCOUNTING_PROGRAMS = ("slurmdbd", "sacct", "sacctmgr", "mariadbd", "mariadb-admin", "mariadb-install-db")
SYSTEM_PATH = ("/usr/sbin", "/sbin")  # daemons lie where the PATH of an ordinary user does not look
# Relative to the cluster's folder, since the installer splits paths at spaces. A small log saves 90 MB of disk.
DATABASE = "mariadb"
DATABASE_OPTIONS = ("--no-defaults", "--innodb-log-file-size=8M")
# Variables of the caller that would change what the daemons, and the commands that ask them, do.
FOREIGN = ("SLURM", "SBATCH", "SRUN", "SALLOC", "SCANCEL", "SQUEUE", "SINFO", "SACCT", "MUNGE", "MYSQL", "MARIADB")


def conf_path(folder: Path) -> Path:
    """The configuration of the cluster in `folder`: srun, sbatch and squeue find it by the variable SLURM_CONF."""
    return folder.resolve() / "slurm.conf"


def pid_of(folder: Path, name: str) -> int | None:
    """The process id of a daemon of the cluster in `folder`, None if it does not run.

    Args:
        name: munged, mariadbd, slurmdbd, slurmctld, or slurmd-n1, slurmd-n2, ...
    """
    process = process_of(folder, name)
    return process.pid if process else None


def process_of(folder: Path, name: str) -> psutil.Process | None:
    """A daemon, as `pid_of` finds it."""
    try:
        process = psutil.Process(int((folder / "pid" / f"{name}.pid").read_text()))
        # The file may be older than the process: a daemon that crashed leaves it behind, and numbers come again.
        ours = process.environ().get("SLURM_CONF") == str(conf_path(folder))
        return process if ours and process.name() == name.partition("-")[0] and _lives(process) else None
    except (FileNotFoundError, ValueError, psutil.Error):
        return None


def running(folder: Path) -> list[str]:
    """The names of the daemons that run, as `pid_of` takes them."""
    return sorted(path.stem for path in (folder / "pid").glob("*.pid") if pid_of(folder, path.stem))


def job_processes(folder: Path, node: str = "*") -> list[psutil.Process]:
    """Each slurmstepd on a node (`n1`; on all nodes by default) with all that it started."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.name() == "slurmstepd":
                # By the log of the slurmd that started it: what psutil says of a Unix socket's path ends at a space.
                logs = [Path(one.path) for one in process.open_files()]
                if any(path.match(f"{folder.resolve()}/log/slurmd-{node}.log") for path in logs):
                    found += [process, *process.children(recursive=True)]
    return found


def missing(accounting: bool = True) -> list[str]:
    """The programs that a cluster needs and this machine lacks; APT installs them."""
    wanted = PROGRAMS + (ACCOUNTING_PROGRAMS if accounting else ())
    return [name for name in wanted if shutil.which(name, path=_search_path()) is None]


def user() -> str:
    """The name of the user whose cluster it is: who runs this."""
    return pwd.getpwuid(os.geteuid()).pw_name


def ask(folder: Path, *command: str, seconds: float = 10) -> subprocess.CompletedProcess[str]:
    """Run a command on the cluster in `folder`; no answer within `seconds` counts as exit status 124."""
    environment, nothing = _environment(folder), subprocess.DEVNULL
    try:
        return subprocess.run(
            command, env=environment, stdin=nothing, capture_output=True, text=True, check=False, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", f"no answer within {seconds:.0f} s")


def start(folder: Path, name: str) -> None:
    """Start one daemon and wait until it answers.

    Raises:
        UserError: it ended, or did not answer within 30 s; the message has the end of its log.
    """
    program, _, node = name.partition("-")
    log_path, pid_file = folder / "log" / f"{name}.log", f"--pid-file={folder}/pid/{name}.pid"
    munge, mariadb = f"--socket={folder}/munge.sock", f"--socket={folder}/mariadb.sock"
    # --force: whatever rights others have on the folders above, the key is as safe as the code beside it.
    munged = ["munged", "--force", munge, pid_file, f"--log-file={log_path}"]
    # mariadbd alone does not put itself into the background; setsid does.
    mariadbd = ["setsid", "--fork", "mariadbd", *DATABASE_OPTIONS, f"--user={user()}", f"--datadir=./{DATABASE}"]
    # Of each program: what starts it, and what succeeds as soon as it answers.
    commands = {
        "munged": (
            [*munged, f"--key-file={folder}/munge.key", f"--seed-file={folder}/munge.seed"],
            ["munge", "--no-input", munge],
        ),
        "mariadbd": (
            [*mariadbd, mariadb, pid_file, "--skip-networking"],
            ["mariadb-admin", "--no-defaults", mariadb, "ping"],
        ),
        "slurmdbd": (["slurmdbd"], ["sacctmgr", "--noheader", "list", "cluster"]),
        "slurmctld": (["slurmctld"], ["scontrol", "ping"]),
        "slurmd": (["slurmd", "-N", node], ["true"]),
    }
    command, question = commands[program]
    if program == "mariadbd":
        _install_database(folder)
    done = _run(folder, command, log_path)
    if done != 0 or not wait(lambda: pid_of(folder, name) is not None and ask(folder, *question).returncode == 0, 30):
        raise UserError(f"{name} did not start; {log_path} ends:\n{tail(log_path)}")


def tail(path: Path) -> str:
    """The last 10 lines of a log."""
    return "\n".join(path.read_text(errors="replace").splitlines()[-10:])


def end(processes: list[psutil.Process]) -> None:
    """Ask processes to end, and kill those that have not after 20 s: MariaDB has a database to write."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    if not wait(lambda: not any(map(_lives, processes)), 20):
        kill(list(filter(_lives, processes)))


def kill(processes: list[psutil.Process]) -> None:
    """Kill processes and wait until they are gone."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            log.info("killing %s (%d), which did not end", process.name(), process.pid)
            process.kill()
    wait(lambda: not any(map(_lives, processes)), 5)


def wait(until: Callable[[], bool], seconds: float) -> bool:
    """Wait until something holds; False if it does not within `seconds`."""
    end = time.monotonic() + seconds
    while not until():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _search_path() -> str:
    return os.pathsep.join(part for part in [*os.environ.get("PATH", "").split(os.pathsep), *SYSTEM_PATH] if part)


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    # MYSQL_UNIX_PORT: where slurmdbd finds its database.
    own = {"SLURM_CONF": str(conf_path(folder)), "MYSQL_UNIX_PORT": str(folder.resolve() / "mariadb.sock")}
    return kept | own | {"PATH": _search_path()}


def _lives(process: psutil.Process) -> bool:
    """Whether a process runs; a zombie, which nobody has waited for yet, does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _run(folder: Path, command: list[str], log_path: Path) -> int:
    """Run a command that stays, or leaves something, behind: it keeps no terminal, pipe or session of the caller."""
    with log_path.open("ab") as output:
        return subprocess.run(
            command,
            cwd=folder,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            check=False,
        ).returncode


def _install_database(folder: Path) -> None:
    """An empty database, whole or absent, that lets this user in by the socket without a password."""
    if (folder / DATABASE).exists():
        return
    unfinished, log_path = f"{DATABASE}.new", folder / "log" / "mariadb-install.log"
    shutil.rmtree(folder / unfinished, ignore_errors=True)
    command = [
        "mariadb-install-db",
        *DATABASE_OPTIONS,
        f"--user={user()}",
        f"--datadir=./{unfinished}",
        "--skip-test-db",
    ]
    login = ["--auth-root-authentication-method=socket", f"--auth-root-socket-user={user()}"]
    if _run(folder, [*command, *login], log_path) != 0:
        raise UserError(f"the accounting database could not be made; {log_path} ends:\n{tail(log_path)}")
    (folder / unfinished).rename(folder / DATABASE)

"""The raw files behind an HTTP server of this machine, on a network that the kernel limits: nothing sleeps.

The server is a process of its own (`python -m scripts.loading.reading.remote`), which the measuring program starts and
stops.
One connection's bandwidth is limited by TCP pacing (SO_MAX_PACING_RATE), which any user may ask for. All connections
together, and each packet's way, are limited by traffic control (tc(8)) on the loopback of a network namespace that the
measuring program enters: the machine's own network is not touched, and all is gone with the process. It limits whatever
else the program sends over loopback too. What cannot be had here is not in force, and is said.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from scripts import cli, machine
from scripts.cli import log
from scripts.errors import ImageError
from scripts.images.decode import DecodeSpec
from scripts.loading.backend import Item
from scripts.loading.reading.load import LoadRaw
from scripts.registry import ROOT
from scripts.spec import Spec

if TYPE_CHECKING:
    from fsspec.implementations.http import HTTPFileSystem

PACKAGES = ("fsspec", "aiohttp")  # that fetch the files
SO_MAX_PACING_RATE = 47  # of socket(7), bytes a second; Python does not name it
# As on Ethernet. On loopback one segment is 64 KB, and the kernel does not pace a connection's first ten.
SEGMENT = 1460
OWN_NETWORK = "SCALECARD_OWN_NETWORK"  # set where this process is in a namespace that enter_network made


class RemoteLimits(Spec):
    """The limits that a study asks for; null: none."""

    connection_megabits: float | None  # Mbit/s of one connection
    megabits: float | None  # Mbit/s of all together
    latency_ms: float | None  # of each packet, both ways


class Network(NamedTuple):
    """What is between the files and this process."""

    url: str  # of the folder
    limits: dict[str, float]  # those of RemoteLimits that are in force


class LoadRemote(LoadRaw):
    """From its raw file, over HTTP, by fsspec."""

    def __init__(self, url: str, folder: Path, spec: DecodeSpec) -> None:
        """`url` is that of `folder`."""
        super().__init__(folder, spec)
        self.url = url

    def read(self, item: Item) -> bytes:
        """As LoadFile.read.

        Raises:
            ConnectionError: the server does not answer.
        """
        from aiohttp import ClientError

        url = self.url + quote(item.path)
        try:
            data: bytes = _filesystem(os.getpid()).cat_file(url)
        except FileNotFoundError:
            raise ImageError(f"{url}: the server has no such file (404)") from None
        except (ClientError, OSError) as error:  # aiohttp's own cannot be pickled by all workers
            raise ConnectionError(f"{url}: the server does not answer: {error}") from None
        return data

    def files(self, items: Sequence[Item]) -> list[Path]:
        del items
        return []  # what the server has in memory is its own affair


@cache
def _filesystem(process: int) -> HTTPFileSystem:
    """One a process, since its thread does not survive a fork."""
    del process
    from fsspec.implementations.http import HTTPFileSystem

    # Else the server would send picture.jpg.gz, where it has one, for picture.jpg.
    return HTTPFileSystem(
        encoded=True,
        skip_instance_cache=True,
        client_kwargs={"headers": {"Accept-Encoding": "identity"}},
    )


def in_own_network() -> bool:
    """Whether this process is in the namespace that enter_network made."""
    return OWN_NETWORK in os.environ


def enter_network(limits: RemoteLimits) -> dict[str, float]:
    """Be in a network namespace of this process's own, under those of `limits` that traffic control sets.

    The program runs itself again to get there, once, as the same process: it does not return from the first call.

    Returns:
        The limits in force: none where no namespace can be made.
    """
    asked = {"megabits": limits.megabits, "latency_ms": limits.latency_ms}
    wanted = {name: value for name, value in asked.items() if value is not None}
    if not wanted:
        return {}
    if in_own_network():
        _refusal("ip", "link", "set", "lo", "up")
        return _limit_traffic(wanted)
    for alone in (["unshare", "--net"], ["unshare", "--user", "--map-root-user", "--net"]):
        refusal = _refusal(*alone, "ip", "link", "set", "lo", "up")
        if refusal is None:
            os.environ[OWN_NETWORK] = "1"
            os.execvp(alone[0], [*alone, sys.executable, *sys.orig_argv[1:]])
    log.info("not in force: %s: no network namespace can be made here: %s", ", ".join(wanted), refusal)
    return {}


def _limit_traffic(wanted: dict[str, float]) -> dict[str, float]:
    """Set `wanted` on loopback; returns what could be."""
    discipline = ("tc", "qdisc", "replace", "dev", "lo", "root")
    rate = ["rate", f"{wanted['megabits']}mbit"] if "megabits" in wanted else []
    delay = ["delay", f"{wanted['latency_ms']}ms"] if "latency_ms" in wanted else []
    # Room for all packets under way: a dropped one would cost a retransmission, which is no limit that was asked for.
    refusal = _refusal(*discipline, "netem", "limit", "100000", *delay, *rate)
    if refusal is None:
        return wanted
    if delay:
        log.info("not in force: latency_ms: tc netem: %s", refusal)
    if not rate:
        return {}
    # A burst must hold loopback's largest packet.
    refusal = _refusal(*discipline, "tbf", *rate, "burst", "128kb", "limit", "100mb")
    if refusal is None:
        return {"megabits": wanted["megabits"]}
    log.info("not in force: megabits: tc tbf: %s", refusal)
    return {}


def _refusal(*command: str) -> str | None:
    """Why a command failed, in a line; None where it did not."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    lines = done.stderr.strip().splitlines() or [f"{command[0]}: exit status {done.returncode}"]
    return lines[-1] if done.returncode else None


@contextmanager
def serving(folder: Path, limits: RemoteLimits, in_force: dict[str, float]) -> Iterator[Network]:
    """Serve `folder` over HTTP to this machine until the block ends; the kernel ends the server with this process. What
    it uses is set apart (scripts/machine.py): a server elsewhere would cost the loader's machine nothing.

    Args:
        in_force: the limits that hold already.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
        # The kernel gives a connection the options of the socket that it came to.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
        if limits.connection_megabits is not None:
            rate = round(limits.connection_megabits * 1e6 / 8)
            listening.setsockopt(socket.SOL_SOCKET, SO_MAX_PACING_RATE, rate.to_bytes(8, sys.byteorder))
            in_force = {"connection_megabits": limits.connection_megabits, **in_force}
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        descriptor = listening.fileno()
        command = [sys.executable, "-m", "scripts.loading.reading.remote", "--folder", str(folder.resolve())]
        server = subprocess.Popen([*command, "--socket", str(descriptor)], cwd=ROOT, pass_fds=[descriptor])
    try:
        with machine.set_apart(server.pid):
            yield Network(url, in_force)
    finally:
        server.kill()
        server.wait()


@contextmanager
def network(folder: Path, limits: RemoteLimits | None) -> Iterator[Network | None]:
    """`folder` behind a network of this process's own, as far as one can be had; None where no limits are given."""
    if limits is None:
        yield None
    else:
        with serving(folder, limits, enter_network(limits)) as found:
            yield found


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--socket", type=int, required=True, help="descriptor of a listening socket")
    args = parser.parse_args()
    machine.end_with_parent()

    from aiohttp import web

    server = web.Application()
    server.router.add_static("/", args.folder, follow_symlinks=True)
    web.run_app(server, sock=socket.socket(fileno=args.socket), print=None, access_log=None)


if __name__ == "__main__":
    cli.run(main)

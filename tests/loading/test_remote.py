"""Raw files behind a real server, on networks that the kernel limits."""

import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

import numpy as np
import psutil
import pytest
from helping import ROOT, Run
from loading_study import DECODE, Packed

from scripts import machine, record
from scripts.errors import ImageError
from scripts.loading.backend import Item
from scripts.loading.measuring.measure_loading import measure
from scripts.loading.measuring.spec import LoadSpec
from scripts.loading.points import LoadingPoint
from scripts.loading.reading import remote
from scripts.loading.reading.remote import LoadRemote, Network, RemoteLimits

NO_LIMITS = RemoteLimits(connection_megabits=None, megabits=None, latency_ms=None)
PACED = RemoteLimits(connection_megabits=20.0, megabits=None, latency_ms=None)
ODD = ["a b.jpg", "a%20b.jpg", "#1?.jpg", "Lunge/Drüse+&;=@:.jpg", "%2F.jpg", "picture.jpg", "picture.jpg.gz"]


@pytest.fixture(scope="module")
def served(pictures: Path) -> Iterator[Network]:
    with remote.serving(pictures, PACED, {"megabits": 100.0}) as network:
        yield network


def spec_of(backend: str, limits: RemoteLimits, workers: int = 1) -> LoadSpec:
    processes = backend == "torch_dataloader"
    start = {"start_method": "fork", "prefetch": 2} if processes else {}
    point = LoadingPoint.model_validate(
        {"backend": backend, "source": "remote", "workers": workers, "chunk": 5, **start}
    )
    return LoadSpec(
        study="t", seed=0, point=point, decode=DECODE, augment=None, passes=2, window_seconds=0, remote=limits, lock=""
    )


def read(network: Network, folder: Path, name: str) -> bytes:
    return LoadRemote(network.url, folder, DECODE).read(Item(0, name, 0, 0))


def servers() -> list[psutil.Process]:
    return [one for one in psutil.Process().children() if "scripts.loading.reading.remote" in one.cmdline()]


@pytest.mark.parametrize(("backend", "workers"), [("serial", 1), ("dask_threads", 8), ("torch_dataloader", 2)])
def test_a_server_gives_the_reference_pixels_and_the_record_says_which_limits_held(
    backend: str, workers: int, served: Network, packed: Packed, pictures: Path
) -> None:
    found = measure(spec_of(backend, PACED, workers), 1, 1, pictures, packed.images, packed.reference, network=served)
    assert found.validity.ok, found.validity.faults
    assert found.loaded is not None
    assert found.loaded.network == found.key["network"] == {"connection_megabits": 20.0, "megabits": 100.0}
    assert found.cores == 1


def test_files_of_any_name_are_served_as_they_are(tmp_path: Path) -> None:
    for name in ODD:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    with remote.serving(tmp_path, NO_LIMITS, {}) as network:
        assert [read(network, tmp_path, name).decode() for name in ODD] == ODD
    assert network.limits == {}


def test_each_connection_is_as_slow_as_it_was_made(tmp_path: Path) -> None:
    (tmp_path / "small").touch()
    (tmp_path / "file").write_bytes(bytes(1_000_000))
    with remote.serving(tmp_path, PACED, {}) as network, ThreadPoolExecutor(4) as threads:
        read(network, tmp_path, "small")  # the server has started
        started = monotonic()
        list(threads.map(lambda name: read(network, tmp_path, name), ["file"] * 4))
        assert monotonic() - started > 0.9 * 1_000_000 / (20e6 / 8)


def test_a_file_that_the_server_lacks_is_told_by_its_address(served: Network, pictures: Path) -> None:
    with pytest.raises(ImageError, match=rf"{served.url}ash/no%20such\.jpg: the server has no such file \(404\)"):
        read(served, pictures, "ash/no such.jpg")


def test_the_server_is_gone_after_the_measurement_also_after_an_error(pictures: Path) -> None:
    before = servers()

    def fail() -> None:
        with remote.serving(pictures, NO_LIMITS, {}):
            assert len(servers()) == len(before) + 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert servers() == before


def test_what_the_server_uses_is_neither_the_loaders_nor_a_disturbance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looks() -> np.ndarray:
        own, served = (sum(process.cpu_times()[:2]) for process in (psutil.Process(), server))
        alone = machine.tree_usage().cpu_seconds, machine.busy_seconds()
        with monkeypatch.context() as everyone:
            everyone.setattr(machine, "_apart", set())
            return np.array([own, served, *alone, machine.busy_seconds()])

    (tmp_path / "file").write_bytes(bytes(50_000_000))
    with remote.serving(tmp_path, NO_LIMITS, {}) as network:
        read(network, tmp_path, "file")  # the server has started
        server = servers()[-1]
        before = looks()
        while looks()[1] - before[1] < 0.2:
            read(network, tmp_path, "file")
        own, served, used, busy, busy_with_server = looks() - before
    assert used == pytest.approx(own, abs=0.1)
    assert busy_with_server - busy >= served - 0.05


def test_a_server_that_dies_makes_the_measurement_invalid(packed: Packed, pictures: Path) -> None:
    with remote.serving(pictures, NO_LIMITS, {}) as network:
        server = servers()[-1]
        server.send_signal(signal.SIGKILL)
        server.wait()
        found = measure(spec_of("serial", NO_LIMITS), 1, 1, pictures, packed.images, packed.reference, network=network)
    assert "ConnectionError" in str(found.validity.faults[0])


def test_a_measurement_has_a_network_of_its_own_with_the_limits_that_it_says(
    packed: Packed, pictures: Path, tmp_path: Path, run: Run
) -> None:
    limits = RemoteLimits(connection_megabits=20.0, megabits=5.0, latency_ms=1.0)
    reference, written = tmp_path / "reference.json", tmp_path / "record.json"
    reference.write_text(json.dumps(packed.reference))
    flags = {"folder": pictures, "split": packed.split, "reference": reference, "block": 1, "attempt": 1}
    flags |= {"record": written, "spec": spec_of("dask_threads", limits, workers=8).model_dump_json()}

    done = run(
        ROOT,
        sys.executable,
        "-m",
        "scripts.loading.measuring.measure_loading",
        *(f"--{k}={v}" for k, v in flags.items()),
    )

    found = record.read(written)
    assert found.validity.ok, found.validity.faults
    assert found.loaded is not None
    assert found.loaded.network is not None
    wanted = limits.model_dump()
    for name, value in found.loaded.network.items():
        assert value == wanted.pop(name)
    assert "connection_megabits" not in wanted
    told = re.findall(r"not in force: ([a-z_, ]+):", done.stderr)
    assert set(", ".join(told).split(", ")) - {""} == wanted.keys()
    if "megabits" not in wanted:
        sent = sum(path.stat().st_size for path in pictures.rglob("*.jpg"))
        assert found.seconds > 0.8 * sent / (5e6 / 8)


def test_where_no_namespace_can_be_made_the_limits_that_need_one_are_not_in_force(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    monkeypatch.delenv(remote.OWN_NETWORK, raising=False)
    caplog.set_level("INFO")
    assert remote.enter_network(RemoteLimits(connection_megabits=1.0, megabits=2.0, latency_ms=3.0)) == {}
    assert "not in force: megabits, latency_ms: no network namespace can be made here: unshare: " in caplog.text

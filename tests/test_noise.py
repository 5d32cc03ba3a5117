"""What disturbs a launch: what is read of the machine, and what is made of it."""

from pathlib import Path

import pytest
from report.quirks import on_four_cores, training_record

from scripts import noise
from scripts.calibration import Calibration
from scripts.noise import Look, noisiness, noisy
from scripts.record import Record, SetAside
from scripts.report.words import facts
from scripts.scaling.comparing.faults import faults

CALM = on_four_cores(training_record("resnet18-ddp-2", 1))


def with_noise(**fields: float) -> Record:
    return CALM.model_copy(update={"noise": CALM.noise.model_copy(update=fields)})


def test_noise_is_no_fault() -> None:
    for one, reason in (
        (with_noise(foreign_cores=0.5), "disturbed: other processes used 0.50 cores"),
        (with_noise(calibration_after=0.0036), "drifted: calibrations differ by 20%"),
    ):
        assert noisy(one) == [reason]
        assert noisiness(one) > 1
        assert faults(one) == []
    assert (noisy(CALM), faults(CALM)) == ([], [])
    assert noisiness(CALM) < 1


def test_the_page_says_how_many_launches_were_set_aside_and_how_many_no_calm_came_for() -> None:
    aside = [SetAside(seconds=9.0, reason=f"{kind}: ...") for kind in ("disturbed", "drifted", "disturbed")]
    busy = with_noise(foreign_cores=0.5, steal_cores=0.25, throttled=True)
    said = dict(facts.noise([CALM, CALM.model_copy(update={"set_aside": aside}), busy]))
    assert said["Set aside and measured again"] == "3 of 6 launches: 2 disturbed, 1 drifted"
    assert said["Noisy for want of calm"] == "1 of 3 launches: 1 disturbed"
    assert said["Most taken by the hypervisor"] == "0.25 cores, training resnet18-ddp-2, block 1"
    assert said["Throttled launches"] == "1 of 1"
    calm = dict(facts.noise([CALM]))
    assert (calm["Set aside and measured again"], calm["Throttled launches"]) == ("0 of 1 launches", "not known")


def test_what_makes_a_launch_wrong_is_no_noise() -> None:
    resumed = CALM.model_copy(update={"resumed": True})
    assert (noisy(resumed), faults(resumed)) == ([], ["resumed: accuracy, no timing"])


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the place of /sys, with neither throttled cores nor cgroups."""
    monkeypatch.setattr(noise, "CPUS", tmp_path / "cpu")
    monkeypatch.setattr(noise, "_cpu_stats", lambda: sorted(tmp_path.rglob("cpu.stat")))
    return tmp_path


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_machine_that_does_not_tell_of_throttling_is_not_said_to_be_free_of_it(machine: Path) -> None:
    assert Look.now().throttled is None
    put(machine / "cpu" / "cpu0" / "thermal_throttle" / "core_throttle_count", "7\n")
    assert Look.now().since(Look(0.0, 0.0, None)).throttled is None


def test_cores_that_were_throttled_meanwhile_are_told_as_is_a_cgroup_at_its_quota(machine: Path) -> None:
    for core in (0, 1):
        put(machine / "cpu" / f"cpu{core}" / "thermal_throttle" / "core_throttle_count", "7\n")
    put(machine / "cgroup" / "cpu.stat", "usage_usec 5\nnr_periods 9\nnr_throttled 3\nthrottled_usec 1\n")
    before = Look.now()
    assert Look.now().since(before).throttled == 0
    put(machine / "cpu" / "cpu1" / "thermal_throttle" / "core_throttle_count", "9\n")
    put(machine / "cgroup" / "cpu.stat", "usage_usec 5\nnr_periods 9\nnr_throttled 4\nthrottled_usec 1\n")
    assert Look.now().since(before).throttled == 3


@pytest.mark.parametrize(("times", "said"), [(None, None), (0, False), (3, True)])
def test_a_record_holds_what_its_cores_were_like(times: int | None, said: bool | None) -> None:
    before, after = Calibration(0.004, 0.02), Calibration(0.005, 0.01)
    found = noise.noise(before, after, foreign_cores=0.1, steal_cores=0.05, throttled=times)
    assert (found.calibration_before, found.calibration_after, found.calibration_spread) == (0.004, 0.005, 0.02)
    assert (found.foreign_cores, found.steal_cores, found.throttled) == (0.1, 0.05, said)


def test_the_cgroups_that_bind_this_process_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noise, "CGROUPS", tmp_path)
    own = tmp_path / "own"
    monkeypatch.setattr(noise, "OWN_CGROUPS", own)
    own.write_text("0::/job.slice/step\n")  # version 2
    assert noise._cpu_stats() == [tmp_path / folder / "cpu.stat" for folder in ("job.slice/step", "job.slice", "")]
    own.write_text("9:memory:/m\n4:cpu,cpuacct:/job\n0::/\n")  # version 1
    assert noise._cpu_stats() == [tmp_path / "cpu,cpuacct" / folder / "cpu.stat" for folder in ("job", "")]

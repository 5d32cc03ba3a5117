"""Energy, from counters as the kernel lays them out: files in zones, that start again at their size."""

from pathlib import Path

import pytest

from scripts.atomic import write_text
from scripts.energy import Energy, Meter, mean, total

SIZE = 1000  # microjoules


def write(zone: Path, name: str, counted: int, size: int = SIZE) -> None:
    zone.mkdir(exist_ok=True)
    for file, value in (("name", name), ("energy_uj", counted), ("max_energy_range_uj", size)):
        write_text(zone / file, f"{value}\n")  # whole: the kernel's are never half written


@pytest.fixture
def powercap(tmp_path: Path) -> Path:
    """Two packages, of one its memory; and zones that are parts of these, hold them or are them again."""
    (tmp_path / "intel-rapl").mkdir()
    for zone, name, counted in (
        ("intel-rapl:0", "package-0", 100),
        ("intel-rapl:0:0", "core", 40),
        ("intel-rapl:0:1", "dram", 10),
        ("intel-rapl:1", "package-1", 900),
        ("intel-rapl:2", "psys", 5),
        ("intel-rapl-mmio:0", "package-0", 100),
    ):
        write(tmp_path / zone, name, counted)
    return tmp_path


def test_packages_and_memory_are_counted_each_once(powercap: Path) -> None:
    with Meter(powercap=powercap, shortest=0) as meter:
        for zone, name, counted in (
            ("intel-rapl:0", "package-0", 400),
            ("intel-rapl:0:0", "core", 240),
            ("intel-rapl:0:1", "dram", 30),
            ("intel-rapl:2", "psys", 905),
            ("intel-rapl-mmio:0", "package-0", 400),
        ):
            write(powercap / zone, name, counted)
        assert meter.lap() == Energy(pytest.approx((300 + 20) * 1e-6), None)
        assert meter.lap() == Energy(0.0, None)  # a lap starts where the last one ended


def test_a_counter_that_starts_again_is_counted_through(powercap: Path) -> None:
    with Meter(powercap=powercap, shortest=0) as meter:
        write(powercap / "intel-rapl:1", "package-1", 50)
        assert meter.lap().packages == pytest.approx(150e-6)


def test_a_long_lap_is_looked_at_before_its_counter_comes_round(powercap: Path) -> None:
    zone = powercap / "intel-rapl:1"
    with Meter(powercap=powercap, every=0.001, shortest=0) as meter:
        for counted in (400, 900, 400):  # one and a half rounds
            write(zone, "package-1", counted)
            while meter._zones[zone].counted != counted:
                pass
        assert meter.lap().packages == pytest.approx(1500e-6)


def test_a_lap_too_short_for_its_counters_is_unknown(powercap: Path) -> None:
    with Meter(powercap=powercap, shortest=60) as meter:
        write(powercap / "intel-rapl:0", "package-0", 400)
        assert meter.lap() == Energy(None, None)


@pytest.mark.parametrize("lacking", ["no zone", "not readable", "no number"])
def test_energy_that_no_counter_tells_is_unknown(tmp_path: Path, lacking: str) -> None:
    if lacking != "no zone":
        write(tmp_path / "intel-rapl:0", "package-0", 1)
        write(tmp_path / "intel-rapl:1", "package-1", 1)
        counter = tmp_path / "intel-rapl:1" / "energy_uj"
        counter.unlink()
        # Whom root runs as, no permission stops: a folder cannot be read by anybody.
        counter.mkdir() if lacking == "not readable" else counter.write_text("?")
    with Meter(powercap=tmp_path, shortest=0) as meter:
        assert meter.lap() == Energy(None, None)


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    assert (total([1.0, 2.0]), total([1.0, None]), total([])) == (3.0, None, None)
    assert (mean([1.0, 2.0]), mean([1.0, None])) == (1.5, None)

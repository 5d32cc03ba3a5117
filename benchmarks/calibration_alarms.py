"""How often is a launch taken for one whose machine changed its speed, where the machine did not?

Mechanism: each launch is a fresh process on a machine that has had nothing to do for a while, as between two jobs:
calibrate, work for a second on as many cores, calibrate again. Launches on one core and on all take turns. Those that
other processes disturbed more than a launch may bear are counted apart.

Prints, for each number of cores: launches, false alarms with the upper end of their 95 % interval (Clopper and Pearson,
Biometrika 26, 1934), the drift that half, 95 % and all of them stay below, and the seconds of a calibration.

    make bench        or        python -m benchmarks.calibration_alarms --launches 500
"""

import json
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

import psutil
from rich.console import Console
from rich.table import Table
from scipy import stats

from scripts import calibration, cli
from scripts.calibration import calibrate
from scripts.noise import DRIFT, FOREIGN, Look
from scripts.registry import ROOT

WORK_SECONDS = 1.0


@dataclass(frozen=True)
class Launch:
    """What one process found."""

    drift: float
    seconds: float  # of a calibration
    foreign: float  # share of the machine's cores that others used


def work(until: float) -> None:
    while time.monotonic() < until:
        calibration._work()


def launch(cores: int) -> Launch:
    """Calibrate, work, calibrate again, in this process."""
    looked, started, own = Look.now(), time.monotonic(), time.process_time()
    before = calibrate(cores)
    seconds = time.monotonic() - started
    until = time.monotonic() + WORK_SECONDS
    threads = [threading.Thread(target=work, args=(until,)) for _ in range(cores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = calibrate(cores)
    foreign = Look.now().since(looked).busy - (time.process_time() - own)
    return Launch(
        drift=abs(after.seconds / before.seconds - 1),
        seconds=seconds,
        foreign=max(0.0, foreign) / (time.monotonic() - started) / (psutil.cpu_count() or 1),
    )


def highest(alarms: int, launches: int) -> float:
    """The upper end of the interval of a share."""
    return float(stats.beta.ppf(0.975, alarms + 1, launches - alarms)) if alarms < launches else 1.0


def row(drifts: list[float]) -> list[str]:
    """Alarms of all, and the drifts that half, 95 % and all stay below."""
    alarms, ordered = sum(drift > DRIFT for drift in drifts), sorted(drifts)
    shown = (statistics.median(ordered), ordered[int(0.95 * (len(ordered) - 1))], ordered[-1])
    share = f"{alarms} of {len(drifts)}: {alarms / len(drifts):.1%} (at most {highest(alarms, len(drifts)):.1%})"
    return [share, *(f"{one:.1%}" for one in shown)]


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--launches", type=int, default=60, help="of each number of cores")
    parser.add_argument("--pause", type=float, default=0.5, help="seconds before each")
    parser.add_argument("--cores", type=int, help="of one launch, in this process")
    args = parser.parse_args()
    if args.cores:
        print(json.dumps(launch(args.cores).__dict__))
        return
    all_cores = len(psutil.Process().cpu_affinity())
    found: dict[int, list[Launch]] = {cores: [] for cores in sorted({1, all_cores})}
    for _ in cli.progress(range(args.launches), args.launches, "launches"):
        for cores, launches in found.items():
            time.sleep(args.pause)
            command = [sys.executable, "-m", "benchmarks.calibration_alarms", "--cores", str(cores)]
            done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
            launches.append(Launch(**json.loads(done.stdout)))
    table = Table("cores", "machine", "alarms", "half", "95 %", "all", "seconds")
    for cores, launches in found.items():
        calm = [one for one in launches if one.foreign <= FOREIGN]
        for name, some in (("calm", calm), ("busy", [one for one in launches if one not in calm])):
            if some:
                seconds = f"{statistics.median(one.seconds for one in some):.2f}"
                table.add_row(str(cores), name, *row([one.drift for one in some]), seconds)
    Console(width=120).print(table)


if __name__ == "__main__":
    cli.run(main)

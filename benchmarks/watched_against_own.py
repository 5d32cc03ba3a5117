"""Does what is watched of a script (training.program) come to the rate that scalecard's loop finds of itself?

Mechanism: drawn pictures are packed once; then scalecard's own rank program (scripts/training/loop/train_rank.py) is
measured as if it were somebody's script: started as a program's ranks are, watched by torch's hooks. Each launch gives
two rates of the same steps: that of the record which the loop writes of itself, and that of what the hooks saw. One
epoch, so that no evaluation, which only a DataLoader shows, lies between two steps.

Prints, for 1 and 2 workers, both medians and their ratio with its interval, paired by launch.

    make bench        or        python -m benchmarks.watched_against_own --rounds 6
"""

import json
import statistics
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from benchmarks import started
from scripts import cli, config, record
from scripts import format as show
from scripts.registry import ROOT
from scripts.scaling.comparing.ratios import paired_ratio
from scripts.training.program.spec import ProgramSpec
from scripts.training.spec import TrainSpec

BATCH, WARMUP = 16, 3
STUDY = {
    "study": "bench",
    "images": {"size": 48, "sample": {"per_class": 200, "size": 96}},
    "training": {"global_batch": BATCH, "epochs": 1, "warmup_steps": WARMUP, "strategies": ["ddp"], "profile": False},
    "scaling": {"baseline": "ddp-1"},
}
MADE = ("images/split.parquet", "images/stats.json", "training/facts/resnet18.json")


def pack(folder: Path) -> None:
    """The images of the study, and the facts of its network."""
    (folder / "bench.yaml").write_text(json.dumps(STUDY))
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    command += ["--configfile", str(folder / "bench.yaml"), "--cores", "2", "--resources", "machine=1000"]
    done = started.run([*command, "--", *(f"results/bench/{name}" for name in MADE)])
    assert done.returncode == 0, done.stderr


def rank_command(folder: Path, workers: int, out: Path) -> str:
    """The command of a rank, as a program's."""
    study = config.read(STUDY)
    given = study.training.model_dump(include=set(TrainSpec.model_fields), mode="json")
    more = {"study": "bench", "size": study.images.size, "packed_size": study.images.size, "seed": 0, "lock": ""}
    point = study.training.points()[f"resnet18-ddp-{workers}"].model_copy(update={"device": "cpu"})
    spec = TrainSpec.model_validate({"weights_name": None, "model_digest": None} | given | more | {"point": point})
    path = folder / "spec.json"
    path.write_text(spec.model_dump_json())
    images = folder / "results/bench/images"
    return (
        f"own_rank.py {path} --shards {images / 'shards'} --split {images / 'split.parquet'} "
        f"--stats {images / 'stats.json'} --facts {folder / 'results/bench/training/facts/resnet18.json'} "
        f"--weights --costs --checkpoint {out / 'checkpoint'} --checkpoint-seconds 9999 --block 1 --attempt 1 "
        f"--record {out / 'own.json'}"
    )


def launch(folder: Path, workers: int, number: int) -> tuple[float, float]:
    """Images/s by the loop's own record and by what was watched."""
    out = folder / f"{workers}-{number}"
    out.mkdir()
    # The spec holds braces, so it comes in a file.
    (folder / "own_rank.py").write_text(
        "import sys\nfrom scripts import cli\nfrom scripts.training.loop import train_rank\n"
        "sys.argv[1:2] = ['--spec', open(sys.argv[1]).read()]\ncli.run(train_rank.main)\n"
    )
    settings = {
        "command": rank_command(folder, workers, out),
        "environment": {"PYTHONPATH": str(ROOT)},
    }
    training = {"program": settings, "workers": [workers], "scaling": "weak", "global_batch": BATCH // workers}
    study = config.read({"training": training | {"warmup_steps": WARMUP}})
    (point,) = study.training.points().values()
    assert study.training.program is not None
    given = study.training.program.of_a_launch | {"warmup_steps": WARMUP, "seed": 0}
    spec = ProgramSpec.model_validate({"study": "b", "point": point, **given})
    command = [
        sys.executable,
        "-m",
        "scripts.training.program.measure_program",
        "--launcher",
        "here",
        "--device",
        "cpu",
    ]
    command += ["--python", sys.executable, "--folder", str(folder), "--logs", str(out / "logs"), "--block", "1"]
    command += ["--attempt", "1", "--record", str(out / "watched.json"), "--usage", str(out / "usage.csv")]
    done = started.run([*command, "--spec", spec.model_dump_json()], ROOT)
    assert done.returncode == 0, done.stderr
    found = [record.Record.model_validate_json((out / f"{name}.json").read_bytes()) for name in ("own", "watched")]
    assert all(one.validity.ok for one in found), [one.validity.faults for one in found]
    return found[0].images_per_second, found[1].images_per_second


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    args = parser.parse_args()
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pack(folder)
        for workers in args.workers:
            pairs = [launch(folder, workers, number) for number in range(args.rounds)]
            own, watched = zip(*pairs, strict=True)
            ratio = paired_ratio(watched, own, 0.95)
            console.print(
                f"{workers} workers, {args.rounds} launches: {statistics.median(own):.1f} images/s by its own record, "
                f"{statistics.median(watched):.1f} as watched; ratio {show.ratio(ratio.value, ratio.low, ratio.high)}"
            )


if __name__ == "__main__":
    cli.run(main)

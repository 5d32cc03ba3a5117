"""The checked study and its points; all other rule files use them.

Only light modules are imported here: each cluster job parses the Snakefile again.
"""

import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

# A workflow that is read by its URL, as a module, brings no programs.
if not (ROOT / "scripts").is_dir():
    sys.exit(
        f"error: found no programs in {ROOT}; expected a clone of the repository: name its workflow/Snakefile"
    )
sys.path.insert(0, str(ROOT))
# Jobs run `python -m scripts...` with the interpreter that runs Snakemake, in whatever folder they start; where the
# modules are, scripts/__init__.py says, and conda's environments lose.
os.environ.update(PATH=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
shell.prefix(f'set -euo pipefail; export PYTHONPATH="${{{{PYTHONPATH:-{ROOT}}}}}"; ')
# Slurm's executor takes Slurm's variables from the jobs that it starts. Where the cluster needs SLURM_CONF (`make
# slurm-up`), so do they; and their sruns are to count threads or cores as the job that they run in (--hint).
for name in ("SLURM_CONF", *([] if workflow.is_main_process else ["SLURM_HINT", "SLURM_THREADS_PER_CORE"])):
    for to, came_from in ((f"SCALECARD_{name}", name), (name, f"SCALECARD_{name}")):
        if came_from in os.environ:
            os.environ.setdefault(to, os.environ[came_from])

from pydantic import ValidationError

from scripts import config as study_config
from scripts.budget import Budget, file_in_force, left_out
from scripts.errors import ImageError, UserError
from scripts.images.manifest import Summary
from scripts.images.sample_classes import CLASSES
from scripts.images.understood import Understood, understand
from scripts.scaling.answers.answer import Recommendations
from scripts.scaling.answers.passes import blocks_of
from scripts.scaling.comparing.limits import FIRST_FRESH_BLOCK
from scripts.spec import differing_packages, lock_digest
from scripts.training.device import Decision
from scripts.training.faults import training_fault
from scripts.training.loop.steps import check_steps
from scripts.training.program.program_files import files_of
from scripts.training.spec import LossSpec

STARTED = time.time()
# All of the machine, in the shares that `resources: machine` of profiles/local counts.
MACHINE = 1000
# Asked of this run, no setting of a study.
AGAIN = config.pop("again", None)


def read_study():
    """The checked study, and what is known of its images: none where an archive is still to be fetched.

    A user's mistake ends the run here.
    """
    # Of `--config study=2023_05` Snakemake makes a number: the name is what was typed.
    for word in workflow.config_settings.config_args:
        key, _, typed = word.partition("=")
        if key == "study" and isinstance(config["study"], (int, float)):
            config["study"] = typed.strip("'\"")
    try:
        if AGAIN not in {None, "invalid"}:
            raise UserError(f"again: found {AGAIN!r}; expected 'invalid', for the launches that do not count")
        study = study_config.read(config)
        external = study.scaling.external
        if external is not None and not Path(external).is_file():
            raise UserError(f"scaling.external: found no file {external}; expected a CSV of launches")
        if study.training.program:
            files_of(study.training.program)
            asked = {
                "images.folder": study.images.folder,
                "images.manifest": study.images.manifest,
                "training.weights": study.training.weights,
                "training.augment": study.training.augment,
            }
            if workflow.is_main_process and (named := [key for key, value in asked.items() if value]):
                print(
                    f"passed over, since training.program reads and trains by itself: {', '.join(named)}",
                    file=sys.stderr,
                )
            # The pictures are the script's own: none are looked at, and those that would be drawn cost nothing.
            study = study.model_copy(update={"images": study_config.Images()})
        if is_archive_pending(study.images):
            return study, Understood(Summary.of([]))
        found = understand(
            study.images, Path(get_raw_root(study)), Path(f"results/{study.study}/images/lists")
        )
        # Copies and known groups may put a few images more or less into training; training checks again, exactly.
        train = found.summary.training_images(study.images.fractions.model_dump())
        train = found.summary.images if found.groups else train
        training = study.training
        LossSpec.model_validate(training.loss.model_dump()).check(sorted(found.summary.classes))
        points = {} if training.program else training.points()
        for batch in dict.fromkeys(point.global_batch for point in points.values()):
            check_steps(train, batch, training.epochs, training.warmup_steps)
    except UserError as error:
        sys.exit(f"error: {error}")
    return study, found


def is_archive_pending(images):
    """Whether this run can do no more than fetch the images.

    Raises:
        ImageError: the folder holds something else than the archive of this checksum.
    """
    if images.archive.url is None:
        return False
    folder = Path(images.folder)
    if not folder.is_dir() or not any(folder.iterdir()):
        return True
    receipt = folder / ".fetch_archive.json"  # of scripts/images/fetch_archive.py
    found = "no archive"
    with suppress(OSError, ValueError, LookupError):  # absent or damaged
        found = json.loads(receipt.read_text())["checksum"]
    if found.rpartition(":")[2] != images.archive.checksum.rpartition(":")[2]:
        raise ImageError(
            f"images.folder: {folder} was unpacked from {found}; images.archive.checksum is {images.archive.checksum}: "
            "remove the folder, or name another"
        )
    return False


def get_raw_root(study):
    if study.images.folder is None and study.images.manifest is not None:
        return str(Path(study.images.manifest).parent)
    return str(Path(study.images.folder or f"results/{study.study}/images/sample"))


STUDY, UNDERSTOOD = read_study()
LISTED, UNNAMEABLE, SUMMARY = UNDERSTOOD.listed, UNDERSTOOD.odd, UNDERSTOOD.summary
ARCHIVE_PENDING = not SUMMARY.classes
RAW_FOLDER = get_raw_root(STUDY)
DRAWN = STUDY.images.folder is None and STUDY.images.manifest is None
# Launches that this run does without, since an earlier one had no more time (scripts/budget.py).
LEFT_OUT = left_out()


def kept(files):
    """The records, or profiles, that this run does not do without."""
    return [file for file in files if file.replace("{study}", STUDY.study) not in LEFT_OUT]


def begun(stage, points):
    """The points of a stage, but those without a first block, where this run does without it."""
    first = f"results/{STUDY.study}/{stage}/records/{{}}/b1.json"
    return {name: found for name, found in points.items() if kept([first.format(name)])}


LOADING_POINTS = begun("loading", STUDY.loading.points())


def read_points():
    """The points that can be trained, and on what; points without GPUs enough are left out, and it is said.

    A user's mistake ends the run here.
    """
    points, training = STUDY.training.points(), STUDY.training
    # Profiles for clusters start trainings by a launcher of the cluster's (profiles/slurm).
    launchers = workflow.resource_settings.overwrite_resources.get("train", {})
    device = Decision.of(training.device, "launcher" not in launchers, DEVICE_FILE)
    if not workflow.is_main_process:
        return points, device
    asked = f"training.device: found {training.device}"
    for point in points.values():
        if fault := training_fault(point.model_copy(update={"device": device.device})):
            sys.exit(f"error: {asked}, which is {device.device} here: {fault}")
    lacking = device.lacking(points.values())
    needed = [point.id for point in points.values() if point.sweep == STUDY.scaling.baseline]
    needed += [training.predict.point] if training.predict.point else []
    if missed := next((name for name in needed if name in lacking), None):
        sys.exit(f"error: {asked}; {missed} cannot be trained: {lacking[missed]}")
    for name, reason in lacking.items():
        print(f"left out: {name}: {reason}", file=sys.stderr)
    return {name: point for name, point in points.items() if name not in lacking}, device


DEVICE_FILE = Path(f"results/{STUDY.study}/training/device.json")
TRAINING_POINTS, DEVICE = read_points()
# Points that are measured, with their blocks: all, or those that the passes of an adaptive study have asked for.
try:
    TRAINING_BLOCKS = blocks_of(
        TRAINING_POINTS,
        STUDY.training.blocks,
        STUDY.scaling.adaptive.passes,
        STUDY.scaling.baseline,
        Path(f"results/{STUDY.study}/scaling/passes.json"),
    )
except UserError as error:
    sys.exit(f"error: {error}")
TRAINING_BLOCKS = begun("training", TRAINING_BLOCKS)
# Trainings that take nothing from the stages before: somebody else's, or a script of the user's own.
ALONE = STUDY.scaling.external or STUDY.training.program
PROFILED = (
    STUDY.training.profile
    and not ALONE
    and not any(Path(file).match("profiles/*/b1.json") for file in LEFT_OUT)
)
LOCK = lock_digest()
# The lock stands for what is installed, unless each job has an environment of conda's.
if workflow.is_main_process and not workflow.deployment_settings.deployment_method:
    if differing := differing_packages():
        more = f" and {len(differing) - 3} more" if len(differing) > 3 else ""
        print(
            f"warning: installed, and not as in requirements.lock: {', '.join(differing[:3])}{more}; what was measured with "
            "other versions is not measured anew",
            file=sys.stderr,
        )


wildcard_constraints:
    study=STUDY.study.replace(".", r"\."),
    shard=r"\d{4}",
    block=r"[1-9]\d*",
    tissue="|".join(CLASSES),
    model=r"[a-z0-9_]+",
    part=r"\d+",
    point=r"[a-z0-9_]+(-[a-z0-9_]+)+",

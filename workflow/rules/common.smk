"""What the rules ask of the study: inputs, params and resources of a job, by its wildcards."""

import os
import shlex
import sys
import zlib
from contextlib import suppress
from functools import cache, partial
from importlib import metadata
from pathlib import Path

from snakemake.logging import logger

from scripts import record, registry
from scripts.closure import Sources, stand_in_path
from scripts.errors import UserError
from scripts.images import source
from scripts.images.step import STEPS
from scripts.loading.backend import DECODERS, OWN, OWN_DATASET
from scripts.loading.points import BACKENDS, backend_class, decoder_class
from scripts.loading.stored import FORMATS
from scripts.report.terminal.job_words import JobWords
from scripts.report.terminal.study_words import OpeningWords, study_words
from scripts.report.terminal.uncounted import uncounted
from scripts.slurm.attempts import try_in_vain_no_more
from scripts.slurm.handed_on import check_handed_on
from scripts.slurm.patience import Patience
from scripts.slurm.recover import cancel, jobs_of
from scripts.spec import PIXELS, canonical, pins
from scripts.training.model.memory import node_megabytes
from scripts.training.model.model_facts import ModelFacts
from scripts.training.model.model_names import file_of, packages_of, shown_name
from scripts.training.points import PACKED, PROGRAM, STRATEGIES, network_id
from scripts.training.spec import TrainSpec
from scripts.user_function import file_digest

CODE_FOLDER = Path(".snakemake/code")
SOURCES = Sources(CODE_FOLDER)


@cache
def code(*modules):
    """The file that stands for all code that a program's behaviour depends on, as an input of its rule."""
    # A job that runs elsewhere finds the files of the run that submitted it.
    made = SOURCES.stand_in if workflow.is_main_process else partial(stand_in_path, CODE_FOLDER)
    return str(made(*modules))


def force(records):
    """As `--forcerun` with the names of these files, which Snakemake takes no more once it reads this: so they are handed
    over as it begins to plan. It rests on names inside Snakemake, which requirements.lock pins.
    """
    build = workflow._build_dag

    def build_forced():
        workflow.dag.forcefiles.update(records)
        build()

    workflow._build_dag = build_forced


if workflow.is_main_process:
    UNCOUNTED = []
    if AGAIN:
        measured = {
            "loading": dict.fromkeys(LOADING_POINTS, STUDY.loading.blocks),
            "training": TRAINING_BLOCKS,
        }
        UNCOUNTED = uncounted(Path(f"results/{STUDY.study}"), measured)
        force(UNCOUNTED)
    # What a dry run, or a run, says of the study and of a job, in a person's words.
    if SUMMARY.classes and not ALONE:
        rejects = Path(f"results/{STUDY.study}/images/rejects.csv")
        logger.addFilter(OpeningWords(partial(study_words, STUDY, UNDERSTOOD, rejects, len(UNCOUNTED))))
    if not workflow.output_settings.verbose:
        logger.addFilter(
            JobWords(workflow, {CODE_FOLDER: ROOT, Path(f".snakemake/raw/{STUDY.study}"): Path(RAW_FOLDER)})
        )


def get_raw_folder(wildcards, input):
    """Where the raw images lie. It takes `input` since Snakemake does not track such params: no path of this machine
    stands in a tracked param, and an image folder that moves makes nothing stale.
    """
    return RAW_FOLDER


def get_blocks(count):
    return range(1, count + 1)


def get_priority(wildcards):
    """Block by block, and inside a block in an order shuffled by a seeded hash: pairing by block rests on it. Where a run
    has a budget, which may end it in its first block, the baselines and the ends of each curve come first there.
    """
    block = int(wildcards.block)
    if block == 1 and STUDY.measuring.budget_minutes is not None and wildcards.point in get_ends():
        block = 0
    return 10_000 * max(0, 1_999 - block) + get_place(wildcards)


def get_profile_priority(wildcards):
    """The same of profiles, after all that is timed."""
    return 10_000 * max(0, 99 - int(wildcards.block)) + get_place(wildcards)


def get_place(wildcards):
    """Of a point in its block, shuffled by a seeded hash."""
    return zlib.crc32(f"{STUDY.seed} {wildcards.block} {wildcards.point}".encode()) % 10_000


@cache  # every measurement of a first block asks
def get_ends():
    """The baselines, and of points that differ in their number of workers alone those with the fewest and the most."""
    curves = {}
    for point in LOADING_POINTS.values():
        curves.setdefault(point.model_copy(update={"workers": 0}), []).append(point)
    for point in TRAINING_POINTS.values():
        curves.setdefault(point.curve, []).append(point)
    workers = [sorted(curve, key=lambda point: point.workers) for curve in curves.values()]
    return (
        get_baselines("loading")
        | get_baselines("training")
        | {point.id for curve in workers for point in (curve[0], curve[-1])}
    )


def get_baselines(stage):
    """The ids of what a stage's points are divided by."""
    if stage == "loading":
        return {point.baseline for point in LOADING_POINTS.values()}
    return {TRAINING_POINTS[name].baseline(STUDY.scaling.baseline) for name in TRAINING_BLOCKS}


def get_budget():
    """What a run may take, where the study has a limit and this is not the run that follows one."""
    if STUDY.measuring.budget_minutes is None or file_in_force():
        return None
    needed = {
        f"results/{STUDY.study}/{stage}/records/{point}/b1.json"
        for stage in ("loading", "training")
        for point in get_baselines(stage)
    }
    measured = [*LOADING_RECORDS, *TRAINING_RECORDS, *PROFILES]
    optional = {file.format(study=STUDY.study) for file in measured} - needed
    return Budget(STUDY.measuring.budget_minutes, STARTED, Path(get_left_out_file()), optional)


def get_left_out_file():
    return f"results/{STUDY.study}/scaling/left_out.json"


def get_left_out(wildcards):
    """What this run does without, where an earlier one had no more time."""
    return get_left_out_file() if file_in_force() else []


def get_tables_memory(wildcards, attempt):
    """MB: 2000, and 2 for 1,000 images, whose rows and groups are held at once."""
    return attempt * (2000 + 2 * SUMMARY.images // 1000)


def get_step_modules():
    """The code of the preprocessing steps that the study uses."""
    return [registry.module(STEPS, name) for step in STUDY.images.steps for name in step]


def get_attempt(wildcards, attempt):
    """1, or more when Snakemake runs a job again after a failure (`retries` of the profile)."""
    return attempt


def get_again(wildcards, input):
    """How often a disturbed launch is measured again; not tracked, as get_raw_folder: a record says what came of it."""
    return STUDY.measuring.again


def get_runtime(stage, unknown):
    """A resource function: minutes for a job of `stage`.

    Three times the longest earlier record of the same work and 10 minutes more; `unknown` before there is one. A further
    attempt at loading has more. One at a training has not: it goes on where the last was saved, and a partition that
    granted this limit might not grant a longer one.
    """

    @cache
    def longest(study, point):
        records = []
        for path in Path(f"results/{study}/{stage}/records/{point}").glob("b*.json"):
            with suppress(UserError):  # a broken one is named by the tables
                records.append(record.read(path))
        key = {"image_size": STUDY.images.size}
        if stage == "training":
            key = {"image_size": STUDY.edge, "epochs": STUDY.training.epochs}
        return max(
            (one.wall_seconds for one in records if not one.resumed and key.items() <= one.key.items()),
            default=None,
        )

    def minutes(wildcards, attempt):
        seconds = longest(wildcards.study, wildcards.point)
        limit = unknown if seconds is None else 10 + round(3 * seconds / 60)
        return limit if stage == "training" else attempt * limit

    return minutes


def get_lock(wildcards):
    """What all packages of a loading measurement are told by: the lock, and the library that it does not name."""
    point = get_loading_point(wildcards)
    decoder = None if point.decoder == OWN else decoder_class(point.decoder).package
    others = [get_package(package) for package in (backend_class(point.backend).package, decoder) if package]
    return " ".join([LOCK, *map(str, others)])


def get_page_parts():
    """What the templates of all pages are made of, as inputs."""
    parts = ("base.html.jinja", "parts.html.jinja", "first_screen.html.jinja", "page.css", "page.js")
    return [get_template(name) for name in parts]


def is_plan_requested():
    """Whether a proposal asks for the trainings of the plan, not for a number of the measured one."""
    return STUDY.proposal.trainings is None and bool(STUDY.plan.jobs)


def get_centre():
    """The file of the centre that a proposal is for; inside the repository by its name from here."""
    file = STUDY.proposal.centre_file
    return os.path.relpath(file) if file.is_relative_to(ROOT) else f"{file}"


def get_proposal_templates():
    """Of each language that a proposal is written in, as an input."""
    folder = ROOT / "scripts/report/proposal"
    return [os.path.relpath(folder / f"proposal.{language}.jinja") for language in ("md", "tex")]


def get_table_settings():
    """What the tables of trainings take from `scaling`, beside prices."""
    found = STUDY.scaling.model_dump(include={"baseline", "confidence", "loss_tolerance"})
    return found | {"families": get_families()}


def get_families():
    """Baselines of the study: what may be wrong of all that is said is shared out among them."""
    trained = [point.baseline(STUDY.scaling.baseline) for point in TRAINING_POINTS.values()]
    return len({*trained, *(point.baseline for point in LOADING_POINTS.values())})


def is_trainer_asked():
    """Whether the trainings tell how fast images must come, as the config does not, or what those lose that are fed."""
    fed = any(point.tuning.feed != PACKED for point in TRAINING_POINTS.values())
    return fed or STUDY.loading.needed_images_per_second is None


@cache
def get_raw_megabytes():
    """Of all raw files; 0.3 an image where they are not there yet, or not listed."""
    files = [Path(RAW_FOLDER, entry.path) for entry in LISTED]
    if not files or not all(path.is_file() for path in files):
        return round(0.3 * SUMMARY.images)
    return sum(path.stat().st_size for path in files) // 1_000_000


def cancel_what_is_left():
    """As a run ends: Snakemake, interrupted while it looks at the queue, has cancelled nothing."""
    try:
        left = cancel(Path.cwd())
    except UserError as error:
        logger.error(f"Jobs may still run: {error}; see `make slurm-recover`")
        return
    if left:
        logger.info(f"Cancelled: {', '.join(job.job_id for job in left)}")


def check_cluster():
    """Before the first job is submitted: end the run where settings would not reach it, where no cluster answers, or
    where jobs of an earlier run go on.
    """
    try:
        check_handed_on(workflow.config_settings.config_args or [])
    except UserError as error:
        sys.exit(f"error: {error}")
    try:
        jobs = jobs_of(Path.cwd())
    except UserError as error:
        sys.exit(
            f"error: --profile slurm: no Slurm cluster answers here ({error}); see README.md, or --profile local"
        )
    if jobs:
        folder = "" if Path.cwd() == ROOT else f" FOLDER={Path.cwd()}"
        sys.exit(
            f"error: {len(jobs)} jobs of an earlier run are queued or running; see `make slurm-recover{folder}`"
        )

"""What the rules ask of the study: inputs, params and resources of a job, by its wildcards."""

import json
import os
import shlex
import sys
import zlib
from contextlib import suppress
from functools import cache, partial
from importlib import metadata
from pathlib import Path

from snakemake.logging import logger

from scripts import registry
from scripts.closure import Sources, stand_in_path
from scripts.errors import UserError
from scripts.images import source
from scripts.images.seen import SeenFiles
from scripts.images.step import STEPS
from scripts.loading.points import BACKENDS, backend_class, skipped_backends
from scripts.report.terminal.job_words import JobWords
from scripts.slurm.recover import jobs_of
from scripts.spec import canonical, pins
from scripts.training.points import STRATEGIES

CODE_FOLDER = Path(".snakemake/code")
SOURCES = Sources(CODE_FOLDER)
SEEN_FOLDER = Path(".snakemake/raw", STUDY.study)
SEEN = SeenFiles(SEEN_FOLDER, Path(RAW_FOLDER), Path(f"results/{STUDY.study}/images/shards"))


@cache
def code(*modules):
    """The file that stands for all code that a program's behaviour depends on, as an input of its rule."""
    # A job that runs elsewhere finds the files of the run that submitted it.
    made = SOURCES.stand_in if workflow.is_main_process else partial(stand_in_path, CODE_FOLDER)
    return str(made(*modules))


# What a dry run, or a run, says of a job, in a person's words.
if workflow.is_main_process and not workflow.output_settings.verbose:
    logger.addFilter(JobWords(workflow, {CODE_FOLDER: ROOT, SEEN_FOLDER: Path(RAW_FOLDER)}))


def get_raw_folder(wildcards, input):
    """Where the raw images lie. It takes `input` since Snakemake does not track such params: no path of this machine
    stands in a tracked param. The names of inputs hold it all the same, so an image folder that moves is packed anew.
    """
    return RAW_FOLDER


def get_blocks(count):
    return range(1, count + 1)


def get_priority(wildcards):
    """Block by block, and inside a block in an order shuffled by a seeded hash: pairing by block rests on it."""
    shuffled = zlib.crc32(f"{STUDY.seed} {wildcards.block} {wildcards.point}".encode()) % 10_000
    return 10_000 * max(0, 1_999 - int(wildcards.block)) + shuffled


@cache  # every loading measurement asks
def get_decode():
    """How a raw file becomes pixels: the same for packing, the reference digest and every raw loading backend."""
    return {
        "size": STUDY.images.size,
        # With all their settings, so that to write out a default changes nothing.
        "steps": [
            {name: registry.load(STEPS, name, "Step")(**settings).model_dump(mode="json")}
            for step in STUDY.images.steps
            for name, settings in step.items()
        ],
        "packages": pins("opencv-python-headless", "simplejpeg", "pillow", "tifffile", "imagecodecs", "numpy"),
    }


def get_raw(shard, listed):
    """What stands for the raw files of a shard; the folders of drawn classes. Where only a manifest is tracked: nothing."""
    if DRAWN or not listed:
        return get_raw_files(listed)
    if not workflow.is_main_process:
        return str(SEEN_FOLDER / shard)
    return str(SEEN.stand_in(shard, (entry.path for entry in listed if entry.path not in UNNAMEABLE)))


def get_raw_files(listed):
    """The files of entries as inputs; those that Snakemake cannot name stand in the spec instead. Of drawn images, the
    folders of their classes.
    """
    if DRAWN:
        return sorted({f"{RAW_FOLDER}/{entry.label}" for entry in listed})
    return [f"{RAW_FOLDER}/{entry.path}" for entry in listed if entry.path not in UNNAMEABLE]


def get_packing(listed):
    """What packing these entries depends on beside their names and times."""
    return {
        "decode": get_decode(),
        "limits": STUDY.images.limits,
        "shards": STUDY.images.shards,
        "listed": source.digest(listed, None if DRAWN else RAW_FOLDER, UNNAMEABLE),
    }


def get_tables_memory(wildcards, attempt):
    """MB: 2000, and 2 for 1,000 images, whose rows and groups are held at once."""
    return attempt * (2000 + 2 * SUMMARY.images // 1000)


def get_layout(wildcards, input):
    """Not tracked: what it makes of the folder, `listed` holds."""
    return STUDY.images.layout


def get_manifest(wildcards, input):
    """The CSV that names the images of a packing job, where there is one; not tracked, as get_raw_folder."""
    return input.get("listed") or STUDY.images.manifest or []


def get_step_modules():
    """The code of the preprocessing steps that the study uses."""
    return [registry.module(STEPS, name) for step in STUDY.images.steps for name in step]


def get_loading_point(wildcards):
    return LOADING_POINTS[wildcards.point]


def get_shown_config():
    """The study's settings as the page shows them: where files stand on this machine is no part of a study."""
    shown = STUDY.model_dump(mode="json")
    for settings, name in (
        (shown["images"], "folder"),
        (shown["images"], "groups"),
        (shown["images"], "manifest"),
        (shown["images"]["archive"], "url"),
        (shown["training"], "weights"),
        (shown["scaling"], "external"),
        (shown["scaling"], "compare_with"),
    ):
        settings[name] = settings[name] and Path(settings[name]).name
    return shown


def get_attempt(wildcards, attempt):
    """1, or more when Snakemake runs a job again after a failure (`retries` of the profile)."""
    return attempt


def get_runtime(stage, unknown):
    """A resource function: minutes for a job of `stage`, more on a further attempt.

    Three times the longest earlier record of the same work and 10 minutes more; `unknown` before there is one.
    """

    @cache
    def longest(study, point):
        found = Path(f"results/{study}/{stage}/records/{point}").glob("b*.json")
        records = [json.loads(path.read_text()) for path in found]
        key = {"image_size": STUDY.images.size}
        if stage == "training":
            key["epochs"] = STUDY.training.epochs
        return max(
            (
                one["wall_seconds"]
                for one in records
                if not one["resumed"] and key.items() <= one["key"].items()
            ),
            default=None,
        )

    def minutes(wildcards, attempt):
        seconds = longest(wildcards.study, wildcards.point)
        return attempt * (unknown if seconds is None else 10 + round(3 * seconds / 60))

    return minutes


def get_loading_folder(wildcards, input):
    """Where what a point reads lies; not tracked, as get_raw_folder: `prepared` and `split` are."""
    source = get_loading_point(wildcards).source
    return {
        "packed": f"results/{wildcards.study}/images/shards",
        "raw": RAW_FOLDER,
        "remote": RAW_FOLDER,
    }.get(source, f"results/{wildcards.study}/loading/{source}")


def get_prepared(wildcards):
    """What must be made before a point can be measured, beside the packed images."""
    made_by = {
        "reencoded": rules.reencode,
        "webdataset": rules.pack_webdataset,
        "litdata": rules.pack_litdata,
    }.get(get_loading_point(wildcards).source)
    return made_by.output.listed.format(study=wildcards.study) if made_by else []


def get_package(name):
    """The version of a library that scalecard can do without; null where it is not installed."""
    with suppress(metadata.PackageNotFoundError):
        return f"{name}=={metadata.version(name)}"


def get_lock(wildcards):
    """What all packages of a loading measurement are told by: the lock, and the library that it does not name."""
    package = backend_class(get_loading_point(wildcards).backend).package
    return f"{LOCK} {get_package(package)}" if package else LOCK


def get_remote_limits(wildcards):
    """Those of the network, for a point behind one: no other point depends on them."""
    if get_loading_point(wildcards).source != "remote":
        return None
    return STUDY.loading.remote.model_dump(exclude={"backends", "workers"})


def get_last_output():
    """What a run makes in the end: the page and tables for a paper; of images that are still to be fetched, these."""
    if STUDY.scaling.external:
        return rules.render_external.output.page
    if ARCHIVE_PENDING:
        return rules.fetch_archive.output
    return [rules.render_page.output.page, *rules.typeset_tables.output]


def has_new_page():
    """Whether this run has made a page: then its last lines are the answer."""
    last = expand(get_last_output(), study=STUDY.study)[0]
    return Path(last).is_file() and Path(last).stat().st_mtime >= STARTED


def get_template(name):
    """A page's template, as an input."""
    return os.path.relpath(ROOT / f"scripts/report/{name}.html.jinja")


def get_table_settings():
    """What the tables of trainings take from `scaling`, beside prices."""
    return STUDY.scaling.model_dump(include={"baseline", "confidence", "loss_tolerance"})


def is_traced():
    """Whether Dask is asked for its own account of a run: where the study loads with it."""
    return any(name.startswith("dask_") for name in STUDY.loading.backends)


def is_trainer_asked():
    """Whether the trainings tell how fast images must come, as the config does not."""
    return STUDY.loading.needed_images_per_second is None


def get_traced_workers():
    """As many as the study's greatest count, but what stays readable in Dask's account."""
    return min(4, max(STUDY.loading.workers))


def get_dask_address(wildcards, input):
    """Flags that name a Dask cluster that runs already; not tracked: which one it is, is no part of a study."""
    address = STUDY.loading.dask_address
    if address is None or get_loading_point(wildcards).backend != "dask_distributed":
        return ""
    return f"--address {shlex.quote(address)}"


def get_loading_memory(wildcards, attempt):
    """MB: all training images decoded, twice where they are ready batches or shared; their files where these are held; 100
    for each worker, which decodes a large picture, and 600 more for one that is a process, which is what a DataLoader's
    takes with torch in it.
    """
    point = get_loading_point(wildcards)
    decoded = SUMMARY.images * 3 * STUDY.images.size**2 // 1_000_000
    held = get_raw_megabytes() if point.backend == "decode_only" else 0
    return attempt * (2000 + 2 * decoded + held + 100 * point.workers + 600 * point.processes_here)


@cache
def get_raw_megabytes():
    """Of all raw files; 0.3 an image where they are not there yet, or not listed."""
    files = [Path(RAW_FOLDER, entry.path) for entry in LISTED]
    if not files or not all(path.is_file() for path in files):
        return round(0.3 * SUMMARY.images)
    return sum(path.stat().st_size for path in files) // 1_000_000


def check_cluster():
    """Before the first job is submitted: end the run where no cluster answers, or where jobs of an earlier run go on."""
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

"""What the rules ask of the raw images: how they are decoded, which files a shard is packed of, which of them train."""

from scripts.images import packing_cost
from scripts.images.seen import SeenFiles, by_content, by_time
from scripts.images.training_images import Asked, TrainingImages, digest
from scripts.report.words import shown

SEEN_FOLDER = Path(".snakemake/raw", STUDY.study)
SEEN = SeenFiles(SEEN_FOLDER, Path(RAW_FOLDER), Path(f"results/{STUDY.study}/images/shards"))
TRAINING = TrainingImages(SEEN_FOLDER, Path(f"results/{STUDY.study}/images"))
# A sheet each is for studying: of a thousand classes the first ones do.
PREVIEWED = dict(list(SUMMARY.candidates.items())[: shown.CLASSES])


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
        "packages": pins(*PIXELS),
    }


def get_raw(shard, listed):
    """What stands for the raw files of a shard; the folders of drawn classes. Where only a manifest is tracked: nothing."""
    if DRAWN or not listed:
        return get_drawn(listed)
    if not workflow.is_main_process:
        return str(SEEN_FOLDER / shard)
    return str(SEEN.stand_in(shard, (entry.path for entry in listed if entry.path not in UNNAMEABLE)))


def get_drawn(listed):
    """The folders of the classes of drawn images."""
    return sorted({f"{RAW_FOLDER}/{entry.label}" for entry in listed})


def get_dated(name, folder, paths):
    """What stands for files that a user may date as he likes: as inputs of their own, one of tomorrow would be newer than
    all that is made of it.
    """
    stand_in = SEEN_FOLDER / name
    return str(by_time(stand_in, Path(folder), paths) if workflow.is_main_process else stand_in)


def get_groups():
    """What stands for the CSV of groups: as get_dated, but one that is only touched must not train all anew."""
    if STUDY.images.groups is None:
        return []
    stand_in = SEEN_FOLDER / "groups"
    return str(by_content(stand_in, Path(STUDY.images.groups)) if workflow.is_main_process else stand_in)


def get_previewed():
    """What stands for the files that a preview may show."""
    if DRAWN:
        return get_drawn([entry for entry in LISTED if entry.label in PREVIEWED])
    return get_dated("preview", RAW_FOLDER, sorted(path for paths in PREVIEWED.values() for path in paths))


def get_packing(listed):
    """What packing these entries depends on beside their names and times."""
    return {
        "decode": get_decode(),
        "limits": STUDY.images.limits,
        "shards": STUDY.images.shards,
        "listed": source.digest(listed, None if DRAWN else RAW_FOLDER, UNNAMEABLE),
    }


def get_packing_memory(wildcards, attempt):
    """MB: of one packing process, for the largest picture that it may meet."""
    limits, names = STUDY.images.limits, [
        name for step in STUDY.images.steps for name in step if name != "decode"
    ]
    resized_first = registry.load(STEPS, names[0], "Step").resizes
    return attempt * packing_cost.memory_mb(limits.max_bytes, limits.max_pixels, resized_first)


def get_packing_minutes(parts):
    """Of one packing process, where so many share the images."""
    return packing_cost.minutes(SUMMARY.images // parts, STUDY.images.limits.max_pixels)


def get_layout(wildcards, input):
    """Not tracked: what it makes of the folder, `listed` holds."""
    return STUDY.images.layout


def get_manifest(wildcards, input):
    """The CSV that names the images of a packing job, where there is one; not tracked, as get_raw_folder."""
    return input.get("listed") or STUDY.images.manifest or []


def get_splitting():
    """What splitting takes from the config."""
    return {
        "fractions": STUDY.images.fractions,
        "max_reject_fraction": STUDY.images.max_reject_fraction,
        "seed": STUDY.seed,
    }


def get_training_images():
    """What stands for the training images, as an input; nothing where the raw files are not tracked one by one."""
    return [] if DRAWN or not LISTED else str(TRAINING.file)


def get_split():
    """The split, as an input of what depends on the training images alone; SHARDS have been looked at."""
    split = "results/{study}/images/split.parquet"
    return ancient(split) if do_training_images_stay() else split


@cache
def do_training_images_stay():
    """Whether a run leaves the training images as they are, as far as that can be told before its first job."""
    if DRAWN or not LISTED or not workflow.is_main_process:
        return False
    groups = STUDY.images.groups
    made_by = [code(f"scripts.images.{name}") for name in ("index_shards", "split")]
    made_by.append(code("scripts.images.pack_shard", *get_step_modules()))
    how = canonical(**get_packing([]), near_duplicates=STUDY.images.near_duplicates, **get_splitting())
    odd = [entry for entry in LISTED if entry.path in UNNAMEABLE]
    asked = Asked(
        how=digest(
            how, Path(groups).read_text() if groups else "", *(Path(name).read_text() for name in made_by)
        ),
        entries=digest(source.digest(LISTED), source.digest(odd, RAW_FOLDER, UNNAMEABLE)),
    )

    def foresee():
        from scripts.images.foreseen import foresee
        from scripts.images.known_groups import read_groups

        return foresee(
            Path(RAW_FOLDER),
            [Path(f"results/{STUDY.study}/images/shards/{shard}.parquet") for shard in SHARDS],
            LISTED,
            SEEN.differing | UNNAMEABLE,
            read_groups(Path(groups)) if groups else None,
            canonical(**get_packing([])),
            STUDY.images.near_duplicates,
            canonical(**get_splitting()),
        )

    try:
        return TRAINING.stay(asked, SEEN.differing, foresee, is_run=not workflow.output_settings.dryrun)
    except ImportError:  # where Snakemake is all there is
        TRAINING.file.touch()
        return False

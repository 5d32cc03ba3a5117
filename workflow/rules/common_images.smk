"""What the rules ask of the raw images: how they are decoded, which files a shard is packed of."""

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


def get_layout(wildcards, input):
    """Not tracked: what it makes of the folder, `listed` holds."""
    return STUDY.images.layout


def get_manifest(wildcards, input):
    """The CSV that names the images of a packing job, where there is one; not tracked, as get_raw_folder."""
    return input.get("listed") or STUDY.images.manifest or []

"""What rules share that is about loading."""


def get_load_augmentation():
    """What loading does to each decoded image; null where the study does not ask for it."""
    if not STUDY.loading.augment:
        return None
    return {"steps": STUDY.training.augmentation.alone.listed, "seed": STUDY.seed}


def get_augment_modules():
    """The code of its steps."""
    return STUDY.training.augmentation.alone.modules if STUDY.loading.augment else []


# As TRAIN_CODE.
LOADING_CODE = {
    backend: code(
        "scripts.loading.measuring.measure_loading",
        registry.module(BACKENDS, backend),
        *get_step_modules(),
        *get_augment_modules(),
    )
    for backend in {point.backend for point in LOADING_POINTS.values()}
}

REFERENCE_CODE = {
    decoder: code(
        "scripts.loading.measuring.reference_digest",
        *([] if decoder == OWN else [registry.module(DECODERS, decoder)]),
        *get_step_modules(),
        *get_augment_modules(),
    )
    for decoder in {point.decoder for point in LOADING_POINTS.values()} | {OWN}
}
CONTAINER_CODE = {
    name: code("scripts.loading.containers.pack_container", registry.module(FORMATS, name))
    for name in registry.names(FORMATS)
}


def get_loading_point(wildcards):
    return LOADING_POINTS[wildcards.point]


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
    source = get_loading_point(wildcards).source
    if source == "reencoded":
        return rules.reencode.output.listed.format(study=wildcards.study)
    if source in CONTAINER_CODE:
        return rules.pack_container.output.listed.format(study=wildcards.study, container=source)
    return []


def get_reference_code(wildcards):
    """The code of a reference, with that of the decoder that it is of."""
    return REFERENCE_CODE[wildcards.decoder]


def get_decoder_package(wildcards):
    """The version of the library that decodes; null for the study's own, which is in `spec`."""
    return None if wildcards.decoder == OWN else get_package(decoder_class(wildcards.decoder).package)


def get_decoded(wildcards):
    """What a point's decoder must reproduce, where it is another than the study's."""
    decoder = get_loading_point(wildcards).decoder
    found = rules.reference_digest.output.reference.format(study=wildcards.study, decoder=decoder)
    return [] if decoder == OWN else found


def get_container_spec(wildcards):
    """The version of the library that a container is of; null where it is not installed."""
    return canonical(package=get_package(registry.load(FORMATS, wildcards.container, "Format").package))


def get_package(name):
    """The version of a library that scalecard can do without; null where it is not installed."""
    with suppress(metadata.PackageNotFoundError):
        return f"{name}=={metadata.version(name)}"


def get_remote_limits(wildcards):
    """Those of the network, for a point behind one: no other point depends on them."""
    if get_loading_point(wildcards).source != "remote":
        return None
    return STUDY.loading.remote.model_dump(exclude={"backends", "workers"})


def is_own(wildcards):
    """Whether a point loads by a dataset of the user's own."""
    return get_loading_point(wildcards).backend == OWN_DATASET


def get_own(wildcards):
    """What tells that dataset from others; null for any other point."""
    if not is_own(wildcards):
        return None
    own = STUDY.loading.own
    return {"dataset": own.dataset, "digest": file_digest(Path(own.module)), "check": own.check}


def get_own_file(wildcards, input):
    """Where its file lies; not tracked, as get_raw_folder: its digest is."""
    return [STUDY.loading.own.module] if is_own(wildcards) else []


def is_traced():
    """Whether Dask is asked for its own account of a run: where the study loads with it."""
    return any(name.startswith("dask_") for name in STUDY.loading.backends)


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

"""Raw files to packed, checked, split pixels.

Requires `images.folder`, `images.manifest` or `images.archive`, or draws the sample study where all are null. Steps:
fetch_archive (a run of its own), draw_sample (one job a class), pack_shard (one job a shard; or pack_shards_dask, one for
all), index_shards, split, channel_stats.
"""

SHARDS = {f"{number:04d}": [] for number in range(STUDY.images.shards)}
for entry in LISTED:
    SHARDS[f"{source.shard_of(entry.path, STUDY.images.shards):04d}"].append(entry)
# What each shard is packed of, in one input each.
RAW = {shard: get_raw(shard, listed) for shard, listed in SHARDS.items()}
SEEN.save()


rule fetch_archive:
    input:
        code=code("scripts.images.fetch_archive"),
    output:
        extracted="results/{study}/images/archive.json",
    log:
        "logs/{study}/images/fetch_archive.log",
    # Where Snakemake itself runs there is a network; compute nodes may have none.
    localrule: True
    conda:
        "../../envs/scalecard.yaml"
    params:
        spec=canonical(checksum=STUDY.images.archive.checksum),
        # With `input`, Snakemake does not track these: the checksum says what is fetched, wherever from.
        url=lambda wildcards, input: STUDY.images.archive.url,
        checksum=lambda wildcards, input: STUDY.images.archive.checksum,
        folder=get_raw_folder,
    shell:
        "python -m scripts.images.fetch_archive --url {params.url:q} --hash {params.checksum:q} "
        "--downloads results/{wildcards.study}/images/downloads --folder {params.folder:q} "
        "--extracted {output.extracted:q} 2> {log:q}"


rule draw_sample:
    input:
        code=code("scripts.images.draw_sample"),
    output:
        drawn=directory("results/{study}/images/sample/{tissue}"),
    log:
        "logs/{study}/images/draw_sample_{tissue}.log",
    conda:
        "../../envs/scalecard.yaml"
    params:
        spec=canonical(
            per_class=STUDY.images.sample.per_class,
            size=STUDY.images.sample.size,
            seed=STUDY.seed,
        ),
    shell:
        "python -m scripts.images.draw_sample --folder {output.drawn:q} "
        "--tissue {wildcards.tissue} --spec {params.spec:q} 2> {log:q}"


rule pack_shard:
    input:
        raw=lambda wildcards: RAW[wildcards.shard],
        listed="results/{study}/images/lists/{shard}.csv" if STUDY.images.track == "manifest" else [],
        code=code("scripts.images.pack_shard", *get_step_modules()),
    output:
        pixels="results/{study}/images/shards/{shard}.npy",
        table="results/{study}/images/shards/{shard}.parquet",
    log:
        "logs/{study}/images/pack_shard_{shard}.log",
    conda:
        "../../envs/scalecard.yaml"
    resources:
        mem_mb=get_packing_memory,
        runtime=lambda wildcards, attempt: attempt * get_packing_minutes(STUDY.images.shards),
    params:
        spec=lambda wildcards: canonical(**get_packing(SHARDS[wildcards.shard])),
        folder=get_raw_folder,
        manifest=get_manifest,
        layout=get_layout,
    shell:
        "python -m scripts.images.pack_shard --folder {params.folder:q} --manifest {params.manifest:q} "
        "--layout {params.layout} --shard {wildcards.shard} "
        "--pixels {output.pixels:q} --table {output.table:q} --spec {params.spec:q} 2> {log:q}"


if STUDY.images.pack_on == "dask":

    ruleorder: pack_shards_dask > pack_shard

    rule pack_shards_dask:
        input:
            raw=RAW.values(),
            code=code("scripts.images.pack_shards_dask", *get_step_modules()),
        output:
            pixels=expand("results/{{study}}/images/shards/{shard}.npy", shard=SHARDS),
            tables=expand("results/{{study}}/images/shards/{shard}.parquet", shard=SHARDS),
        log:
            "logs/{study}/images/pack_shards_dask.log",
        conda:
            "../../envs/scalecard.yaml"
        resources:
            mem_mb=2000,
            worker_mb=get_packing_memory,
            # Dask's workers may queue for a while.
            runtime=lambda wildcards, attempt: attempt * (90 + get_packing_minutes(STUDY.images.dask_workers)),
        params:
            spec=lambda wildcards: canonical(**get_packing(LISTED)),
            folder=get_raw_folder,
            manifest=get_manifest,
            layout=get_layout,
            # With `input`, Snakemake does not track it: no shard depends on it.
            workers=lambda wildcards, input: STUDY.images.dask_workers,
        shell:
            "python -m scripts.images.pack_shards_dask --folder {params.folder:q} --manifest {params.manifest:q} "
            "--layout {params.layout} --output results/{wildcards.study}/images/shards --workers {params.workers} "
            "--memory {resources.worker_mb} --spec {params.spec:q} "
            "2> {log:q}"


rule index_shards:
    input:
        tables=expand("results/{{study}}/images/shards/{shard}.parquet", shard=SHARDS),
        groups=get_groups(),
        code=code("scripts.images.index_shards"),
    output:
        index="results/{study}/images/index.parquet",
        rejects="results/{study}/images/rejects.csv",
    log:
        "logs/{study}/images/index_shards.log",
    conda:
        "../../envs/scalecard.yaml"
    resources:
        mem_mb=get_tables_memory,
    params:
        spec=canonical(near_duplicates=STUDY.images.near_duplicates),
        groups=lambda wildcards, input: STUDY.images.groups or [],
    shell:
        "python -m scripts.images.index_shards --tables {input.tables:q} --groups {params.groups:q} "
        "--index {output.index:q} --rejects {output.rejects:q} --spec {params.spec:q} 2> {log:q}"


rule split:
    input:
        index="results/{study}/images/index.parquet",
        rejects="results/{study}/images/rejects.csv",
        code=code("scripts.images.split"),
    output:
        split="results/{study}/images/split.parquet",
        leaks="results/{study}/images/leaks.json",
    log:
        "logs/{study}/images/split.log",
    conda:
        "../../envs/scalecard.yaml"
    resources:
        mem_mb=get_tables_memory,
    params:
        spec=canonical(**get_splitting()),
    shell:
        "python -m scripts.images.split --index {input.index:q} --rejects {input.rejects:q} "
        "--split {output.split:q} --leaks {output.leaks:q} --spec {params.spec:q} 2> {log:q}"


rule channel_stats:
    input:
        shards=expand("results/{{study}}/images/shards/{shard}.npy", shard=SHARDS),
        split="results/{study}/images/split.parquet",
        code=code("scripts.images.channel_stats"),
    output:
        stats="results/{study}/images/stats.json",
    log:
        "logs/{study}/images/channel_stats.log",
    conda:
        "../../envs/scalecard.yaml"
    shell:
        "python -m scripts.images.channel_stats --shards results/{wildcards.study}/images/shards "
        "--split {input.split:q} --stats {output.stats:q} 2> {log:q}"

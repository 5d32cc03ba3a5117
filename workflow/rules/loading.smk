"""How fast pixels reach memory: every loading point of the config, once in each block, alone on the machine.

Requires the images stage. Steps: reference_digest (what every backend must reproduce), reencode (where the study reads
re-encoded files), pack_container (where it uses a library with files of its own), measure_loading (one job a point
and block), trace_dask (where the study loads with Dask: what Dask itself tells of a run).
"""


rule reference_digest:
    input:
        split=get_split(),
        training=get_training_images(),
        code=get_reference_code,
    output:
        reference="results/{study}/loading/references/{decoder}.json",
    log:
        "logs/{study}/loading/reference_digest_{decoder}.log",
    conda:
        "../../envs/scalecard.yaml"
    params:
        spec=canonical(decode=get_decode(), augment=get_load_augmentation()),
        package=get_decoder_package,
        folder=get_raw_folder,
    shell:
        "python -m scripts.loading.measuring.reference_digest --folder {params.folder:q} --split {input.split:q} "
        "--decoder {wildcards.decoder} --reference {output.reference:q} --spec {params.spec:q} 2> {log:q}"


rule reencode:
    input:
        split=get_split(),
        training=get_training_images(),
        code=code("scripts.loading.containers.reencode"),
    output:
        listed="results/{study}/loading/reencoded.csv",
    log:
        "logs/{study}/loading/reencode.log",
    conda:
        "../../envs/scalecard.yaml"
    params:
        spec=canonical(packages=pins("opencv-python-headless")),
    shell:
        "python -m scripts.loading.containers.reencode --shards results/{wildcards.study}/images/shards --split {input.split:q} "
        "--folder results/{wildcards.study}/loading/reencoded --listed {output.listed:q} 2> {log:q}"


rule pack_container:
    input:
        split=get_split(),
        training=get_training_images(),
        code=lambda wildcards: CONTAINER_CODE[wildcards.container],
    output:
        listed="results/{study}/loading/{container}.csv",
    log:
        "logs/{study}/loading/pack_container_{container}.log",
    wildcard_constraints:
        container="|".join(CONTAINER_CODE),
    conda:
        "../../envs/scalecard.yaml"
    params:
        spec=get_container_spec,
        raw=get_raw_folder,
    shell:
        "python -m scripts.loading.containers.pack_container --format {wildcards.container} --raw {params.raw:q} "
        "--shards results/{wildcards.study}/images/shards --split {input.split:q} "
        "--folder results/{wildcards.study}/loading/{wildcards.container} --listed {output.listed:q} 2> {log:q}"


rule measure_loading:
    input:
        split=get_split(),
        training=get_training_images(),
        reference="results/{study}/loading/references/scalecard.json",
        decoded=get_decoded,
        prepared=get_prepared,
        code=lambda wildcards: LOADING_CODE[get_loading_point(wildcards).backend],
    output:
        record="results/{study}/loading/records/{point}/b{block}.json",
    log:
        "logs/{study}/loading/measure_loading_{point}_b{block}.log",
    priority: get_priority
    conda:
        "../../envs/scalecard.yaml"
    threads: lambda wildcards: get_loading_point(wildcards).cores_here
    resources:
        machine=MACHINE,
        mem_mb=get_loading_memory,
        runtime=get_runtime("loading", unknown=60),
        attempt=get_attempt,
        dask=lambda wildcards: int(get_loading_point(wildcards).elsewhere),
    params:
        spec=lambda wildcards: canonical(
            study=STUDY.study,
            seed=STUDY.seed,
            point=get_loading_point(wildcards),
            decode=get_decode(),
            augment=get_load_augmentation(),
            passes=STUDY.loading.passes,
            window_seconds=STUDY.loading.window_seconds,
            remote=get_remote_limits(wildcards),
            own=get_own(wildcards),
            lock=get_lock(wildcards),
        ),
        folder=get_loading_folder,
        address=get_dask_address,
        own_file=get_own_file,
        again=get_again,
    # Snakemake sets these to the threads of the rule: a step that calls BLAS would run workers x workers threads.
    shell:
        "OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 python -m scripts.loading.measuring.measure_loading --folder {params.folder:q} --split {input.split:q} "
        "--reference {input.reference:q} --decoded {input.decoded:q} --block {wildcards.block} --attempt {resources.attempt} "
        "--own-file {params.own_file:q} {params.address} --again {params.again} --record {output.record:q} --spec {params.spec:q} 2> {log:q}"


rule trace_dask:
    input:
        split=get_split(),
        training=get_training_images(),
        code=code("scripts.loading.measuring.trace_dask", *get_step_modules()),
    output:
        graph="results/{study}/loading/dask_graph.json",
        report=report(
            "results/{study}/loading/dask_report.html",
            category="Loading",
            caption="../report/dask_report.rst",
        ),
    log:
        "logs/{study}/loading/trace_dask.log",
    conda:
        "../../envs/scalecard.yaml"
    threads: get_traced_workers()
    resources:
        mem_mb=lambda wildcards, attempt: attempt * (2000 + 700 * get_traced_workers()),
    params:
        spec=canonical(
            decode=get_decode(),
            workers=get_traced_workers(),
            chunk=STUDY.loading.chunks[0],
            seed=STUDY.seed,
        ),
        folder=get_raw_folder,
    shell:
        "python -m scripts.loading.measuring.trace_dask --folder {params.folder:q} --split {input.split:q} "
        "--graph {output.graph:q} --report {output.report:q} --spec {params.spec:q} 2> {log:q}"

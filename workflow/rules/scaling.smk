"""From records to tables: one row a point, with speedup, interval, efficiency, validity and reason; and one row a record,
with what Slurm's accounting says of its job. Then which way of loading is the fastest, and which feeds the trainer.

Requires the records of the loading and training stages. Steps: tabulate_loading, tabulate_training (tabulate_external
where `scaling.external` names a table), answer_loading, tabulate_profiles and tabulate_pop (where `training.profile` asks
for profiles), tabulate_jobs. What follows from the training table is in scaling_answers.smk.
"""

LOADING_RECORDS = kept(
    expand(
        "results/{{study}}/loading/records/{point}/b{block}.json",
        point=LOADING_POINTS,
        block=get_blocks(STUDY.loading.blocks),
    )
)
TRAINING_RECORDS = kept(
    [
        f"results/{{study}}/training/records/{point}/b{block}.json"
        for point, count in TRAINING_BLOCKS.items()
        for block in get_blocks(count)
    ]
)
PROFILES = kept(
    expand(
        "results/{{study}}/training/profiles/{point}/b{block}.json",
        point=TRAINING_BLOCKS,
        block=get_blocks(STUDY.training.profile_blocks),
    )
)
PROFILED_POINTS = [
    {"point": name, "baseline": point.baseline(STUDY.scaling.baseline), "images": point.global_batch}
    for name, point in TRAINING_POINTS.items()
    if name in TRAINING_BLOCKS
]


rule tabulate_loading:
    input:
        records=LOADING_RECORDS,
        code=code("scripts.scaling.tables.tabulate_loading"),
    output:
        csv=report("results/{study}/scaling/loading.csv", category="Loading", caption="../report/loading.rst"),
        parquet="results/{study}/scaling/loading.parquet",
    log:
        "logs/{study}/scaling/tabulate_loading.log",
    conda:
        "../../envs/scalecard.yaml"
    params:
        spec=lambda wildcards: canonical(
            points=list(LOADING_POINTS),
            confidence=STUDY.scaling.confidence,
            families=get_families(),
            prices=STUDY.scaling.prices,
        ),
    shell:
        "python -m scripts.scaling.tables.tabulate_loading --records {input.records:q} --csv {output.csv:q} "
        "--parquet {output.parquet:q} --spec {params.spec:q} 2> {log:q}"


rule tabulate_training:
    input:
        records=TRAINING_RECORDS,
        code=code("scripts.scaling.tables.tabulate_training"),
    output:
        csv=report(
            "results/{study}/scaling/training.csv", category="Training", caption="../report/training.rst"
        ),
        parquet="results/{study}/scaling/training.parquet",
    log:
        "logs/{study}/scaling/tabulate_training.log",
    conda:
        "../../envs/scalecard.yaml"
    params:
        spec=lambda wildcards: canonical(
            points=list(TRAINING_BLOCKS), scaling=get_table_settings() | {"prices": STUDY.scaling.prices}
        ),
    shell:
        "python -m scripts.scaling.tables.tabulate_training --records {input.records:q} --csv {output.csv:q} "
        "--parquet {output.parquet:q} --spec {params.spec:q} 2> {log:q}"


rule tabulate_external:
    input:
        table=STUDY.scaling.external or [],
        code=code("scripts.scaling.tables.tabulate_external"),
    output:
        csv=report(
            "results/{study}/scaling/external.csv", category="Training", caption="../report/external.rst"
        ),
        parquet="results/{study}/scaling/external.parquet",
    log:
        "logs/{study}/scaling/tabulate_external.log",
    conda:
        "../../envs/scalecard.yaml"
    params:
        spec=lambda wildcards: canonical(confidence=STUDY.scaling.confidence, prices=STUDY.scaling.prices),
    shell:
        "python -m scripts.scaling.tables.tabulate_external --table {input.table:q} --csv {output.csv:q} "
        "--parquet {output.parquet:q} --spec {params.spec:q} 2> {log:q}"


# What the laws, the recommendation and the claims are about: this study's trainings, or somebody else's.
JUDGED = rules.tabulate_external if STUDY.scaling.external else rules.tabulate_training
# The tables that runs are compared by.
COMPARED = [Path(JUDGED.output.parquet).stem, *([] if ALONE else ["loading"])]


rule answer_loading:
    input:
        loading=rules.tabulate_loading.input.records,
        training=TRAINING_RECORDS if is_trainer_asked() else [],
        code=code("scripts.scaling.answers.answer_loading"),
    output:
        answer="results/{study}/scaling/loading.json",
    log:
        "logs/{study}/scaling/answer_loading.log",
    conda:
        "../../envs/scalecard.yaml"
    params:
        spec=canonical(
            loading=list(LOADING_POINTS),
            training=list(TRAINING_BLOCKS) if is_trainer_asked() else [],
            scaling=get_table_settings(),
            needed_images_per_second=STUDY.loading.needed_images_per_second,
            skipped=STUDY.loading.skipped(),
        ),
    shell:
        "python -m scripts.scaling.answers.answer_loading --loading {input.loading:q} --training {input.training:q} "
        "--answer {output.answer:q} --spec {params.spec:q} 2> {log:q}"


rule tabulate_profiles:
    input:
        profiles=PROFILES,
        code=code("scripts.scaling.profiles.tabulate_profiles"),
    output:
        csv=report(
            "results/{study}/scaling/profiles.csv", category="Training", caption="../report/profiles.rst"
        ),
        parquet="results/{study}/scaling/profiles.parquet",
    log:
        "logs/{study}/scaling/tabulate_profiles.log",
    conda:
        "../../envs/scalecard.yaml"
    params:
        spec=canonical(points=PROFILED_POINTS),
    shell:
        "python -m scripts.scaling.profiles.tabulate_profiles --profiles {input.profiles:q} --csv {output.csv:q} "
        "--parquet {output.parquet:q} --spec {params.spec:q} 2> {log:q}"


rule tabulate_pop:
    input:
        profiles=PROFILES,
        code=code("scripts.scaling.profiles.tabulate_pop"),
    output:
        csv=report("results/{study}/scaling/pop.csv", category="Training", caption="../report/pop.rst"),
        parquet="results/{study}/scaling/pop.parquet",
    log:
        "logs/{study}/scaling/tabulate_pop.log",
    conda:
        "../../envs/scalecard.yaml"
    params:
        spec=canonical(points=PROFILED_POINTS, confidence=STUDY.scaling.confidence),
    shell:
        "python -m scripts.scaling.profiles.tabulate_pop --profiles {input.profiles:q} --csv {output.csv:q} "
        "--parquet {output.parquet:q} --spec {params.spec:q} 2> {log:q}"


rule tabulate_jobs:
    input:
        records=[*TRAINING_RECORDS, *rules.tabulate_loading.input.records],
        code=code("scripts.scaling.tables.tabulate_jobs"),
    output:
        csv=report("results/{study}/scaling/jobs.csv", category="Jobs", caption="../report/jobs.rst"),
        parquet="results/{study}/scaling/jobs.parquet",
    log:
        "logs/{study}/scaling/tabulate_jobs.log",
    # Where Snakemake itself runs, jobs can be submitted, so sacct is there; compute nodes may not reach it.
    localrule: True
    conda:
        "../../envs/scalecard.yaml"
    shell:
        "python -m scripts.scaling.tables.tabulate_jobs --records {input.records:q} --csv {output.csv:q} "
        "--parquet {output.parquet:q} 2> {log:q}"

"""From records to tables: one row a point, with speedup, interval, efficiency, validity and reason; and one row a record,
with what Slurm's accounting says of its job. Then which way of loading is the fastest, and which feeds the trainer.

Requires the records of the loading and training stages. Steps: tabulate_loading, tabulate_training, answer_loading,
tabulate_profiles (where `training.profile` asks for profiles), tabulate_jobs.
"""


rule tabulate_loading:
    input:
        records=expand(
            "results/{{study}}/loading/records/{point}/b{block}.json",
            point=LOADING_POINTS,
            block=get_blocks(STUDY.loading.blocks),
        ),
        code=code("scripts.scaling.tabulate_loading"),
    output:
        csv=report("results/{study}/scaling/loading.csv", category="Loading", caption="../report/loading.rst"),
        parquet="results/{study}/scaling/loading.parquet",
    log:
        "logs/{study}/scaling/tabulate_loading.log",
    conda:
        "../../envs/scalecard.yaml"
    params:
        spec=canonical(points=list(LOADING_POINTS), confidence=STUDY.scaling.confidence),
    shell:
        "python -m scripts.scaling.tabulate_loading --records {input.records:q} --csv {output.csv:q} "
        "--parquet {output.parquet:q} --spec {params.spec:q} 2> {log:q}"


rule tabulate_training:
    input:
        records=expand(
            "results/{{study}}/training/records/{point}/b{block}.json",
            point=TRAINING_POINTS,
            block=get_blocks(STUDY.training.blocks),
        ),
        code=code("scripts.scaling.tabulate_training"),
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
        spec=canonical(points=list(TRAINING_POINTS), scaling=STUDY.scaling),
    shell:
        "python -m scripts.scaling.tabulate_training --records {input.records:q} --csv {output.csv:q} "
        "--parquet {output.parquet:q} --spec {params.spec:q} 2> {log:q}"


rule answer_loading:
    input:
        loading=rules.tabulate_loading.input.records,
        training=rules.tabulate_training.input.records if is_trainer_asked() else [],
        code=code("scripts.scaling.answer_loading"),
    output:
        answer="results/{study}/scaling/loading.json",
    log:
        "logs/{study}/scaling/answer_loading.log",
    conda:
        "../../envs/scalecard.yaml"
    params:
        spec=canonical(
            loading=list(LOADING_POINTS),
            training=list(TRAINING_POINTS) if is_trainer_asked() else [],
            scaling=STUDY.scaling,
            needed_images_per_second=STUDY.loading.needed_images_per_second,
            skipped=skipped_backends(STUDY.loading),
        ),
    shell:
        "python -m scripts.scaling.answer_loading --loading {input.loading:q} --training {input.training:q} "
        "--answer {output.answer:q} --spec {params.spec:q} 2> {log:q}"


rule tabulate_profiles:
    input:
        profiles=expand("results/{{study}}/training/profiles/{point}.json", point=TRAINING_POINTS),
        code=code("scripts.scaling.tabulate_profiles"),
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
        spec=canonical(
            points=[
                {
                    "point": name,
                    "baseline": point.baseline(STUDY.scaling.baseline),
                    "images": point.global_batch,
                }
                for name, point in TRAINING_POINTS.items()
            ]
        ),
    shell:
        "python -m scripts.scaling.tabulate_profiles --profiles {input.profiles:q} --csv {output.csv:q} "
        "--parquet {output.parquet:q} --spec {params.spec:q} 2> {log:q}"


rule tabulate_jobs:
    input:
        records=[*rules.tabulate_training.input.records, *rules.tabulate_loading.input.records],
        code=code("scripts.scaling.tabulate_jobs"),
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
        "python -m scripts.scaling.tabulate_jobs --records {input.records:q} --csv {output.csv:q} "
        "--parquet {output.parquet:q} 2> {log:q}"

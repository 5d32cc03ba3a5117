"""From records to tables: one row a point, with speedup, interval, efficiency, validity and reason; and one row a record,
with what Slurm's accounting says of its job. Then which way of loading is the fastest, and which feeds the trainer; which
law each way to train follows, how many workers to ask for, and which sentences one may quote.

Requires the records of the loading and training stages. Steps: tabulate_loading, tabulate_training (tabulate_external
where `scaling.external` names a table), answer_loading, tabulate_profiles (where `training.profile` asks for profiles), tabulate_strategies,
fit_laws, recommend, judge_claims, tabulate_jobs; and of targets of their own, make_plan (`plan`) and compare.
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


TRAINING_RECORDS = [
    f"results/{{study}}/training/records/{point}/b{block}.json"
    for point, count in TRAINING_BLOCKS.items()
    for block in get_blocks(count)
]


rule tabulate_training:
    input:
        records=TRAINING_RECORDS,
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
        spec=lambda wildcards: canonical(
            points=list(TRAINING_BLOCKS), scaling=get_table_settings() | {"prices": STUDY.scaling.prices}
        ),
    shell:
        "python -m scripts.scaling.tabulate_training --records {input.records:q} --csv {output.csv:q} "
        "--parquet {output.parquet:q} --spec {params.spec:q} 2> {log:q}"


rule tabulate_external:
    input:
        table=STUDY.scaling.external or [],
        code=code("scripts.scaling.tabulate_external"),
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
        "python -m scripts.scaling.tabulate_external --table {input.table:q} --csv {output.csv:q} "
        "--parquet {output.parquet:q} --spec {params.spec:q} 2> {log:q}"


# What the laws, the recommendation and the claims are about: this study's trainings, or somebody else's.
JUDGED = rules.tabulate_external if STUDY.scaling.external else rules.tabulate_training


rule answer_loading:
    input:
        loading=rules.tabulate_loading.input.records,
        training=TRAINING_RECORDS if is_trainer_asked() else [],
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
            training=list(TRAINING_BLOCKS) if is_trainer_asked() else [],
            scaling=get_table_settings(),
            needed_images_per_second=STUDY.loading.needed_images_per_second,
            skipped=skipped_backends(STUDY.loading),
        ),
    shell:
        "python -m scripts.scaling.answer_loading --loading {input.loading:q} --training {input.training:q} "
        "--answer {output.answer:q} --spec {params.spec:q} 2> {log:q}"


rule tabulate_profiles:
    input:
        profiles=expand("results/{{study}}/training/profiles/{point}.json", point=TRAINING_BLOCKS),
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
                if name in TRAINING_BLOCKS
            ]
        ),
    shell:
        "python -m scripts.scaling.tabulate_profiles --profiles {input.profiles:q} --csv {output.csv:q} "
        "--parquet {output.parquet:q} --spec {params.spec:q} 2> {log:q}"


# From here on a rule takes a second and one small table: a job of its own would wait longer in a queue.
rule tabulate_strategies:
    input:
        training=JUDGED.output.parquet,
        code=code("scripts.scaling.tabulate_strategies"),
    output:
        csv=report(
            "results/{study}/scaling/strategies.csv", category="Training", caption="../report/strategies.rst"
        ),
        parquet="results/{study}/scaling/strategies.parquet",
    log:
        "logs/{study}/scaling/tabulate_strategies.log",
    localrule: True
    conda:
        "../../envs/scalecard.yaml"
    params:
        spec=canonical(confidence=STUDY.scaling.confidence),
    shell:
        "python -m scripts.scaling.tabulate_strategies --training {input.training:q} --csv {output.csv:q} "
        "--parquet {output.parquet:q} --spec {params.spec:q} 2> {log:q}"


rule fit_laws:
    input:
        training=JUDGED.output.parquet,
        profiles=(
            rules.tabulate_profiles.output.parquet
            if STUDY.training.profile and not STUDY.scaling.external
            else []
        ),
        code=code("scripts.scaling.fit_laws"),
    output:
        laws="results/{study}/scaling/laws.json",
    log:
        "logs/{study}/scaling/fit_laws.log",
    localrule: True
    conda:
        "../../envs/scalecard.yaml"
    params:
        spec=canonical(confidence=STUDY.scaling.confidence),
    shell:
        "python -m scripts.scaling.fit_laws --training {input.training:q} --profiles {input.profiles:q} "
        "--laws {output.laws:q} --spec {params.spec:q} 2> {log:q}"


rule recommend:
    input:
        training=JUDGED.output.parquet,
        code=code("scripts.scaling.recommend"),
    output:
        recommendation="results/{study}/scaling/recommendation.json",
    log:
        "logs/{study}/scaling/recommend.log",
    localrule: True
    conda:
        "../../envs/scalecard.yaml"
    params:
        spec=lambda wildcards: canonical(
            confidence=STUDY.scaling.confidence,
            tolerance=STUDY.scaling.tolerance,
            marginal_efficiency=STUDY.scaling.marginal_efficiency,
            deadline_seconds=STUDY.scaling.deadline_seconds,
            currency=STUDY.scaling.prices.currency,
        ),
    shell:
        "python -m scripts.scaling.recommend --training {input.training:q} "
        "--recommendation {output.recommendation:q} --spec {params.spec:q} 2> {log:q}"


rule judge_claims:
    input:
        training=JUDGED.output.parquet,
        code=code("scripts.scaling.judge_claims"),
    output:
        claims="results/{study}/scaling/claims.json",
    log:
        "logs/{study}/scaling/judge_claims.log",
    localrule: True
    conda:
        "../../envs/scalecard.yaml"
    params:
        spec=lambda wildcards: canonical(confidence=STUDY.scaling.confidence, claims=STUDY.scaling.claims),
    shell:
        "python -m scripts.scaling.judge_claims --training {input.training:q} --claims {output.claims:q} "
        "--spec {params.spec:q} 2> {log:q}"


rule tabulate_jobs:
    input:
        records=[*TRAINING_RECORDS, *rules.tabulate_loading.input.records],
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


rule confirm_recommendation:
    input:
        recommendation="results/{study}/scaling/recommendation.json",
        records=get_fresh_records,
        code=code("scripts.scaling.confirm"),
    output:
        confirmation="results/{study}/scaling/confirmation.json",
    log:
        "logs/{study}/scaling/confirm_recommendation.log",
    localrule: True
    conda:
        "../../envs/scalecard.yaml"
    params:
        spec=canonical(confidence=STUDY.scaling.confidence, tolerance=STUDY.scaling.tolerance),
    shell:
        "python -m scripts.scaling.confirm --recommendation {input.recommendation:q} --records {input.records:q} "
        "--confirmation {output.confirmation:q} --spec {params.spec:q} 2>&1 | tee {log:q}"


localrules:
    confirm,


rule confirm:
    input:
        expand(rules.confirm_recommendation.output.confirmation, study=STUDY.study),


rule decide_pass:
    input:
        training="results/{study}/scaling/training.parquet",
        recommendation="results/{study}/scaling/recommendation.json",
        code=code("scripts.scaling.decide_pass"),
    output:
        next_pass="results/{study}/scaling/next_pass.json",
    log:
        "logs/{study}/scaling/decide_pass.log",
    localrule: True
    conda:
        "../../envs/scalecard.yaml"
    params:
        spec=canonical(
            points=TRAINING_POINTS,
            blocks=TRAINING_BLOCKS,
            first_blocks=STUDY.training.blocks,
            most_blocks=STUDY.scaling.adaptive.most_blocks,
            core_hours=STUDY.scaling.adaptive.core_hours,
        ),
    shell:
        "python -m scripts.scaling.decide_pass --training {input.training:q} "
        "--recommendation {input.recommendation:q} --next-pass {output.next_pass:q} --spec {params.spec:q} 2> {log:q}"


localrules:
    next_pass,


rule next_pass:
    input:
        get_next_pass,


rule make_plan:
    input:
        training=JUDGED.output.parquet,
        code=code("scripts.scaling.make_plan"),
    output:
        plan="results/{study}/scaling/plan.json",
        csv=report("results/{study}/scaling/plan.csv", category="Plan", caption="../report/plan.rst"),
    log:
        "logs/{study}/scaling/make_plan.log",
    conda:
        "../../envs/scalecard.yaml"
    params:
        spec=lambda wildcards: canonical(
            confidence=STUDY.scaling.confidence,
            currency=STUDY.scaling.prices.currency,
            **STUDY.plan.model_dump(mode="json"),
        ),
    shell:
        "python -m scripts.scaling.make_plan --training {input.training:q} --plan {output.plan:q} "
        "--csv {output.csv:q} --spec {params.spec:q} 2> {log:q}"


rule compare:
    input:
        before=expand(
            f"{STUDY.scaling.compare_with or 'scaling.compare_with'}/scaling/{{table}}.parquet",
            table=["training", "loading"],
        ),
        after=expand(
            "results/{study}/scaling/{table}.parquet", study=STUDY.study, table=["training", "loading"]
        ),
        code=code("scripts.scaling.compare"),
    output:
        csv=f"results/{STUDY.study}/scaling/comparison.csv",
    log:
        f"logs/{STUDY.study}/scaling/compare.log",
    conda:
        "../../envs/scalecard.yaml"
    params:
        spec=canonical(confidence=STUDY.scaling.confidence),
    shell:
        'python -m scripts.scaling.compare --before "$(dirname {input.before[0]:q})" '
        '--after "$(dirname {input.after[0]:q})" --csv {output.csv:q} --spec {params.spec:q} 2>&1 | tee {log:q}'

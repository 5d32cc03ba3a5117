"""What the training table answers: the best at equal cores, laws, how many workers to ask for, what one may quote.

Requires the training table, of this study or from outside. Steps: tabulate_strategies, fit_laws, recommend, judge_claims.
Targets of their own: `confirm` measures the recommendation again, `next_pass` decides what an adaptive study still needs,
`plan` schedules further trainings, `compare` looks at earlier runs.
"""


# From here on a rule takes a second and one small table: a job of its own would wait longer in a queue.
rule tabulate_strategies:
    input:
        training=JUDGED.output.parquet,
        code=code("scripts.scaling.tables.tabulate_strategies"),
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
    shell:
        "python -m scripts.scaling.tables.tabulate_strategies --training {input.training:q} --csv {output.csv:q} "
        "--parquet {output.parquet:q} 2> {log:q}"


rule fit_laws:
    input:
        training=JUDGED.output.parquet,
        profiles=rules.tabulate_profiles.output.parquet if PROFILED else [],
        code=code("scripts.scaling.laws.fit_laws"),
    output:
        laws="results/{study}/scaling/laws.json",
    log:
        "logs/{study}/scaling/fit_laws.log",
    localrule: True
    conda:
        "../../envs/scalecard.yaml"
    params:
        spec=canonical(
            confidence=STUDY.scaling.confidence,
            workers_per_node=None if STUDY.scaling.external else STUDY.training.workers_per_node,
        ),
    shell:
        "python -m scripts.scaling.laws.fit_laws --training {input.training:q} --profiles {input.profiles:q} "
        "--laws {output.laws:q} --spec {params.spec:q} 2> {log:q}"


rule recommend:
    input:
        training=JUDGED.output.parquet,
        code=code("scripts.scaling.answers.recommend"),
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
            command=STUDY.training.program and STUDY.training.program.command,
        ),
    shell:
        "python -m scripts.scaling.answers.recommend --training {input.training:q} "
        "--recommendation {output.recommendation:q} --spec {params.spec:q} 2> {log:q}"


rule judge_claims:
    input:
        training=JUDGED.output.parquet,
        laws=rules.fit_laws.output.laws,
        recommendation=rules.recommend.output.recommendation,
        loading=[] if ALONE else rules.tabulate_loading.output.parquet,
        answer=[] if ALONE else rules.answer_loading.output.answer,
        confirmation=get_confirmation,
        code=code("scripts.scaling.claims.judge_claims"),
    output:
        claims="results/{study}/scaling/claims.json",
        csv=report("results/{study}/scaling/claims.csv", category="Answer", caption="../report/claims.rst"),
    log:
        "logs/{study}/scaling/judge_claims.log",
    localrule: True
    conda:
        "../../envs/scalecard.yaml"
    params:
        spec=lambda wildcards: canonical(claims=STUDY.scaling.claims),
    shell:
        "python -m scripts.scaling.claims.judge_claims --training {input.training:q} --laws {input.laws:q} "
        "--recommendation {input.recommendation:q} --loading {input.loading:q} --answer {input.answer:q} "
        "--confirmation {input.confirmation:q} --claims {output.claims:q} --csv {output.csv:q} "
        "--spec {params.spec:q} 2> {log:q}"


rule confirm_recommendation:
    input:
        recommendation="results/{study}/scaling/recommendation.json",
        records=get_fresh_records,
        code=code("scripts.scaling.answers.confirm"),
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
        "python -m scripts.scaling.answers.confirm --recommendation {input.recommendation:q} --records {input.records:q} "
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
        code=code("scripts.scaling.answers.decide_pass"),
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
            minutes=STUDY.scaling.adaptive.minutes,
        ),
    shell:
        "python -m scripts.scaling.answers.decide_pass --training {input.training:q} "
        "--recommendation {input.recommendation:q} --next-pass {output.next_pass:q} --spec {params.spec:q} 2> {log:q}"


localrules:
    next_pass,


rule next_pass:
    input:
        get_next_pass,


rule make_plan:
    input:
        training=JUDGED.output.parquet,
        code=code("scripts.scaling.plan.make_plan"),
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
        "python -m scripts.scaling.plan.make_plan --training {input.training:q} --plan {output.plan:q} "
        "--csv {output.csv:q} --spec {params.spec:q} 2> {log:q}"


rule compare_runs:
    input:
        before=get_earlier_tables,
        after=expand("results/{{study}}/scaling/{table}.parquet", table=COMPARED),
        code=code("scripts.scaling.history.compare_runs"),
    output:
        history="results/{study}/scaling/history.json",
        csv=report(
            "results/{study}/scaling/comparison.csv", category="History", caption="../report/comparison.rst"
        ),
    log:
        "logs/{study}/scaling/compare_runs.log",
    localrule: True
    conda:
        "../../envs/scalecard.yaml"
    params:
        # Inputs as well; here their order is tracked.
        runs=STUDY.scaling.earlier_runs,
        tables=COMPARED,
        # A function, since Snakemake would take braces in names for wildcards.
        spec=lambda wildcards: canonical(
            confidence=STUDY.scaling.confidence,
            claims=[[claim.point, claim.against] for claim in STUDY.scaling.claims],
            under_test=STUDY.scaling.under_test,
        ),
    shell:
        "python -m scripts.scaling.history.compare_runs --runs {params.runs:q} results/{wildcards.study} "
        "--tables {params.tables} --history {output.history:q} --csv {output.csv:q} --spec {params.spec:q} 2> {log:q}"

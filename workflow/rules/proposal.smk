"""The scaling section of an application for computing time (`proposal`), a target of its own.

Requires the answers of the scaling stage, and the plan where the trainings are those of `plan.jobs`. Steps: make_proposal,
which writes a PDF and a docx too where latexmk and pandoc are installed.
"""


rule make_proposal:
    input:
        training=JUDGED.output.parquet,
        recommendation="results/{study}/scaling/recommendation.json",
        claims="results/{study}/scaling/claims.json",
        confirmation=get_confirmation,
        plan=rules.make_plan.output.plan if is_plan_requested() else [],
        split=[] if ALONE else "results/{study}/images/split.parquet",
        records=[] if STUDY.scaling.external else TRAINING_RECORDS,
        centre=get_centre(),
        templates=get_proposal_templates(),
        code=code("scripts.report.proposal.make_proposal"),
    output:
        markdown="results/{study}/proposal/proposal.md",
        latex="results/{study}/proposal/proposal.tex",
    log:
        "logs/{study}/report/make_proposal.log",
    localrule: True
    conda:
        "../../envs/scalecard.yaml"
    params:
        spec=lambda wildcards: canonical(
            study=STUDY.study, trainings=STUDY.proposal.trainings, reserve=STUDY.proposal.reserve
        ),
    shell:
        "python -m scripts.report.proposal.make_proposal --training {input.training:q} "
        "--recommendation {input.recommendation:q} --claims {input.claims:q} --confirmation {input.confirmation:q} "
        "--plan {input.plan:q} --split {input.split:q} --records {input.records:q} --centre {input.centre:q} "
        '--folder "$(dirname {output.markdown:q})" --spec {params.spec:q} 2>&1 | tee {log:q}'


localrules:
    proposal,


rule proposal:
    input:
        expand(rules.make_proposal.output.markdown, study=STUDY.study),

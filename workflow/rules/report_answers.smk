"""What a person reads beside the page of a study: that of trainings alone, from outside or of a script of the user's own,
the figures of a plan (`plan`), and those of earlier runs (`compare`).

Requires the answers of the scaling stage. Steps: draw_trainings, render_trainings; draw_plan; draw_history.
"""

HISTORY_FIGURES = ["ratios", "rates", "machines_training", "machines_loading"]


rule draw_trainings:
    input:
        training=JUDGED.output.parquet,
        laws="results/{study}/scaling/laws.json",
        recommendation="results/{study}/scaling/recommendation.json",
        code=code("scripts.report.figures.draw_trainings"),
    output:
        answer=report(
            "results/{study}/report/trainings/answer.svg",
            category="Training",
            caption="../report/answer.rst",
        ),
        speedup=report(
            "results/{study}/report/trainings/speedup.svg",
            category="Training",
            caption="../report/speedup.rst",
        ),
        efficiency=report(
            "results/{study}/report/trainings/efficiency.svg",
            category="Training",
            caption="../report/efficiency.rst",
        ),
        laws=report(
            "results/{study}/report/trainings/laws.svg",
            category="Training",
            caption="../report/laws.rst",
        ),
        costs=report(
            "results/{study}/report/trainings/costs.svg",
            category="Training",
            caption="../report/costs.rst",
        ),
        more=expand(
            "results/{{study}}/report/trainings/{figure}.{kind}",
            figure=["answer", "speedup", "efficiency", "costs", "laws"],
            kind=["png", "csv"],
        ),
    log:
        "logs/{study}/report/draw_trainings.log",
    conda:
        "../../envs/scalecard.yaml"
    shell:
        "python -m scripts.report.figures.draw_trainings --training {input.training:q} --laws {input.laws:q} "
        "--recommendation {input.recommendation:q} --folder results/{wildcards.study}/report/trainings 2> {log:q}"


rule render_trainings:
    input:
        training=JUDGED.output.parquet,
        strategies="results/{study}/scaling/strategies.parquet",
        laws="results/{study}/scaling/laws.json",
        recommendation="results/{study}/scaling/recommendation.json",
        claims="results/{study}/scaling/claims.json",
        confirmation=get_confirmation,
        plan=get_plan,
        figures=[
            rules.draw_trainings.output.answer,
            rules.draw_trainings.output.speedup,
            rules.draw_trainings.output.efficiency,
            rules.draw_trainings.output.costs,
            rules.draw_trainings.output.laws,
        ],
        tables=[path for path in rules.draw_trainings.output.more if path.endswith(".csv")],
        template=get_template("trainings.html.jinja"),
        extends=get_page_parts(),
        code=code("scripts.report.page.render_trainings"),
    output:
        page="results/{study}/report/trainings.html",
    log:
        "logs/{study}/report/render_trainings.log",
    conda:
        "../../envs/scalecard.yaml"
    params:
        # A function, since Snakemake would take braces in names for wildcards.
        spec=lambda wildcards: canonical(
            study=STUDY.study,
            table=STUDY.scaling.external and Path(STUDY.scaling.external).name,
            program=STUDY.training.program and get_shown_config()["training"],
            scaling=get_shown_config()["scaling"],
        ),
    shell:
        "python -m scripts.report.page.render_trainings --training {input.training:q} --strategies {input.strategies:q} "
        "--laws {input.laws:q} "
        "--recommendation {input.recommendation:q} --claims {input.claims:q} --confirmation {input.confirmation:q} --plan {input.plan:q} "
        "--figures {input.figures:q} {input.tables:q} "
        "--template {input.template:q} --page {output.page:q} --spec {params.spec:q} 2> {log:q}"


rule draw_plan:
    input:
        plan=rules.make_plan.output.plan,
        code=code("scripts.report.figures.draw_plan"),
    output:
        gantt=report("results/{study}/report/plan/gantt.svg", category="Plan", caption="../report/gantt.rst"),
        pareto=report(
            "results/{study}/report/plan/pareto.svg", category="Plan", caption="../report/pareto.rst"
        ),
        more=expand(
            "results/{{study}}/report/plan/{figure}.{kind}", figure=["gantt", "pareto"], kind=["png", "csv"]
        ),
    log:
        "logs/{study}/report/draw_plan.log",
    conda:
        "../../envs/scalecard.yaml"
    shell:
        "python -m scripts.report.figures.draw_plan --plan {input.plan:q} "
        "--folder results/{wildcards.study}/report/plan 2> {log:q}"


localrules:
    plan,


rule plan:
    input:
        figures=expand([rules.draw_plan.output.gantt, rules.draw_plan.output.pareto], study=STUDY.study),
        plan=expand(rules.make_plan.output.plan, study=STUDY.study),
    log:
        f"logs/{STUDY.study}/scaling/plan.log",
    conda:
        "../../envs/scalecard.yaml"
    shell:
        "python -m scripts.scaling.plan.say_plan {input.plan:q} 2>&1 | tee {log:q}"


rule draw_history:
    input:
        history=rules.compare_runs.output.history,
        code=code("scripts.report.figures.draw_history"),
    output:
        figures=report(
            expand("results/{{study}}/report/history/{figure}.svg", figure=HISTORY_FIGURES),
            category="History",
            caption="../report/history.rst",
        ),
        more=expand(
            "results/{{study}}/report/history/{figure}.{kind}",
            figure=HISTORY_FIGURES,
            kind=["png", "csv"],
        ),
    log:
        "logs/{study}/report/draw_history.log",
    localrule: True
    conda:
        "../../envs/scalecard.yaml"
    shell:
        "python -m scripts.report.figures.draw_history --history {input.history:q} "
        "--folder results/{wildcards.study}/report/history 2> {log:q}"


localrules:
    compare,


# It has no output: where it fails, tables and figures stand.
rule compare:
    input:
        figures=expand(rules.draw_history.output.figures, study=STUDY.study),
        history=expand(rules.compare_runs.output.history, study=STUDY.study),
    log:
        f"logs/{STUDY.study}/scaling/compare.log",
    conda:
        "../../envs/scalecard.yaml"
    params:
        fail="--fail" if STUDY.scaling.fail_on_regression else "",
    shell:
        "python -m scripts.scaling.history.say_changes {input.history:q} {params.fail} 2>&1 | tee {log:q}"

"""From tables and records to what a person reads: figures, a contact sheet, and the page that joins them. Requires the
split images, all records and the scaling tables; the target `preview` draws what the steps do to a few images.
"""


rule contact_sheet:
    input:
        shards=expand("results/{{study}}/images/shards/{shard}.npy", shard=SHARDS),
        split="results/{study}/images/split.parquet",
        code=code("scripts.report.pictures.contact_sheet"),
    output:
        sheet=report(
            "results/{study}/report/contact_sheet.jpg",
            category="Images",
            caption="../report/contact_sheet.rst",
        ),
        more=[
            f"results/{{study}}/report/contact_sheets/{number:02d}.jpg"
            for number in range(1, shown.sheets(len(SUMMARY.classes)))
        ],
    log:
        "logs/{study}/report/contact_sheet.log",
    conda:
        "../../envs/scalecard.yaml"
    shell:
        "python -m scripts.report.pictures.contact_sheet --shards results/{wildcards.study}/images/shards "
        "--split {input.split:q} --sheets {output.sheet:q} {output.more:q} 2> {log:q}"


rule draw_preview:
    input:
        raw=get_previewed(),
        code=code("scripts.report.pictures.draw_preview", *get_step_modules()),
    output:
        sheets=report(
            [f"results/{{study}}/report/preview/{number:02d}.png" for number in range(len(PREVIEWED))],
            category="Images",
            caption="../report/preview.rst",
        ),
    log:
        "logs/{study}/report/draw_preview.log",
    conda:
        "../../envs/scalecard.yaml"
    params:
        # A function, since Snakemake would take braces in names for wildcards.
        spec=lambda wildcards: canonical(
            decode=get_decode(),
            limits=STUDY.images.limits,
            classes=[
                {"name": os.fsencode(name).decode("utf-8", "backslashreplace"), "paths": paths}
                for name, paths in PREVIEWED.items()
            ],
        ),
        folder=get_raw_folder,
    shell:
        "python -m scripts.report.pictures.draw_preview --folder {params.folder:q} --sheets {output.sheets:q} "
        "--spec {params.spec:q} 2> {log:q}"


FIGURES = [
    "answer",
    "speedup",
    "efficiency",
    "costs",
    "laws",
    "learning",
    "target",
    "usage",
    "loading",
    "loading_curves",
    "loading_phases",
]


rule draw_figures:
    input:
        training="results/{study}/scaling/training.parquet",
        loading="results/{study}/scaling/loading.parquet",
        laws="results/{study}/scaling/laws.json",
        recommendation="results/{study}/scaling/recommendation.json",
        loading_records=rules.tabulate_loading.input.records,
        training_records=TRAINING_RECORDS,
        usage=expand("results/{{study}}/training/records/{point}/b1.usage.csv", point=TRAINING_BLOCKS),
        code=code("scripts.report.figures.draw_figures"),
    output:
        answer=report(
            "results/{study}/report/figures/answer.svg",
            category="Training",
            caption="../report/answer.rst",
        ),
        speedup=report(
            "results/{study}/report/figures/speedup.svg",
            category="Training",
            caption="../report/speedup.rst",
        ),
        efficiency=report(
            "results/{study}/report/figures/efficiency.svg",
            category="Training",
            caption="../report/efficiency.rst",
        ),
        laws=report(
            "results/{study}/report/figures/laws.svg",
            category="Training",
            caption="../report/laws.rst",
        ),
        costs=report(
            "results/{study}/report/figures/costs.svg",
            category="Training",
            caption="../report/costs.rst",
        ),
        learning=report(
            "results/{study}/report/figures/learning.svg",
            category="Training",
            caption="../report/learning.rst",
        ),
        target=report(
            "results/{study}/report/figures/target.svg",
            category="Training",
            caption="../report/target.rst",
        ),
        usage=report(
            "results/{study}/report/figures/usage.svg",
            category="Training",
            caption="../report/usage.rst",
        ),
        throughput=report(
            "results/{study}/report/figures/loading.svg",
            category="Loading",
            caption="../report/throughput.rst",
        ),
        curves=report(
            "results/{study}/report/figures/loading_curves.svg",
            category="Loading",
            caption="../report/loading_curves.rst",
        ),
        phases=report(
            "results/{study}/report/figures/loading_phases.svg",
            category="Loading",
            caption="../report/loading_phases.rst",
        ),
        png=expand("results/{{study}}/report/figures/{figure}.png", figure=FIGURES),
        csv=expand("results/{{study}}/report/figures/{figure}.csv", figure=FIGURES),
    log:
        "logs/{study}/report/draw_figures.log",
    conda:
        "../../envs/scalecard.yaml"
    shell:
        "python -m scripts.report.figures.draw_figures --training {input.training:q} --loading {input.loading:q} "
        "--laws {input.laws:q} --recommendation {input.recommendation:q} "
        "--records {input.loading_records:q} {input.training_records:q} --usage {input.usage:q} "
        "--folder results/{wildcards.study}/report/figures 2> {log:q}"


rule draw_profiles:
    input:
        profiles=rules.tabulate_profiles.output.parquet,
        efficiencies=rules.tabulate_pop.output.parquet,
        code=code("scripts.report.figures.draw_profiles"),
    output:
        steps=report(
            "results/{study}/report/figures/steps.svg",
            category="Training",
            caption="../report/steps.rst",
        ),
        efficiencies=report(
            "results/{study}/report/figures/pop.svg",
            category="Training",
            caption="../report/pop_figure.rst",
        ),
        rest=expand(
            "results/{{study}}/report/figures/{figure}.{kind}", figure=["steps", "pop"], kind=["png", "csv"]
        ),
    log:
        "logs/{study}/report/draw_profiles.log",
    conda:
        "../../envs/scalecard.yaml"
    shell:
        "python -m scripts.report.figures.draw_profiles --profiles {input.profiles:q} --pop {input.efficiencies:q} "
        "--folder results/{wildcards.study}/report/figures 2> {log:q}"


rule draw_dask_graph:
    input:
        graph=rules.trace_dask.output.graph,
        code=code("scripts.report.figures.draw_dask_graph"),
    output:
        svg=report(
            "results/{study}/report/figures/dask_graph.svg",
            category="Loading",
            caption="../report/dask_graph.rst",
        ),
        png="results/{study}/report/figures/dask_graph.png",
    log:
        "logs/{study}/report/draw_dask_graph.log",
    conda:
        "../../envs/scalecard.yaml"
    shell:
        "python -m scripts.report.figures.draw_dask_graph --graph {input.graph:q} "
        "--folder results/{wildcards.study}/report/figures 2> {log:q}"


rule render_page:
    input:
        training="results/{study}/scaling/training.parquet",
        loading="results/{study}/scaling/loading.parquet",
        jobs="results/{study}/scaling/jobs.parquet",
        answer="results/{study}/scaling/loading.json",
        strategies="results/{study}/scaling/strategies.parquet",
        laws="results/{study}/scaling/laws.json",
        recommendation="results/{study}/scaling/recommendation.json",
        confirmation=get_confirmation,
        plan=get_plan,
        decided_pass=get_decided_pass,
        left_out=get_left_out,
        claims="results/{study}/scaling/claims.json",
        profiles=(
            [rules.tabulate_profiles.output.parquet, rules.tabulate_pop.output.parquet] if PROFILED else []
        ),
        networks=expand(rules.describe_model.output.facts, study=STUDY.study, model=list(MODELS)),
        loading_records=rules.tabulate_loading.input.records,
        training_records=TRAINING_RECORDS,
        split="results/{study}/images/split.parquet",
        rejects="results/{study}/images/rejects.csv",
        leaks="results/{study}/images/leaks.json",
        figures=expand(
            "results/{{study}}/report/figures/{figure}.{kind}", figure=FIGURES, kind=["svg", "csv"]
        ),
        steps=rules.draw_profiles.output if PROFILED else [],
        dask_graph=rules.draw_dask_graph.output.svg if is_traced() else [],
        dask_report=rules.trace_dask.output.report if is_traced() else [],
        sheet="results/{study}/report/contact_sheet.jpg",
        previews=rules.draw_preview.output.sheets,
        template=get_template("page.html.jinja"),
        extends=get_page_parts(),
        code=code("scripts.report.page.render_page"),
    output:
        page="results/{study}/report/index.html",
    log:
        "logs/{study}/report/render_page.log",
    conda:
        "../../envs/scalecard.yaml"
    params:
        spec=lambda wildcards: canonical(config=get_shown_config()),
    shell:
        "python -m scripts.report.page.render_page --training {input.training:q} --loading {input.loading:q} "
        "--jobs {input.jobs:q} --profiles {input.profiles:q} --networks {input.networks:q} "
        "--records {input.loading_records:q} {input.training_records:q} "
        "--split {input.split:q} --rejects {input.rejects:q} --leaks {input.leaks:q} "
        "--answer {input.answer:q} --strategies {input.strategies:q} --laws {input.laws:q} --recommendation {input.recommendation:q} "
        "--confirmation {input.confirmation:q} --plan {input.plan:q} --decided-pass {input.decided_pass:q} "
        "--left-out {input.left_out:q} "
        "--claims {input.claims:q} --figures {input.figures:q} {input.steps:q} {input.dask_graph:q} "
        "--dask-report {input.dask_report:q} --sheet {input.sheet:q} --previews {input.previews:q} "
        "--template {input.template:q} "
        "--page {output.page:q} --spec {params.spec:q} 2> {log:q}"


# Strong and weak scaling apart, as the program has them.
TYPESET_TABLES = ["training", "strategies", "loading", "jobs"]
if len(STUDY.training.scalings) > 1:
    TYPESET_TABLES[:1] = [f"training_{scaling}" for scaling in STUDY.training.scalings]


rule typeset_tables:
    input:
        training="results/{study}/scaling/training.parquet",
        strategies="results/{study}/scaling/strategies.parquet",
        loading="results/{study}/scaling/loading.parquet",
        jobs="results/{study}/scaling/jobs.parquet",
        loading_records=rules.tabulate_loading.input.records,
        training_records=TRAINING_RECORDS,
        code=code("scripts.report.paper.typeset_tables"),
    output:
        expand(
            "results/{{study}}/report/tables/{table}.{language}",
            table=TYPESET_TABLES,
            language=["md", "tex"],
        ),
    log:
        "logs/{study}/report/typeset_tables.log",
    localrule: True
    conda:
        "../../envs/scalecard.yaml"
    shell:
        "python -m scripts.report.paper.typeset_tables --training {input.training:q} --strategies {input.strategies:q} "
        "--loading {input.loading:q} --jobs {input.jobs:q} "
        "--records {input.loading_records:q} {input.training_records:q} "
        "--folder results/{wildcards.study}/report/tables 2> {log:q}"


localrules:
    preview,


rule preview:
    input:
        expand(
            rules.fetch_archive.output if ARCHIVE_PENDING else rules.draw_preview.output.sheets,
            study=STUDY.study,
        ),

"""scalecard: how image-classifier training scales. Rules follow in order of execution; `snakemake -n` shows the plan."""

from snakemake.utils import min_version

min_version("9.27")


configfile: f"{workflow.basedir}/config/config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/study.smk"
include: "workflow/rules/common.smk"
include: "workflow/rules/common_training.smk"
include: "workflow/rules/images.smk"
include: "workflow/rules/loading.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/scaling.smk"
include: "workflow/rules/scaling_answers.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/report_answers.smk"


onstart:
    if workflow.executor_plugin.name == "slurm":
        check_cluster()
    if workflow.executor_plugin.name == "local":
        # To limit how many jobs start in a second, Snakemake looks at all that wait once in each, again for every job that
        # has finished: after 300 jobs that took 0.4 cores beside the measurements, and here nothing needs the limit.
        workflow.scheduler.job_rate_limiter = None
    from scripts.report.terminal.live_line import show_run

    show_run(workflow, STUDY, {"loading": LOADING_POINTS, "training": TRAINING_POINTS})


onsuccess:
    if ARCHIVE_PENDING:
        print(
            f"Fetched to {STUDY.images.folder}: run the same command again for the study.",
            file=sys.stderr,
        )
    elif has_new_page():
        shell(f"python -m scripts.report.print_answer results/{STUDY.study}/scaling")


localrules:
    all,


rule all:
    default_target: True
    input:
        expand(get_last_output(), study=STUDY.study),

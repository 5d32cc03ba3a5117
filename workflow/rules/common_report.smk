"""What the rules of the report stage ask of the study."""


def get_shown_config():
    """The study's settings as the page shows them: where files stand on this machine is no part of a study, and what a
    proposal asks for, and what the study is held against, none of its page.
    """
    left_out = {"proposal": True, "scaling": {"compare_with", "under_test", "fail_on_regression"}}
    shown = STUDY.model_dump(mode="json", exclude=left_out)
    for settings, name in (
        (shown["images"], "folder"),
        (shown["images"], "groups"),
        (shown["images"], "manifest"),
        (shown["images"]["archive"], "url"),
        (shown["training"], "weights"),
        *(
            (shown["training"]["program"], name)
            for name in ("folder", "python")
            if shown["training"]["program"]
        ),
        (shown["scaling"], "external"),
    ):
        settings[name] = settings[name] and Path(settings[name]).name
    models = STUDY.training.model
    shown["training"]["model"] = (
        shown_name(models) if isinstance(models, str) else [shown_name(name) for name in models]
    )
    return shown


def get_last_output():
    """What a run makes in the end: the page and tables for a paper; of images that are still to be fetched, these."""
    if ALONE:
        return rules.render_trainings.output.page
    if ARCHIVE_PENDING:
        return rules.fetch_archive.output
    return [rules.render_page.output.page, *rules.typeset_tables.output]


def has_new_page():
    """Whether this run has made a page: then its last lines are the answer."""
    last = expand(get_last_output(), study=STUDY.study)[0]
    return Path(last).is_file() and Path(last).stat().st_mtime >= STARTED


def get_template(name):
    """A page's template, as an input."""
    return os.path.relpath(ROOT / "scripts/report/page" / name)


def get_earlier_tables(wildcards):
    """Of the runs that this one is held against, in order; Raises UserError where none is named."""
    if not STUDY.scaling.earlier_runs:
        raise UserError(
            "target compare: found no scaling.compare_with; expected results folders of earlier runs, as results/v1"
        )
    return expand("{folder}/scaling/{table}.parquet", folder=STUDY.scaling.earlier_runs, table=COMPARED)

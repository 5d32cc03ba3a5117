"""What the rule for a training script of the user's own asks of the study."""

from scripts.training.program.program_files import interpreter_of


def get_program_files():
    """The script, and what else its measurements depend on; where they lie is no part of a study."""
    return [str(path) for path in files_of(STUDY.training.program)] if STUDY.training.program else []


def get_watcher_modules():
    """What runs in the program's own interpreter; no import leads there."""
    watch = "scripts.training.watch"
    return registry.modules(watch)


def get_program_spec(point):
    """All that a launch takes from the config."""
    program = STUDY.training.program
    return canonical(
        study=STUDY.study,
        point=TRAINING_POINTS[point],
        **program.of_a_launch,
        warmup_steps=STUDY.training.warmup_steps,
        seed=STUDY.seed,
    )


def get_program_python(wildcards, input):
    """Not tracked: where an interpreter lies is no part of a study; its version, and torch's, stand in each record."""
    return interpreter_of(STUDY.training.program)


def get_program_folder(wildcards, input):
    """Not tracked, as get_raw_folder."""
    return STUDY.training.program.folder


def get_program_memory(wildcards, attempt):
    """MB on each node."""
    return attempt * STUDY.training.program.memory_mb * get_training_point(wildcards).workers_per_node

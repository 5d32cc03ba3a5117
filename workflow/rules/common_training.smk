"""What the rules of the training stage ask of the study."""

# Made before Snakemake builds its graph: it looks into a folder once, and takes what comes later for missing.
TRAIN_CODE, PROFILE_CODE = (
    {
        (strategy, feed): code(
            "scripts.training.launch.train",
            program,
            registry.module(STRATEGIES, strategy),
            *STUDY.training.augmentation.modules,
            *([] if feed == PACKED else [registry.module(BACKENDS, feed), *get_step_modules()]),
        )
        for strategy, feed in {(one.strategy, one.tuning.feed) for one in TRAINING_POINTS.values()}
        if strategy != PROGRAM
    }
    for program in ("scripts.training.loop.train_rank", "scripts.training.loop.profile_rank")
)


# Of all commands that start ranks of scalecard's loop.
RANKS = (
    "--launcher {resources.launcher} --device {params.device} "
    "--shards results/{wildcards.study}/images/shards --split {input.split:q} --stats {input.stats:q} "
    "--facts {input.facts:q} --weights {input.weights:q} --model-file {params.model_file:q} --costs {input.costs:q} "
    "--raw {params.raw:q} --decode {params.decode:q} --spec {params.spec:q} "
)


def get_training_point(wildcards):
    return TRAINING_POINTS[wildcards.point]


def get_code_of(made, point):
    """The code of a point, of TRAIN_CODE or PROFILE_CODE."""
    return made[point.strategy, point.tuning.feed]


def get_fed_folder(wildcards, input):
    """Where the raw files of a point lie that they feed; not tracked, as get_raw_folder."""
    point = TRAINING_POINTS[getattr(wildcards, "point", get_kept_point())]
    return [] if point.tuning.feed == PACKED else RAW_FOLDER


def get_fed_decode(wildcards):
    """How they become pixels."""
    return [] if get_training_point(wildcards).tuning.feed == PACKED else canonical(**get_decode())


# By what stands for it in names of files, each model as the config names it.
MODELS = {network_id(shown_name(name)): name for name in STUDY.training.models}


def get_model_name(wildcards):
    return shown_name(MODELS[wildcards.model])


@cache
def get_model_digest(model):
    """Of the user's file that makes a model; null of any other."""
    file = file_of(MODELS[model])
    return file and file_digest(Path(file))


def get_model_file(wildcards, input):
    """Where that file lies; not tracked, as get_raw_folder: its digest is."""
    if not hasattr(wildcards, "model"):
        point = TRAINING_POINTS[getattr(wildcards, "point", get_kept_point())]
        return get_file_of(network_id(point.model))
    return get_file_of(wildcards.model)


def get_file_of(model):
    file = file_of(MODELS[model])
    return [file] if file else []


def get_model_packages(model):
    """What a network is made by: lines of the lock, and the package that it does not name."""
    return [*pins("torch", "torchvision"), *filter(None, map(get_package, packages_of(MODELS[model])))]


def get_model_facts(wildcards):
    return get_model_facts_of(wildcards.point, wildcards.study)


def get_model_facts_of(point, study):
    return rules.describe_model.output.facts.format(
        study=study, model=network_id(TRAINING_POINTS[point].model)
    )


def get_weights(wildcards):
    """The file that trainings start from, where they do not start afresh; named ones are of the study's only model."""
    if STUDY.training.weights_name is None:
        return STUDY.training.weights_file or []
    return rules.fetch_weights.output.weights.format(study=wildcards.study, model=next(iter(MODELS)))


def get_costs(wildcards):
    return get_costs_of(wildcards.point, wildcards.study)


def get_costs_of(point, study):
    """What the pieces of a network cost, for a strategy that cuts it."""
    found = TRAINING_POINTS[point]
    return (
        rules.measure_stages.output.costs.format(study=study, model=network_id(found.model))
        if found.pipe
        else []
    )


def get_train_spec(point):
    """All that a training takes from the config."""
    training = STUDY.training
    return canonical(
        study=STUDY.study,
        point=TRAINING_POINTS[point],
        size=STUDY.edge,
        packed_size=STUDY.images.size,
        # With all their settings, so that to write out a default changes nothing.
        augment=training.augmentation.listed,
        sampling=training.sampling,
        loss=training.loss,
        epochs=training.epochs,
        warmup_steps=training.warmup_steps,
        optimizer=training.optimizer,
        model_digest=get_model_digest(network_id(TRAINING_POINTS[point].model)),
        weights_name=training.weights_name,
        target_accuracy=training.target_accuracy,
        stop_at_target=training.stop_at_target,
        seed=STUDY.seed,
        lock=LOCK,
    )


def get_most_stages(wildcards, input):
    """Stages that the study cuts a model into at most; not tracked: what a piece costs does not depend on it."""
    pipes = [
        point.pipe
        for point in TRAINING_POINTS.values()
        if network_id(point.model) == wildcards.model and point.pipe
    ]
    return max((pipe.stages for pipe in pipes), default=1)


def get_training_memory(wildcards, input, attempt):
    return get_training_memory_of(wildcards.point, input, attempt)


def get_training_memory_of(point, input, attempt):
    """MB on each node; not known before the facts of the network are."""
    facts, spec = ModelFacts.read(Path(input.facts)), TrainSpec.model_validate_json(get_train_spec(point))
    return attempt * node_megabytes(facts, spec, SUMMARY.images, cuda=DEVICE.device == "cuda")


def get_node_cores(point):
    """Cores that a training point takes on each of its nodes."""
    return point.workers_per_node * point.cores_per_rank


def get_device(wildcards, input):
    """Not tracked: `device` of the config is, and on which machine that was decided is no part of a study."""
    return DEVICE.device


def get_gpus(count):
    """So many GPUs of a node, for Slurm; none where the study trains on the CPU."""
    return f"gpu:{count}" if DEVICE.device == "cuda" else ""


def of_a_launch(point_of):
    """The resources that all rules of ranks ask for alike: the machine for themselves, and for a cluster one task a node,
    which starts the ranks there, and a GPU a rank.

    Args:
        point_of: the training point of a job, by its wildcards.
    """
    return {
        "machine": MACHINE,
        "attempt": get_attempt,
        "launcher": "here",
        "mpi": lambda wildcards: "srun" if point_of(wildcards).nodes > 1 else "",
        "nodes": lambda wildcards: point_of(wildcards).nodes,
        "tasks": lambda wildcards: point_of(wildcards).nodes,
        "gres": lambda wildcards: get_gpus(point_of(wildcards).workers_per_node),
        "tasks_per_gpu": 0,
    }


def get_tensorboard(wildcards, input):
    """A folder for event files, where the study asks for them; not tracked: no result depends on it."""
    if not STUDY.training.tensorboard:
        return ""
    return f"results/{wildcards.study}/training/tensorboard/{wildcards.point}_b{wildcards.block}"


def get_kept_point():
    """The point whose network is kept and used."""
    return STUDY.training.predict.point or next(iter(TRAINING_POINTS))


def get_kept_code(wildcards):
    """Raises UserError where the study measures a script of the user's own: its network is not scalecard's to keep."""
    if STUDY.training.program:
        raise UserError(
            "target model: found training.program, whose script keeps its own network; expected scalecard's loop"
        )
    return get_code_of(TRAIN_CODE, TRAINING_POINTS[get_kept_point()])


def get_predicted_folder(wildcards, input):
    """Not tracked, as get_raw_folder."""
    return STUDY.training.predict.folder


def get_checkpoint_seconds(wildcards, input):
    """Nothing of a result depends on it: it takes `input` so that Snakemake does not track it (as get_raw_folder)."""
    seconds = STUDY.training.checkpoint_seconds
    return "" if seconds is None else seconds


def get_fresh_records(wildcards):
    """What confirms a recommendation: its points in blocks that it has not seen. Which points these are, the study's last
    run has written down; where there is none yet, a second `snakemake confirm` measures them.
    """
    written = Path(f"results/{wildcards.study}/scaling/recommendation.json")
    if not written.is_file():
        return []
    try:
        advice = Recommendations.model_validate_json(written.read_text())
    except ValidationError:  # of another version: the run will write it anew
        return []
    points = dict.fromkeys(
        point for one in advice.recommendations for point in one.to_confirm if point in TRAINING_POINTS
    )
    return expand(
        "results/{study}/training/records/{point}/b{block}.json",
        study=wildcards.study,
        point=points,
        block=range(FIRST_FRESH_BLOCK, FIRST_FRESH_BLOCK + STUDY.scaling.confirm_blocks),
    )


def get_next_pass(wildcards):
    """What decides on the next pass.

    Raises:
        UserError: the study is none in passes.
    """
    if not STUDY.scaling.adaptive.passes:
        raise UserError("scaling.adaptive.passes: found false; expected true for a study in passes")
    return rules.decide_pass.output.next_pass.format(study=STUDY.study)


def get_confirmation(wildcards):
    """What fresh blocks said of the recommendation, once `snakemake confirm` has asked them."""
    written = rules.confirm_recommendation.output.confirmation.format(study=wildcards.study)
    return written if Path(written).is_file() else []


def get_plan(wildcards):
    """The plan and its figures, once `snakemake plan` has made it: one that cannot be met must not cost the page."""
    made = [rules.make_plan.output.plan, rules.draw_plan.output.gantt, rules.draw_plan.output.pareto]
    made = [path.format(study=wildcards.study) for path in made]
    return made if STUDY.plan.jobs and Path(made[0]).is_file() else []


def get_decided_pass(wildcards):
    """What an adaptive study has come to, once `make study` or `snakemake next_pass` has asked."""
    written = rules.decide_pass.output.next_pass.format(study=wildcards.study)
    return written if STUDY.scaling.adaptive.passes and Path(written).is_file() else []

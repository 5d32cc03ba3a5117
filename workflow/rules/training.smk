"""How fast a model trains on a number of workers: every training point, once in each block, alone on the machine.

Requires the images stage. Steps: describe_model (one job a model), fetch_weights (where they are torchvision's),
measure_stages (one job a model that a pipeline cuts), train (one job a point and block), profile (one job a point and block of
profiles, where `training.profile` asks for it).
A target of its own, which measures nothing: `model` keeps the network of one point.
"""


rule describe_model:
    input:
        code=code("scripts.training.model.describe_model"),
    output:
        facts="results/{study}/training/facts/{model}.json",
    log:
        "logs/{study}/training/describe_model_{model}.log",
    priority: 20_000_000  # before any measurement: what cannot be made is known at once
    conda:
        "../../envs/scalecard.yaml"
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
    params:
        spec=lambda wildcards: canonical(
            model=get_model_name(wildcards),
            model_digest=get_model_digest(wildcards.model),
            classes=len(SUMMARY.classes),
            size=STUDY.edge,
            packages=get_model_packages(wildcards.model),
        ),
        model_file=get_model_file,
    shell:
        "python -m scripts.training.model.describe_model --model-file {params.model_file:q} "
        "--output {output.facts:q} --spec {params.spec:q} 2> {log:q}"


rule fetch_weights:
    input:
        code=code("scripts.training.model.fetch_weights"),
    output:
        weights="results/{study}/training/weights/{model}.pt",
    log:
        "logs/{study}/training/fetch_weights_{model}.log",
    # Where Snakemake itself runs there is a network; compute nodes may have none.
    localrule: True
    conda:
        "../../envs/scalecard.yaml"
    params:
        spec=lambda wildcards: canonical(
            model=wildcards.model,
            weights=STUDY.training.weights_name,
            packages=pins("torchvision"),
        ),
    shell:
        "python -m scripts.training.model.fetch_weights --output {output.weights:q} --spec {params.spec:q} 2> {log:q}"


rule measure_stages:
    input:
        code=code("scripts.training.model.measure_stages"),
    output:
        costs="results/{study}/training/stages/{model}.json",
    log:
        "logs/{study}/training/measure_stages_{model}.log",
    priority: 20_000_000  # before any training: what cannot be cut is known at once
    conda:
        "../../envs/scalecard.yaml"
    threads: lambda wildcards: STUDY.training.threads_of_ranks[0]
    resources:
        machine=MACHINE,
        mem_mb=lambda wildcards, attempt: 8000 * attempt,
        gres=get_gpus(1),
        tasks_per_gpu=0,
    params:
        device=get_device,
        spec=lambda wildcards: canonical(
            model=get_model_name(wildcards),
            model_digest=get_model_digest(wildcards.model),
            classes=len(SUMMARY.classes),
            size=STUDY.edge,
            batch=8,
            threads=STUDY.training.threads_of_ranks[0],
            device=STUDY.training.device,
            channels_last=STUDY.training.tuning.channels_last,
            lock=LOCK,
        ),
        most_stages=get_most_stages,
        model_file=get_model_file,
    shell:
        "python -m scripts.training.model.measure_stages --device {params.device} --most-stages {params.most_stages} "
        "--model-file {params.model_file:q} --output {output.costs:q} --spec {params.spec:q} 2> {log:q}"


rule train:
    input:
        split="results/{study}/images/split.parquet",
        stats="results/{study}/images/stats.json",
        weights=get_weights,
        facts=get_model_facts,
        costs=get_costs,
        code=lambda wildcards: get_code_of(TRAIN_CODE, get_training_point(wildcards)),
    output:
        record="results/{study}/training/records/{point}/b{block}.json",
        usage="results/{study}/training/records/{point}/b{block}.usage.csv",
    log:
        "logs/{study}/training/train_{point}_b{block}.log",
    wildcard_constraints:
        point=r"(?!.+-program-).+",
    priority: get_priority
    conda:
        "../../envs/scalecard.yaml"
    threads: lambda wildcards: get_node_cores(get_training_point(wildcards))
    resources:
        **of_a_launch(get_training_point),
        mem_mb=get_training_memory,
        runtime=get_runtime("training", unknown=240),
    params:
        spec=lambda wildcards: get_train_spec(wildcards.point),
        device=get_device,
        model_file=get_model_file,
        raw=get_fed_folder,
        decode=get_fed_decode,
        checkpoint_seconds=get_checkpoint_seconds,
        tensorboard=get_tensorboard,
        again=get_again,
    shell:
        "python -m scripts.training.launch.train "
        + RANKS
        + "--checkpoint results/{wildcards.study}/training/checkpoints/{wildcards.point}_b{wildcards.block} "
        "--checkpoint-seconds {params.checkpoint_seconds} --tensorboard {params.tensorboard} "
        "--logs logs/{wildcards.study}/training/train_{wildcards.point}_b{wildcards.block}/attempt{resources.attempt} "
        "--block {wildcards.block} --attempt {resources.attempt} --again {params.again} --record {output.record:q} "
        "--usage {output.usage:q} 2> {log:q}"


rule profile:
    input:
        split="results/{study}/images/split.parquet",
        stats="results/{study}/images/stats.json",
        weights=get_weights,
        facts=get_model_facts,
        costs=get_costs,
        code=lambda wildcards: get_code_of(PROFILE_CODE, get_training_point(wildcards)),
    output:
        profile="results/{study}/training/profiles/{point}/b{block}.json",
        traces=directory("results/{study}/training/traces/{point}/b{block}"),
    log:
        "logs/{study}/training/profile_{point}_b{block}.log",
    priority: get_profile_priority
    conda:
        "../../envs/scalecard.yaml"
    threads: lambda wildcards: get_node_cores(get_training_point(wildcards))
    resources:
        **of_a_launch(get_training_point),
        mem_mb=get_training_memory,
        runtime=lambda wildcards, attempt: 60 * attempt,
    params:
        spec=lambda wildcards: get_train_spec(wildcards.point),
        device=get_device,
        model_file=get_model_file,
        raw=get_fed_folder,
        decode=get_fed_decode,
    shell:
        "python -m scripts.training.launch.train --program scripts.training.loop.profile_rank "
        + RANKS
        + "--traces {output.traces:q} "
        "--logs logs/{wildcards.study}/training/profile_{wildcards.point}_b{wildcards.block}/attempt{resources.attempt} "
        "--record {output.profile:q} 2> {log:q}"


rule train_model:
    input:
        split="results/{study}/images/split.parquet",
        stats="results/{study}/images/stats.json",
        weights=get_weights,
        facts=lambda wildcards: get_model_facts_of(get_kept_point(), wildcards.study),
        costs=lambda wildcards: get_costs_of(get_kept_point(), wildcards.study),
        code=get_kept_code,
    output:
        record="results/{study}/training/model/record.json",
        usage="results/{study}/training/model/usage.csv",
        model="results/{study}/training/model/model.pt",
    log:
        "logs/{study}/training/train_model.log",
    conda:
        "../../envs/scalecard.yaml"
    threads: get_node_cores(TRAINING_POINTS[get_kept_point()])
    resources:
        **of_a_launch(lambda wildcards: TRAINING_POINTS[get_kept_point()]),
        mem_mb=lambda wildcards, input, attempt: get_training_memory_of(get_kept_point(), input, attempt),
        runtime=240,
    params:
        spec=lambda wildcards: get_train_spec(get_kept_point()),
        device=get_device,
        model_file=get_model_file,
        raw=get_fed_folder,
        decode=lambda wildcards: canonical(**{name: get_decode()[name] for name in ("size", "steps")}),
        checkpoint_seconds=get_checkpoint_seconds,
    shell:
        "python -m scripts.training.launch.train "
        + RANKS
        + "--model {output.model:q} --checkpoint results/{wildcards.study}/training/checkpoints/model "
        "--checkpoint-seconds {params.checkpoint_seconds} "
        "--logs logs/{wildcards.study}/training/train_model/attempt{resources.attempt} "
        "--block 0 --attempt {resources.attempt} --record {output.record:q} --usage {output.usage:q} 2> {log:q}"


rule model:
    input:
        expand(rules.train_model.output.model, study=STUDY.study),

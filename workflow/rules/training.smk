"""How fast a model trains on a number of workers: every training point, once in each block, alone on the machine.

Requires the images stage. Steps: train (one job a point and block).
"""


rule train:
    input:
        split="results/{study}/images/split.parquet",
        stats="results/{study}/images/stats.json",
        weights=STUDY.training.weights or [],
        code=lambda wildcards: code(
            "scripts.training.train",
            "scripts.training.train_rank",
            registry.module(STRATEGIES, get_training_point(wildcards).strategy),
        ),
    output:
        record="results/{study}/training/records/{point}/b{block}.json",
    log:
        "logs/{study}/training/train_{point}_b{block}.log",
    priority: get_priority
    conda:
        "../../envs/scalecard.yaml"
    threads: lambda wildcards: get_node_cores(get_training_point(wildcards))
    resources:
        machine=MACHINE,
        mem_mb=get_training_memory,
        runtime=get_runtime("training", unknown=240),
        attempt=get_attempt,
        launcher="here",
        # For Slurm: one task a node, which starts the ranks there.
        mpi=lambda wildcards: "srun" if get_training_point(wildcards).nodes > 1 else "",
        nodes=lambda wildcards: get_training_point(wildcards).nodes,
        tasks=lambda wildcards: get_training_point(wildcards).nodes,
        gres=get_training_gpus,
        tasks_per_gpu=0,
    params:
        spec=lambda wildcards: canonical(
            study=STUDY.study,
            point=get_training_point(wildcards),
            size=STUDY.images.size,
            epochs=STUDY.training.epochs,
            warmup_steps=STUDY.training.warmup_steps,
            optimizer=STUDY.training.optimizer,
            target_accuracy=STUDY.training.target_accuracy,
            seed=STUDY.seed,
            lock=LOCK,
        ),
        checkpoint_seconds=get_checkpoint_seconds,
    shell:
        "python -m scripts.training.train --launcher {resources.launcher} "
        "--shards results/{wildcards.study}/images/shards --split {input.split:q} --stats {input.stats:q} "
        "--weights {input.weights:q} "
        "--checkpoint results/{wildcards.study}/training/checkpoints/{wildcards.point}_b{wildcards.block}.pt "
        "--checkpoint-seconds {params.checkpoint_seconds} "
        "--logs logs/{wildcards.study}/training/train_{wildcards.point}_b{wildcards.block}/attempt{resources.attempt} "
        "--block {wildcards.block} --attempt {resources.attempt} --record {output.record:q} "
        "--spec {params.spec:q} 2> {log:q}"

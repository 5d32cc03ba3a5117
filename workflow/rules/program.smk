"""How fast a training script of the user's own runs on a number of workers: every point, once in each block, alone on the
machine.

Requires nothing of the stages before: the script reads its own images. Steps: measure_program (one job a point and block).
"""


rule measure_program:
    input:
        files=get_program_files(),
        code=code("scripts.training.program.measure_program", *get_watcher_modules()),
    output:
        record="results/{study}/training/records/{point}/b{block}.json",
        usage="results/{study}/training/records/{point}/b{block}.usage.csv",
    log:
        "logs/{study}/training/measure_program_{point}_b{block}.log",
    wildcard_constraints:
        point=r".+-program-.+",
    priority: get_priority
    conda:
        "../../envs/scalecard.yaml"
    threads: lambda wildcards: get_node_cores(get_training_point(wildcards))
    resources:
        **of_a_launch(get_training_point),
        mem_mb=get_program_memory,
        runtime=get_runtime("training", unknown=240),
    params:
        spec=lambda wildcards: get_program_spec(wildcards.point),
        device=get_device,
        python=get_program_python,
        folder=get_program_folder,
        again=get_again,
    shell:
        "python -m scripts.training.program.measure_program --launcher {resources.launcher} --device {params.device} "
        "--python {params.python:q} --folder {params.folder:q} --files {input.files:q} "
        "--logs logs/{wildcards.study}/training/measure_program_{wildcards.point}_b{wildcards.block}/attempt{resources.attempt} "
        "--block {wildcards.block} --attempt {resources.attempt} --again {params.again} --record {output.record:q} "
        "--usage {output.usage:q} --spec {params.spec:q} 2> {log:q}"

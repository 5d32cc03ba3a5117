"""What the network that rule train_model keeps sees in pictures: targets of their own, which measure nothing.

Requires rule train_model. `features`: one job a shard of the study. `predict`: one job a part of a folder, and one that
joins them.
"""

from scripts.images.source import files_below

PREDICTED = {}
if STUDY.training.predict.folder is not None:
    try:
        PREDICTED = {f"{number}": [] for number in range(STUDY.training.predict.parts)}
        for path in files_below(Path(STUDY.training.predict.folder)):
            PREDICTED[f"{source.shard_of(path, STUDY.training.predict.parts)}"].append(source.Entry(path, ""))
    except UserError as error:
        sys.exit(f"error: training.predict.folder: {error}")


rule extract_features:
    input:
        model="results/{study}/training/model/model.pt",
        pixels="results/{study}/images/shards/{shard}.npy",
        code=code("scripts.training.use.extract_features"),
    output:
        features="results/{study}/training/features/{shard}.npy",
    log:
        "logs/{study}/training/extract_features_{shard}.log",
    conda:
        "../../envs/scalecard.yaml"
    resources:
        machine=MACHINE if DEVICE.device == "cuda" else 1,  # one at a time on a GPU
        mem_mb=4000,
        gres=get_gpus(1),
        tasks_per_gpu=0,
    params:
        device=get_device,
        model_file=get_model_file,
        spec=canonical(device=STUDY.training.device, batch=STUDY.training.predict.batch),
    shell:
        "python -m scripts.training.use.extract_features --device {params.device} --model {input.model:q} "
        "--model-file {params.model_file:q} --pixels {input.pixels:q} --features {output.features:q} --spec {params.spec:q} 2> {log:q}"


rule predict_part:
    input:
        model="results/{study}/training/model/model.pt",
        raw=lambda wildcards: get_dated(
            f"predict-{wildcards.part}",
            STUDY.training.predict.folder,
            [entry.path for entry in PREDICTED[wildcards.part]],
        ),
        code=code("scripts.training.use.predict_part", *get_step_modules()),
    output:
        predictions="results/{study}/training/predictions/{part}.csv",
    log:
        "logs/{study}/training/predict_part_{part}.log",
    conda:
        "../../envs/scalecard.yaml"
    resources:
        machine=MACHINE if DEVICE.device == "cuda" else 1,  # one at a time on a GPU
        mem_mb=4000,
        gres=get_gpus(1),
        tasks_per_gpu=0,
    params:
        device=get_device,
        model_file=get_model_file,
        spec=lambda wildcards: canonical(
            parts=STUDY.training.predict.parts,
            device=STUDY.training.device,
            batch=STUDY.training.predict.batch,
            limits=STUDY.images.limits,
            listed=source.digest(PREDICTED[wildcards.part], STUDY.training.predict.folder),
        ),
        folder=get_predicted_folder,
    shell:
        "python -m scripts.training.use.predict_part --device {params.device} --model {input.model:q} "
        "--model-file {params.model_file:q} --folder {params.folder:q} --part {wildcards.part} --predictions {output.predictions:q} --spec {params.spec:q} 2> {log:q}"


rule join_predictions:
    input:
        parts=expand("results/{{study}}/training/predictions/{part}.csv", part=PREDICTED),
        code=code("scripts.training.use.join_predictions"),
    output:
        predictions="results/{study}/training/predictions.csv",
    log:
        "logs/{study}/training/join_predictions.log",
    conda:
        "../../envs/scalecard.yaml"
    shell:
        "python -m scripts.training.use.join_predictions --parts {input.parts:q} --predictions {output.predictions:q} "
        "2> {log:q}"


rule features:
    input:
        expand(rules.extract_features.output.features, study=STUDY.study, shard=SHARDS),


rule predict:
    input:
        expand(rules.join_predictions.output.predictions, study=STUDY.study) if PREDICTED else [],

"""Classifiers: one for each learner, mix, count and replicate.

Takes a mix's real and synthetic images, or their features, and unlabelled ones with what labels
them; gives classifier/{learner}/{mix}/n{n}/rep{replicate}.
"""


rule train_classifier:
    """Train on one mix, then score the validation, the test and the unlabelled images."""
    input:
        unpack(sets_of),
        judged=judged_of,
        teacher=teacher_of,
    output:
        checkpoint="results/{study}/classifier/{learner}/{mix}/n{n}/rep{replicate}/model.safetensors",
        scores="results/{study}/classifier/{learner}/{mix}/n{n}/rep{replicate}/scores.safetensors",
        metrics="results/{study}/classifier/{learner}/{mix}/n{n}/rep{replicate}/metrics.json",
    log:
        "results/{study}/logs/train_classifier/{learner}/{mix}/n{n}/rep{replicate}.log",
    benchmark:
        "results/{study}/benchmarks/train_classifier/{learner}/{mix}/n{n}/rep{replicate}.tsv"
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=classifier_memory,
        runtime=growing(15),
        gpu=GPU,
    params:
        **call(
            "train_classifier",
            recipe=lambda wildcards: recipe_of(wildcards)._asdict(),
            settings=learner_of,
            augmentation=augmentation_of,
            seed=config["seed"],
            device=config["device"],
        ),
    shell:
        RUN


rule all_classifiers:
    """Every classifier of the grid."""
    input:
        of_classifiers(
            "results/{study}/classifier/{learner}/{mix}/n{n}/rep{replicate}/metrics.json"
        ),

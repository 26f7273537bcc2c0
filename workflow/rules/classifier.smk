"""Classifiers: one for each mix, count and replicate, all trained alike.

Takes a mix's real and synthetic images, and unlabelled ones with what labels them; gives classifier/{mix}/n{n}/rep{replicate}.
"""


rule train_classifier:
    """Train on one mix, then read the validation and the test images."""
    input:
        real=real_of,
        synthetic=synthetic_of,
        judged=judged_of,
        unlabelled=unlabelled_of,
        teacher=teacher_of,
        validation="results/{study}/real/validation.safetensors",
        test="results/{study}/real/test.safetensors",
    output:
        checkpoint="results/{study}/classifier/{mix}/n{n}/rep{replicate}/model.safetensors",
        predictions="results/{study}/classifier/{mix}/n{n}/rep{replicate}/predictions.safetensors",
        metrics="results/{study}/classifier/{mix}/n{n}/rep{replicate}/metrics.json",
    log:
        "results/{study}/logs/train_classifier/{mix}/n{n}/rep{replicate}.log",
    benchmark:
        "results/{study}/benchmarks/train_classifier/{mix}/n{n}/rep{replicate}.tsv"
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=growing(MEMORY),
        runtime=growing(15),
        gpu=GPU,
    params:
        **call(
            "train_classifier",
            n_synthetic=n_synthetic_of,
            real_share=real_share_of,
            settings=classifier_of,
            augmentation=augmentation_of,
            seed=config["seed"],
            device=config["device"],
        ),
    shell:
        RUN


rule all_classifiers:
    """Every classifier of the grid."""
    input:
        of_classifiers("results/{study}/classifier/{mix}/n{n}/rep{replicate}/metrics.json"),

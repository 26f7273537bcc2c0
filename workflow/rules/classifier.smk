"""Classifiers: one for each mix, count and replicate, all trained alike."""


rule train_classifier:
    """Train on one mix, then read the validation and the test images."""
    input:
        real=real_of,
        synthetic=synthetic_of,
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
        mem_mb=growing(1500),
        runtime=growing(15),
        gpu=GPU,
    params:
        n_synthetic=n_synthetic_of,
        real_share=real_share_of,
        settings=json.dumps(config["classifier"], sort_keys=True),
        augmentation=augmentation_of,
        seed=config["seed"],
        device=config["device"],
        code=code_hash("train_classifier"),
    shell:
        r"""
        python -m realink train-classifier \
            --study {wildcards.study:q} \
            --mix {wildcards.mix} \
            --n-real {wildcards.n} \
            --n-synthetic {params.n_synthetic} \
            --real-share {params.real_share} \
            --replicate {wildcards.replicate} \
            --real {input.real:q} \
            --synthetic {input.synthetic:q} \
            --settings {params.settings:q} \
            --augmentation {params.augmentation:q} \
            --validation {input.validation:q} \
            --test {input.test:q} \
            --seed {params.seed} \
            --device {params.device} \
            --code {params.code} \
            --checkpoint {output.checkpoint:q} \
            --predictions {output.predictions:q} \
            --metrics {output.metrics:q} \
            >{log:q} 2>&1
        """


rule all_classifiers:
    """Every classifier of the grid."""
    input:
        of_classifiers("results/{study}/classifier/{mix}/n{n}/rep{replicate}/metrics.json"),

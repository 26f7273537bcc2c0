"""Translators: they saw few real images, and make rendered ones look real.

Takes the rendered and the N real images, and unlabelled ones; gives
translated/{translator}/n{n}/rep{replicate}.
"""


rule train_translator:
    """Train a translator on the rendered and N real images."""
    input:
        rendered="results/{study}/rendered/images.safetensors",
        real="results/{study}/real/n{n}/rep{replicate}/images.safetensors",
        unlabelled=unlabelled_seen_of,
    output:
        checkpoint="results/{study}/translator/{translator}/n{n}/rep{replicate}/model.safetensors",
        history="results/{study}/translator/{translator}/n{n}/rep{replicate}/history.csv",
        metrics="results/{study}/translator/{translator}/n{n}/rep{replicate}/metrics.json",
    log:
        "results/{study}/logs/train_translator/{translator}/n{n}/rep{replicate}.log",
    benchmark:
        "results/{study}/benchmarks/train_translator/{translator}/n{n}/rep{replicate}.tsv"
    priority: 1  # the longest jobs, and others wait for them
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=growing(MEMORY),
        runtime=growing(30),
        gpu=GPU,
    params:
        **call(
            "train_translator",
            settings=lambda wildcards: config["translators"][wildcards.translator],
            seed=config["seed"],
            device=config["device"],
            # No output: Snakemake deletes those of a job that starts anew.
            state=lambda wildcards: (
                "results/{study}/states/{translator}/n{n}/rep{replicate}.safetensors".format(
                    **dict(wildcards.items())
                )
            ),
        ),
    shell:
        RUN


rule translate:
    """Translate all rendered images; the labels are carried over."""
    input:
        checkpoint="results/{study}/translator/{translator}/n{n}/rep{replicate}/model.safetensors",
        rendered="results/{study}/rendered/images.safetensors",
        real="results/{study}/real/n{n}/rep{replicate}/images.safetensors",
        unlabelled=unlabelled_seen_of,
    output:
        "results/{study}/translated/{translator}/n{n}/rep{replicate}/images.safetensors",
    log:
        "results/{study}/logs/translate/{translator}/n{n}/rep{replicate}.log",
    benchmark:
        "results/{study}/benchmarks/translate/{translator}/n{n}/rep{replicate}.tsv"
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=growing(MEMORY),
        runtime=growing(10),
        gpu=GPU,
    params:
        **call("translate", seed=config["seed"], device=config["device"]),
    shell:
        RUN

"""The gap: how far rendered and translated images are from real ones, in numbers.

Takes images, the pool of real ones and the judge; gives gap/.
"""


rule measure_gap:
    """Compare translated images with real ones that their translator has not seen."""
    input:
        images="results/{study}/translated/{translator}/n{n}/rep{replicate}/images.safetensors",
        pool=f"{SPLIT}/pool.safetensors",
        checkpoint=f"{JUDGE}/model.safetensors",
    output:
        "results/{study}/gap/{translator}/n{n}/rep{replicate}.json",
    log:
        "results/{study}/logs/measure_gap/{translator}/n{n}/rep{replicate}.log",
    benchmark:
        "results/{study}/benchmarks/measure_gap/{translator}/n{n}/rep{replicate}.tsv"
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=growing(MEMORY),
        runtime=growing(10),
        gpu=GPU,
    params:
        **call(
            "measure_gap",
            images_of=lambda wildcards: wildcards.translator,
            seed=config["seed"],
            device=config["device"],
        ),
    shell:
        RUN


use rule measure_gap as measure_gap_reference with:
    # Rendered images as they are, or further real ones.
    input:
        images=lambda wildcards: (
            "results/{study}/rendered/images.safetensors" if wildcards.images == "rendered" else []
        ),
        pool=f"{SPLIT}/pool.safetensors",
        checkpoint=f"{JUDGE}/model.safetensors",
    output:
        "results/{study}/gap/{images}/rep{replicate}.json",
    log:
        "results/{study}/logs/measure_gap_reference/{images}/rep{replicate}.log",
    benchmark:
        "results/{study}/benchmarks/measure_gap_reference/{images}/rep{replicate}.tsv"
    wildcard_constraints:
        images="rendered|real",
    params:
        **call(
            "measure_gap",
            images_of=lambda wildcards: wildcards.images,
            seed=config["seed"],
            device=config["device"],
        ),

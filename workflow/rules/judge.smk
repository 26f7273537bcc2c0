"""The judge reads translated images; evaluation only, nothing trains on what it says.

Takes the real and the translated images; gives judge/, and retention.json and predicted.safetensors
beside each translated set.
"""


rule train_judge:
    """Train the network that reads translated images, on all real training images."""
    input:
        pool=f"{SPLIT}/pool.safetensors",
        validation=f"{SPLIT}/validation.safetensors",
    output:
        checkpoint=f"{JUDGE}/model.safetensors",
        metrics=f"{JUDGE}/metrics.json",
    log:
        f"results/{{study}}/logs/train_judge{OWN}.log",
    benchmark:
        f"results/{{study}}/benchmarks/train_judge{OWN}.tsv"
    priority: 1  # the longest jobs, and others wait for them
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=growing(MEMORY),
        runtime=growing(15),
        gpu=GPU,
    params:
        **call(
            "train_judge",
            settings=config["learner_settings"]["small"],
            augmentation=config["augmentation"],
            seed=seed_of_judge,
            device=config["device"],
        ),
    shell:
        RUN


rule judge:
    """Count the labels that survived translation."""
    input:
        checkpoint=f"{JUDGE}/model.safetensors",
        translated="results/{study}/translated/{translator}/n{n}/rep{replicate}/images.safetensors",
    output:
        retention="results/{study}/translated/{translator}/n{n}/rep{replicate}/retention.json",
        predicted="results/{study}/translated/{translator}/n{n}/rep{replicate}/predicted.safetensors",
    log:
        "results/{study}/logs/judge/{translator}/n{n}/rep{replicate}.log",
    benchmark:
        "results/{study}/benchmarks/judge/{translator}/n{n}/rep{replicate}.tsv"
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=growing(MEMORY),
        runtime=growing(10),
        gpu=GPU,
    params:
        **call("judge", device=config["device"]),
    shell:
        RUN


rule all_translators:
    """Every translated set of the grid, and what the judge read in it."""
    input:
        of_translators("results/{study}/translated/{translator}/n{n}/rep{replicate}/retention.json"),

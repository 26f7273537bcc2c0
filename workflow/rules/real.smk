"""Real images: checked, split, and drawn.

Takes MNIST's files or a folder of pictures; gives real/{pool,validation,test}.safetensors, of a
folder real/images.csv (what became of each picture), and the N real images of each replicate; and
unlabelled/images.safetensors, which holds no label. Where replicates test other images each, all
are in real/all.safetensors, and the parts in real/rep{replicate}.
"""

# All sets are read, and written, once.
READ_MINUTES = sizes.minutes(
    30,
    pictures=sources.labelled(config) + UNLABELLED,
    moved=2 * (sources.labelled(config) + UNLABELLED) * sizes.image_bytes(config["images"]),
)


rule prepare_real:
    """Split the real images into pool, validation and test, or say which replicate tests which."""
    input:
        sources.files(config["real"]),
    output:
        **sources.manifest(config["real"], "results/{study}/real/images.csv"),
        **(
            {"labelled": ALL_LABELLED, "places": "results/{study}/real/places.safetensors"}
            if ROTATED
            else {name: f"{SPLIT}/{name}.safetensors" for name in ("pool", "validation", "test")}
        ),
    log:
        "results/{study}/logs/prepare_real.log",
    benchmark:
        "results/{study}/benchmarks/prepare_real.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=1500,
        runtime=READ_MINUTES,
    params:
        **call(
            "prepare_real",
            settings=config["real"],
            images=config["images"],
            needed=sources.needed(config, "real"),
            **({"replicates": config["replicates"]} if ROTATED else {}),
        ),
        unnameable=sources.unnameable(config["real"]),
    shell:
        RUN


rule split_real:
    """Split all labelled images as one replicate has them."""
    input:
        labelled=ALL_LABELLED,
        places="results/{study}/real/places.safetensors",
    output:
        pool="results/{study}/real/rep{replicate}/pool.safetensors",
        validation="results/{study}/real/rep{replicate}/validation.safetensors",
        test="results/{study}/real/rep{replicate}/test.safetensors",
    log:
        "results/{study}/logs/split_real/rep{replicate}.log",
    benchmark:
        "results/{study}/benchmarks/split_real/rep{replicate}.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        **call("split_real"),
    shell:
        RUN


rule draw_real:
    """Draw the N real images of one replicate."""
    input:
        pool=f"{SPLIT}/pool.safetensors",
    output:
        "results/{study}/real/n{n}/rep{replicate}/images.safetensors",
    log:
        "results/{study}/logs/draw_real/n{n}/rep{replicate}.log",
    benchmark:
        "results/{study}/benchmarks/draw_real/n{n}/rep{replicate}.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        **call("draw_real", seed=config["seed"]),
    shell:
        RUN


rule draw_unlabelled:
    """Read the unlabelled real images from their folder, or take the pool's without their labels."""
    input:
        sources.files(config["unlabelled"]),
        pool=f"{SPLIT}/pool.safetensors",
        validation=f"{SPLIT}/validation.safetensors",
        test=f"{SPLIT}/test.safetensors",
    output:
        **sources.manifest(config["unlabelled"], f"{WITHOUT_LABELS}/images.csv"),
        output=f"{WITHOUT_LABELS}/images.safetensors",
    log:
        f"results/{{study}}/logs/draw_unlabelled{OWN}.log",
    benchmark:
        f"results/{{study}}/benchmarks/draw_unlabelled{OWN}.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=1500,
        runtime=READ_MINUTES,
    params:
        **call(
            "draw_unlabelled",
            settings=config["unlabelled"] | {"group": config["real"]["group"]},
            images=config["images"],
            seed=config["seed"],
        ),
        unnameable=sources.unnameable(config["unlabelled"]),
    shell:
        RUN

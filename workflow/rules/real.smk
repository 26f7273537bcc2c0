"""Real images: checked, split, and drawn.

Takes MNIST's files or a folder of pictures; gives real/{pool,validation,test}.safetensors, of a
folder real/images.csv (what became of each picture), and the N real images of each replicate; and
unlabelled/images.safetensors, which holds no label.
"""

# All sets are read, and written, once.
READ_MINUTES = sizes.minutes(
    30,
    pictures=sum(sources.counts(config).values()) + UNLABELLED,
    moved=2
    * (sum(sources.counts(config).values()) + UNLABELLED)
    * sizes.image_bytes(config["images"]),
)


rule prepare_real:
    """Split the real images into pool, validation and test."""
    input:
        sources.files(config["real"]),
    output:
        **sources.manifest(config["real"], "results/{study}/real/images.csv"),
        pool="results/{study}/real/pool.safetensors",
        validation="results/{study}/real/validation.safetensors",
        test="results/{study}/real/test.safetensors",
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
        ),
        unnameable=sources.unnameable(config["real"]),
    shell:
        RUN


rule draw_real:
    """Draw the N real images of one replicate."""
    input:
        pool="results/{study}/real/pool.safetensors",
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
        pool="results/{study}/real/pool.safetensors",
        validation="results/{study}/real/validation.safetensors",
        test="results/{study}/real/test.safetensors",
    output:
        **sources.manifest(config["unlabelled"], "results/{study}/unlabelled/images.csv"),
        output="results/{study}/unlabelled/images.safetensors",
    log:
        "results/{study}/logs/draw_unlabelled.log",
    benchmark:
        "results/{study}/benchmarks/draw_unlabelled.tsv"
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

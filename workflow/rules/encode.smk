"""Features: what a pretrained network makes of image sets, once for all classifiers that read them.

Takes an image set; gives features/{learner}/{images}/view{view}.safetensors. View 0 is the set as
it is, the others are augmented.
"""


rule encode:
    """Let a pretrained network see one view of an image set."""
    input:
        images="results/{study}/{images}.safetensors",
        weights=weights_of,
    output:
        "results/{study}/features/{learner}/{images}/view{view}.safetensors",
    log:
        "results/{study}/logs/encode/{learner}/{images}/view{view}.log",
    benchmark:
        "results/{study}/benchmarks/encode/{learner}/{images}/view{view}.tsv"
    wildcard_constraints:
        images=r"real/(pool|validation|test)|(rendered|unlabelled|translated/[^/]+/n\d+/rep\d+)/images",
        view=r"\d+",
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=encode_memory,
        runtime=encode_minutes,
        gpu=GPU,
    params:
        **call(
            "encode",
            settings=encoding_of,
            # What tells apart the random streams of sets and views.
            images_of=lambda wildcards: wildcards.images,
            seed=config["seed"],
            device=config["device"],
        ),
    shell:
        RUN

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
        images=r"real/(pool|validation|test|all)|(rendered|unlabelled(/rep\d+)?|translated/[^/]+/n\d+/rep\d+)/images",
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


# Each learner has as many views as its settings say, and a rule the same outputs for all jobs.
for LEARNER in filter(learners.encoded, config["learners"]) if ROTATED else ():
    VIEWS = range(learners.n_views(LEARNER, config["learner_settings"][LEARNER]))

    rule:
        # Split the features of all labelled images as one replicate has them; none is encoded anew.
        name:
            f"split_features_{LEARNER}"
        input:
            places="results/{study}/real/places.safetensors",
            views=[
                f"results/{{study}}/features/{LEARNER}/real/all/view{view}.safetensors"
                for view in VIEWS
            ],
        output:
            # Tested images are seen as they are and mirrored.
            **{
                kind: [
                    f"results/{{study}}/features/{LEARNER}/real/rep{{replicate}}/{kind}/view{view}.safetensors"
                    for view in (VIEWS if kind == "pool" else VIEWS[:2])
                ]
                for kind in ("pool", "validation", "test")
            },
        log:
            f"results/{{study}}/logs/split_features/{LEARNER}/rep{{replicate}}.log",
        benchmark:
            f"results/{{study}}/benchmarks/split_features/{LEARNER}/rep{{replicate}}.tsv"
        localrule: True
        conda:
            "../../envs/realink.yaml"
        resources:
            mem_mb=1500,
            runtime=10,
        params:
            **call("split_features"),
        shell:
            RUN

"""Doubted labels: classifiers that did not train on a picture read another class in it.

Takes the labelled images that are not tested on, or their features; gives crossfitted/{learner} and
answer/doubted.csv.
"""

# Five trainings of a backbone's last blocks would take a quarter of an hour.
DOUBTERS = [name for name in config["learners"] if name != "finetuned"] or config["learners"]


rule cross_fit:
    """Score every labelled image by classifiers that were trained on others."""
    input:
        images=list(KNOWN.values()),
        pool=lambda wildcards: labelled_views(wildcards, "real/all" if ROTATED else "real/pool"),
        validation=lambda wildcards: (
            [] if ROTATED else labelled_views(wildcards, "real/validation")
        ),
    output:
        "results/{study}/crossfitted/{learner}.safetensors",
    log:
        "results/{study}/logs/cross_fit/{learner}.log",
    benchmark:
        "results/{study}/benchmarks/cross_fit/{learner}.tsv"
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=lambda wildcards, attempt: attempt
        * sizes.memory_mb(MEMORY, sizes.held(config, grid.Recipe(**crossfitted_recipe(wildcards)))),
        runtime=growing(30),
        gpu=GPU,
    params:
        **call(
            "cross_fit",
            settings=crossfitted_settings,
            recipe=crossfitted_recipe,
            augmentation=lambda wildcards: (
                config["augmentation"]
                if AUGMENTED and not learners.encoded(wildcards.learner)
                else None
            ),
            seed=config["seed"],
            device=config["device"],
        ),
    shell:
        RUN


rule doubt_labels:
    """List the labelled pictures whose label is doubted most."""
    input:
        **sources.manifest(config["real"], "results/{study}/real/images.csv"),
        scores=expand("results/{{study}}/crossfitted/{learner}.safetensors", learner=DOUBTERS),
        images=list(KNOWN.values()),
    output:
        shown("results/{study}/answer/doubted.csv", "Answer"),
    log:
        "results/{study}/logs/doubt_labels.log",
    benchmark:
        "results/{study}/benchmarks/doubt_labels.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **call("doubt_labels", splits=list(KNOWN)),
    shell:
        RUN

"""Rendered images: drawn from fonts, or read from a folder.

Takes font packages and files, or pictures; gives rendered/images.safetensors, and what became of
each face (rendered/faces.csv) or picture (rendered/images.csv).
"""

FONTS = config["rendered"]["source"] == "fonts"


rule catalogue_fonts:
    """List every face, and why one is left out."""
    input:
        sources.files(config["rendered"]),
        families=config["rendered"]["families"],
    output:
        "results/{study}/rendered/faces.csv",
    log:
        "results/{study}/logs/catalogue_fonts.log",
    benchmark:
        "results/{study}/benchmarks/catalogue_fonts.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        **call("catalogue_fonts", settings=config["rendered"]),
        unnameable=sources.unnameable(config["rendered"]),
    shell:
        RUN


rule prepare_rendered:
    """Draw the rendered images in the faces' glyphs, or read them from the folder."""
    input:
        [] if FONTS else sources.files(config["rendered"]),
        faces="results/{study}/rendered/faces.csv" if FONTS else [],
        pool=[] if FONTS or ROTATED else f"{SPLIT}/pool.safetensors",
        validation=[] if FONTS or ROTATED else f"{SPLIT}/validation.safetensors",
        # Where each replicate tests other ones, all are tested.
        test=[] if FONTS else ALL_LABELLED if ROTATED else f"{SPLIT}/test.safetensors",
    output:
        **sources.manifest(config["rendered"], "results/{study}/rendered/images.csv"),
        output="results/{study}/rendered/images.safetensors",
    log:
        "results/{study}/logs/prepare_rendered.log",
    benchmark:
        "results/{study}/benchmarks/prepare_rendered.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        **call(
            "prepare_rendered",
            settings=config["rendered"],
            images=config["images"],
            classes=list(sources.classes(config)),
            total=config["rendered"]["count"],
            needed=sources.needed(config, "rendered"),
            seed=config["seed"],
            duplicates=config["real"]["duplicates"],
        ),
        unnameable=sources.unnameable(config["rendered"]),
    shell:
        RUN

"""Pictures that look the same, of which one is tested: then errors may be too small.

Takes the image sets of folders of pictures; gives answer/alike.csv.
"""

OF_REAL = sources.manifest(config["real"], "results/{study}/real/images.csv")
OF_RENDERED = sources.manifest(config["rendered"], "results/{study}/rendered/images.csv")
# By their split in these tables.
COMPARED = {
    **KNOWN,
    **({} if ROTATED else {TEST: TESTED}),
    **({RENDERED: "results/{study}/rendered/images.safetensors"} if OF_RENDERED else {}),
}
# With turns each replicate has other ones.
OF_UNLABELLED = (
    {} if ROTATED else sources.manifest(config["unlabelled"], f"{WITHOUT_LABELS}/images.csv")
)
if OF_UNLABELLED:
    COMPARED["unlabelled"] = f"{WITHOUT_LABELS}/images.safetensors"


rule find_alike:
    """List pairs of pictures that look the same, one of which is tested or chosen by."""
    input:
        **OF_REAL,
        **({"rendered": OF_RENDERED["manifest"]} if OF_RENDERED else {}),
        **({"unlabelled": OF_UNLABELLED["manifest"]} if OF_UNLABELLED else {}),
        **({"places": "results/{study}/real/places.safetensors"} if ROTATED else {}),
        images=list(COMPARED.values()),
    output:
        shown("results/{study}/answer/alike.csv", "Answer"),
    log:
        "results/{study}/logs/find_alike.log",
    benchmark:
        "results/{study}/benchmarks/find_alike.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **call("find_alike", splits=list(COMPARED)),
    shell:
        RUN

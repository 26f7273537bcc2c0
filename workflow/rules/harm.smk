"""Where the advice hurts: classes that it misreads more often, and how their images differ.

Takes what was advised, predictions and images; gives answer/harm.csv.
"""


rule explain_harm:
    """Find classes whose errors the advised mix raises, and how its images of these differ."""
    input:
        metrics="results/{study}/metrics.csv",
        predictions="results/{study}/predictions.safetensors",
        answer="results/{study}/answer/answer.json",
        pool=of_first(f"{SPLIT}/pool.safetensors"),
        validation=of_first(f"{SPLIT}/validation.safetensors"),
        rendered=(
            "results/{study}/rendered/images.safetensors"
            if any(cell.synthetic == "rendered" for cell in CELLS)
            else []
        ),
        translated=grid.paths(
            "results/{study}/translated/{translator}/n{n}/rep1/images.safetensors",
            FIRST,
            study=STUDY,
        ),
    output:
        shown("results/{study}/answer/harm.csv", "Answer"),
    log:
        "results/{study}/logs/explain_harm.log",
    benchmark:
        "results/{study}/benchmarks/explain_harm.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **call(
            "explain_harm",
            translators=[cell.translator for cell in FIRST],
            counts=[cell.n_real for cell in FIRST],
            seed=config["seed"],
        ),
    shell:
        RUN


rule plot_harm:
    """Test images that the advised mix alone misreads, of the classes whose errors it raises."""
    input:
        metrics="results/{study}/metrics.csv",
        predictions="results/{study}/predictions.safetensors",
        harm="results/{study}/answer/harm.csv",
        test=TESTED,
    output:
        report(
            "results/{study}/figures/hurts.png", caption="../report/hurts.rst", category="Images"
        ),
    log:
        "results/{study}/logs/plot_harm.log",
    benchmark:
        "results/{study}/benchmarks/plot_harm.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        **call("plot_harm", invert=sources.is_mnist(config["real"])),
    shell:
        RUN

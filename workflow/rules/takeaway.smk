"""What a study gives to other programs: a classifier to use, and translated images.

Takes the answer, classifiers and translated sets; gives final/, and on demand export/.
"""

# Classifiers at the largest count that the answer speaks of: one of them is given away.
ALONE = [cell for cell in ADVISABLE if cell.real and cell.synthetic == "none" and not cell.pseudo]
LARGEST = max((cell.n_real for cell in ALONE), default=None)
LAST = [cell for cell in ADVISABLE if cell.n_real == LARGEST]


rule export_classifier:
    """The classifier that the answer recommends at the largest count, for use elsewhere."""
    input:
        grid.paths(f"results/{{study}}/{CLASSIFIER}/model.safetensors", LAST, study=STUDY),
        os.path.relpath(PACKAGE / "realink/page/templates/card.md.jinja"),
        answer="results/{study}/answer/answer.json",
        summary="results/{study}/answer/summary.csv",
        metrics="results/{study}/metrics.csv",
        pool="results/{study}/real/pool.safetensors",
        test="results/{study}/real/test.safetensors",
        trust="results/{study}/answer/trust.csv",
        unknown="results/{study}/answer/unknown.json",
    output:
        model="results/{study}/final/model.safetensors",
        onnx="results/{study}/final/model.onnx",
        classes="results/{study}/final/classes.json",
        card="results/{study}/final/README.md",
    log:
        "results/{study}/logs/export_classifier.log",
    benchmark:
        "results/{study}/benchmarks/export_classifier.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        **call(
            "export_classifier",
            classifier=f"results/{STUDY}/{CLASSIFIER}/model.safetensors",
            images=config["images"],
            real=config["real"],
            asked_risk=config["trust"]["risk"],
            seed=config["seed"],
        ),
    shell:
        RUN


rule export:
    """Translated images as pictures, <class>/<number>.png."""
    input:
        "results/{study}/translated/{translator}/n{n}/rep{replicate}/images.safetensors",
    output:
        directory("results/{study}/export/{translator}/n{n}/rep{replicate}"),
    log:
        "results/{study}/logs/export/{translator}/n{n}/rep{replicate}.log",
    benchmark:
        "results/{study}/benchmarks/export/{translator}/n{n}/rep{replicate}.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        **call("export", f"results/{STUDY}"),
    shell:
        RUN

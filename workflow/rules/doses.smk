"""Doses: one mix with fewer synthetic images, other shares of real ones, and in turn.

Takes what the classifiers of the grid take; gives dose/, tables, and answer/doses.json.
"""

DOSE_RECORDS = {
    "classifier": f"results/{STUDY}/{DOSE}/metrics.json",
    "scores": f"results/{STUDY}/{DOSE}/scores.safetensors",
}


use rule train_classifier as train_dose with:
    output:
        checkpoint=f"results/{{study}}/{DOSE}/model.safetensors",
        scores=f"results/{{study}}/{DOSE}/scores.safetensors",
        metrics=f"results/{{study}}/{DOSE}/metrics.json",
    log:
        f"results/{{study}}/logs/train_dose/{DOSE.removeprefix('dose/')}.log",
    benchmark:
        f"results/{{study}}/benchmarks/train_dose/{DOSE.removeprefix('dose/')}.tsv"
    wildcard_constraints:
        n_synthetic=r"\d+",
        real_share=r"[\w.-]+",
        order="mixed|first",
    params:
        **call(
            "train_classifier",
            recipe=lambda wildcards: dose_of(wildcards)._asdict(),
            settings=lambda wildcards: learner_with(dose_of(wildcards)),
            augmentation=augmentation_of,
            seed=config["seed"],
            device=config["device"],
        ),


rule collect_doses:
    """Collect the records of all doses into a table, and what their classifiers predicted."""
    input:
        grid.paths(DOSE_RECORDS["classifier"], DOSES),
        grid.paths(DOSE_RECORDS["scores"], DOSES),
        test="results/{study}/real/test.safetensors",
    output:
        metrics=shown("results/{study}/doses.csv", "Tables"),
        predictions="results/{study}/dose_predictions.safetensors",
    log:
        "results/{study}/logs/collect_doses.log",
    benchmark:
        "results/{study}/benchmarks/collect_doses.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        **call("collect_doses", config=config, **DOSE_RECORDS),
    shell:
        RUN


rule analyse_doses:
    """How many synthetic images are enough, and whether their share and order matter."""
    input:
        doses="results/{study}/doses.csv",
        dose_predictions="results/{study}/dose_predictions.safetensors",
        metrics="results/{study}/metrics.csv",
        predictions="results/{study}/predictions.safetensors",
    output:
        summary=shown("results/{study}/answer/doses.csv", "Answer"),
        comparisons=shown("results/{study}/answer/dose_comparisons.csv", "Answer"),
        answer="results/{study}/answer/doses.json",
    log:
        "results/{study}/logs/analyse_doses.log",
    benchmark:
        "results/{study}/benchmarks/analyse_doses.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **call("analyse_doses", doses_of=config["doses"], seed=config["seed"]),
    shell:
        RUN

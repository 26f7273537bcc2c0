"""How far the advised classifiers can be trusted: calibration, risk, and what they do not know.

Takes the answer, scores, classifiers and real images; gives tables in answer/.
"""

# Classifiers that the answer may advise.
ADVISABLE = grid.standard(config)


rule measure_trust:
    """Temperature and threshold of risk by validation images, and what they are worth on test ones."""
    input:
        grid.paths(RECORDS["scores"], ADVISABLE),
        answer="results/{study}/answer/answer.json",
        validation=of_each(f"{SPLIT}/validation.safetensors"),
        test=of_each(f"{SPLIT}/test.safetensors"),
    output:
        trust=shown("results/{study}/answer/trust.csv", "Answer"),
        reliability="results/{study}/answer/reliability.csv",
        coverage="results/{study}/answer/coverage.csv",
    log:
        "results/{study}/logs/measure_trust.log",
    benchmark:
        "results/{study}/benchmarks/measure_trust.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **call(
            "measure_trust",
            config=config,
            scores=RECORDS["scores"],
            seed=config["seed"],
        ),
    shell:
        RUN


rule measure_unknown:
    """From which score on a picture is none of the classes, by validation images."""
    input:
        grid.paths(f"results/{{study}}/{CLASSIFIER}/model.safetensors", ADVISABLE, study=STUDY),
        answer="results/{study}/answer/answer.json",
        pool=of_each(f"{SPLIT}/pool.safetensors"),
        validation=of_each(f"{SPLIT}/validation.safetensors"),
        test=of_each(f"{SPLIT}/test.safetensors"),
    output:
        "results/{study}/answer/unknown.json",
    log:
        "results/{study}/logs/measure_unknown.log",
    benchmark:
        "results/{study}/benchmarks/measure_unknown.tsv"
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=MEMORY,
        runtime=growing(30),
    params:
        **call(
            "measure_unknown",
            config=config,
            classifier=f"results/{STUDY}/{CLASSIFIER}/model.safetensors",
            false_alarms=config["trust"]["false_alarms"],
            seed=config["seed"],
        ),
    shell:
        RUN

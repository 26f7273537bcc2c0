"""Why the talk saw what it saw: for config/talk.yaml, and asked for by the target `talk`.

Takes the study's tables; gives answer/{protocols,hypotheses,gains}.csv and figures/talk.
"""


rule explain_talk:
    """The talk's statements under each budget, and each reason why translations may help."""
    input:
        metrics="results/{study}/metrics.csv",
        predictions="results/{study}/predictions.safetensors",
        translators="results/{study}/translators.csv",
    output:
        protocols="results/{study}/answer/protocols.csv",
        hypotheses="results/{study}/answer/hypotheses.csv",
        gains="results/{study}/answer/gains.csv",
    log:
        "results/{study}/logs/explain_talk.log",
    benchmark:
        "results/{study}/benchmarks/explain_talk.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **call("explain_talk", epochs=config["epochs"]),
    shell:
        RUN


rule plot_talk:
    """Errors by budget, and what is left of the gain without right labels."""
    input:
        metrics="results/{study}/metrics.csv",
        gains="results/{study}/answer/gains.csv",
    output:
        svg="results/{study}/figures/talk.svg",
        png="results/{study}/figures/talk.png",
    log:
        "results/{study}/logs/plot_talk.log",
    benchmark:
        "results/{study}/benchmarks/plot_talk.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        **call("plot_talk", epochs=config["epochs"]),
    shell:
        RUN


rule talk:
    """All that is said of the talk alone."""
    input:
        expand(rules.explain_talk.output, study=STUDY),
        expand(rules.plot_talk.output, study=STUDY),

"""What the study found of the talk's claims, and why the talk saw what it saw.

Takes the study's tables; gives answer/{claims,protocols,hypotheses,gains}.csv and figures/talk.
"""

from pathlib import Path

# The commands of these rules; edited, they rerun.
CODE = Path(str(workflow.current_basedir.get_path_or_uri(secret_free=True))) / "talk_study"


rule judge_claims:
    """The talk's claims, what this study measured, and whether they hold in it."""
    input:
        summary="results/{study}/answer/summary.csv",
        comparisons="results/{study}/answer/comparisons.csv",
        translators="results/{study}/translators.csv",
    output:
        "results/{study}/answer/claims.csv",
    log:
        "results/{study}/logs/judge_claims.log",
    benchmark:
        "results/{study}/benchmarks/judge_claims.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        **realink.call("judge_claims", package=CODE),
    shell:
        realink.RUN


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
        **realink.call("explain_talk", package=CODE, epochs=config["epochs"]),
    shell:
        realink.RUN


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
        **realink.call("plot_talk", package=CODE, epochs=config["epochs"]),
    shell:
        realink.RUN

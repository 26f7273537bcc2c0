"""The answer: from all jobs' records to tables, verdicts and the page.

Takes the records; gives the study's tables, answer/ and report.html.
"""

CLASSIFIER = "classifier/{learner}/{mix}/n{n}/rep{replicate}"
TRANSLATOR = "{translator}/n{n}/rep{replicate}"
# What `collect` reads of every job. Thousands of paths do not fit into one command, so it fills in
# the patterns by itself.
RECORDS = {
    name: f"results/{STUDY}/{pattern}"
    for name, pattern in {
        "classifier": f"{CLASSIFIER}/metrics.json",
        "scores": f"{CLASSIFIER}/scores.safetensors",
        "translator": f"translator/{TRANSLATOR}/metrics.json",
        "retention": f"translated/{TRANSLATOR}/retention.json",
        "gap": f"gap/{TRANSLATOR}.json",
        "reference": "gap/{images}/rep{replicate}.json",
    }.items()
}
PSEUDO_CELLS = [cell for cell in CELLS if cell.pseudo]
POOLS = of_each(f"{SPLIT}/pool.safetensors")
# Whether their labels are there to hold pseudo-labels to.
HIDDEN = bool(PSEUDO_CELLS) and config["unlabelled"]["source"] == "pool"
# What a page looks like is part of no module. Relative, so that a moved checkout reruns nothing.
TEMPLATES = [
    os.path.relpath(template)
    for template in sorted(PACKAGE.glob("realink/page/templates/*.jinja"))
    if not template.match("*.md.jinja")  # the model card's
]


rule collect:
    """Collect all records into tables, what all classifiers predicted, and the settings."""
    input:
        of_classifiers(RECORDS["classifier"]),
        of_classifiers(RECORDS["scores"]),
        of_translators(RECORDS["translator"]),
        of_translators(RECORDS["retention"]),
        of_translators(RECORDS["gap"]),
        of_references(RECORDS["reference"]),
        test=TESTED,
        places="results/{study}/real/places.safetensors" if ROTATED else [],
    output:
        metrics=shown("results/{study}/metrics.csv", "Tables"),
        predictions="results/{study}/predictions.safetensors",
        translators=shown("results/{study}/translators.csv", "Tables"),
        confusions="results/{study}/confusions.csv",
        gaps=shown("results/{study}/gap.csv", "Tables"),
        settings="results/{study}/config.json",
    log:
        "results/{study}/logs/collect.log",
    benchmark:
        "results/{study}/benchmarks/collect.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        **call("collect", config=config, **RECORDS),
    shell:
        RUN


rule analyse:
    """The answer in numbers: intervals, comparisons, break-even, worth; errors by group."""
    input:
        metrics="results/{study}/metrics.csv",
        predictions="results/{study}/predictions.safetensors",
        translators="results/{study}/translators.csv",
    output:
        **(
            {"groups": shown("results/{study}/answer/groups.csv", "Answer")}
            if sources.has_groups(config["real"])
            else {}
        ),
        summary=shown("results/{study}/answer/summary.csv", "Answer"),
        comparisons=shown("results/{study}/answer/comparisons.csv", "Answer"),
        break_even=shown("results/{study}/answer/break_even.csv", "Answer"),
        worth=shown("results/{study}/answer/worth.csv", "Answer"),
        classes=shown("results/{study}/answer/classes.csv", "Answer"),
        more_labels=shown("results/{study}/answer/more_labels.csv", "Answer"),
        answer="results/{study}/answer/answer.json",
    log:
        "results/{study}/logs/analyse.log",
    benchmark:
        "results/{study}/benchmarks/analyse.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **call("analyse", pool=sources.pool(config), seed=config["seed"], **UNLABELLED_THERE),
    shell:
        RUN


rule check_pseudo_labels:
    """How right pseudo-labels were, by labels that nothing which trains has seen."""
    input:
        grid.paths(RECORDS["scores"], PSEUDO_CELLS),
        POOLS,
    output:
        shown("results/{study}/answer/pseudo_labels.csv", "Answer"),
    log:
        "results/{study}/logs/check_pseudo_labels.log",
    benchmark:
        "results/{study}/benchmarks/check_pseudo_labels.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **call(
            "check_pseudo_labels",
            config=config,
            scores=RECORDS["scores"],
            pool=f"{SPLIT}/pool.safetensors".replace("{study}", STUDY),
            seed=config["seed"],
        ),
    shell:
        RUN


rule report:
    """The answer on one page, which needs no network."""
    input:
        TEMPLATES,
        rules.analyse.output,
        **{
            name: f"results/{{study}}/figures/{name}.png"
            for name in ("rendered", "triptych", "examples", "hurts")
            if PICTURED
        },
        metrics="results/{study}/metrics.csv",
        translators="results/{study}/translators.csv",
        confusions="results/{study}/confusions.csv",
        gaps="results/{study}/gap.csv",
        answer="results/{study}/answer/answer.json",
        harm="results/{study}/answer/harm.csv",
        judge=of_each(f"{JUDGE}/metrics.json") if TRANSLATOR_CELLS else [],
        pseudo_labels="results/{study}/answer/pseudo_labels.csv" if HIDDEN else [],
        doses="results/{study}/answer/doses.json" if DOSES else [],
        trust="results/{study}/answer/trust.csv",
        unknown="results/{study}/answer/unknown.json",
        sheets=[f"{sheet}.png" for sheet in SHEETS],
        training="results/{study}/training.csv" if HISTORIES else [],
        domains="results/{study}/map.csv" if TRANSLATOR_CELLS else [],
        doubted="results/{study}/answer/doubted.csv",
        alike=rules.find_alike.output if OF_REAL else [],
        # Whose pictures may be shown.
        labelled=rules.doubt_labels.input.images if PICTURED else [],
        compared=rules.find_alike.input.images if OF_REAL and PICTURED else [],
        manifests=[
            manifest
            for kind, place in (("real", "results/{study}/real"), ("unlabelled", WITHOUT_LABELS))
            for manifest in sources.manifest(
                config[kind], f"{of_first(place)}/images.csv"
            ).values()
        ],
    output:
        shown("results/{study}/report.html", "Answer"),
    log:
        "results/{study}/logs/report.log",
    benchmark:
        "results/{study}/benchmarks/report.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        **call(
            "report",
            config=config,
            benchmarks=f"results/{STUDY}/benchmarks",
            splits=list(COMPARED) if OF_REAL and PICTURED else [],
            **UNLABELLED_THERE,
        ),
    shell:
        RUN

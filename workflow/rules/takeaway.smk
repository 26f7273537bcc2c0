"""What a study gives to other programs: a classifier to use, and translated images.

Takes the answer, all labelled images and translated sets; gives final/, and on demand export/.
"""

# Classifiers at the largest count: one like them is given away, trained on all labelled images.
LAST = grid.last(config)
GIVEN = grid.final(config, sources.given_away(config))
LAST_TRANSLATORS = sorted({cell.translator for cell in LAST} - {None})
SEES_UNLABELLED = any(cell.pseudo for cell in LAST) or any(map(n_unlabelled_seen, LAST_TRANSLATORS))
# What pretrained networks see in all labelled images, where that was made for the replicates.
FEATURES = "results/{study}/features/{learner}/real/all/view{view}.safetensors"
SEEN = [
    FEATURES.replace("{learner}", name).replace("{view}", str(view))
    for name in sorted(
        {cell.learner for cell in LAST if ROTATED and learners.encoded(cell.learner)}
    )
    for view in range(learners.n_views(name, config["learner_settings"][name]))
]


rule train_final:
    """Train the classifier that the answer advises at the largest count on all labelled images."""
    input:
        grid.paths(f"results/{{study}}/{CLASSIFIER}/model.safetensors", LAST, study=STUDY),
        sorted(
            {
                path
                for cell in LAST
                if (path := learners.weights_file(config["learner_settings"][cell.learner]))
            }
        ),
        SEEN,
        answer="results/{study}/answer/answer.json",
        real=list(KNOWN.values()),
        rendered=(
            "results/{study}/rendered/images.safetensors"
            if any(cell.synthetic != "none" for cell in LAST)
            else []
        ),
        # Those of any replicate may be used: none that trains here is tested.
        unlabelled=of_first(f"{WITHOUT_LABELS}/images.safetensors") if SEES_UNLABELLED else [],
    output:
        model="results/{study}/final/model.safetensors",
        record="results/{study}/final/training.json",
    log:
        "results/{study}/logs/train_final.log",
    benchmark:
        "results/{study}/benchmarks/train_final.tsv"
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=final_memory,
        runtime=growing(60),
        gpu=GPU,
    params:
        **call(
            "train_final",
            recipes={name: [cell._asdict() for cell in own] for name, own in GIVEN.items()},
            every_learner=list(dict.fromkeys(cell.learner for cell in LAST)),
            every_translator=LAST_TRANSLATORS,
            learner_settings={name: learner_with(own[-1]) for name, own in GIVEN.items()},
            translator_settings={name: config["translators"][name] for name in LAST_TRANSLATORS},
            augmentation=config["augmentation"],
            classifier=f"results/{STUDY}/{CLASSIFIER}/model.safetensors",
            replicates=config["replicates"],
            n=max((cell.n_real for cell in LAST), default=0),
            seed=config["seed"],
            device=config["device"],
            **({"features": FEATURES.replace("{study}", STUDY)} if SEEN else {}),
        ),
    shell:
        RUN


rule export_classifier:
    """The same for use elsewhere, and its card."""
    input:
        os.path.relpath(PACKAGE / "realink/page/templates/card.md.jinja"),
        answer="results/{study}/answer/answer.json",
        summary="results/{study}/answer/summary.csv",
        metrics="results/{study}/metrics.csv",
        predictions="results/{study}/predictions.safetensors",
        model="results/{study}/final/model.safetensors",
        record="results/{study}/final/training.json",
        test=TESTED,
        labelled=list(KNOWN.values()),
        trust="results/{study}/answer/trust.csv",
        unknown="results/{study}/answer/unknown.json",
    output:
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
            images=config["images"],
            real=config["real"],
            tested_once=ROTATED,
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

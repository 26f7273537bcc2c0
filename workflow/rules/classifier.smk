"""Classifiers: one for each learner, mix, count and replicate.

Takes a mix's real and synthetic images, or their features, and unlabelled ones with what labels
them; gives classifier/{learner}/{mix}/n{n}/rep{replicate}.
"""


def recipe_of(wildcards):
    """All that makes a classifier, resolved from the config."""
    names = wildcards.learner, wildcards.mix, int(wildcards.n), int(wildcards.replicate)
    return grid.recipe(config, *names)


def sets_of(wildcards):
    """The image sets that a classifier is made from and tested on, by the command's options."""
    cell, drawn = recipe_of(wildcards), "n{n}/rep{replicate}"
    rendered = (
        "rendered/images"
        if cell.translator is None
        else f"translated/{cell.translator}/{drawn}/images"
    )
    encoded = learners.encoded(cell.learner)
    # Features are those of the whole pool, whatever is drawn from it.
    real = "real/pool" if encoded else f"real/{drawn}/images"
    sets = {"validation": "real/validation", "test": "real/test"}
    sets |= {"real": real} if cell.real else {}
    sets |= {"synthetic": rendered} if cell.synthetic != "none" else {}
    sets |= {"unlabelled": "unlabelled/images"} if UNLABELLED else {}
    if not encoded:
        return {name: f"results/{{study}}/{images}.safetensors" for name, images in sets.items()}
    views = learners.n_views(cell.learner, config["learner_settings"][cell.learner])
    # Tested images are seen as they are and mirrored, synthetic ones as they are.
    seen = {"real": range(views), "synthetic": [0]}
    return {
        name: [
            f"results/{{study}}/features/{{learner}}/{images}/view{view}.safetensors"
            for view in (seen.get(name, [0, 1]) if cell.augmented else [0])
        ]
        for name, images in sets.items()
    }


def judged_of(wildcards):
    """What the judge read in the synthetic images of a mix, if it is a control that needs it."""
    cell = recipe_of(wildcards)
    if cell.control not in JUDGED:
        return []
    return f"results/{{study}}/translated/{cell.synthetic}/n{{n}}/rep{{replicate}}/predicted.safetensors"


def teacher_of(wildcards):
    """The classifier that labels a mix's unlabelled images, if it has any."""
    if (teacher := recipe_of(wildcards).teacher) is None:
        return []
    return f"results/{{study}}/classifier/{{learner}}/{teacher}/n{{n}}/rep{{replicate}}/model.safetensors"


def learner_of(wildcards):
    """The learner's settings, with the steps and the batch size of a mix."""
    cell, settings = recipe_of(wildcards), config["learner_settings"][wildcards.learner]
    own = {"steps": cell.steps, "batch_size": cell.batch_size}
    return settings | {name: value for name, value in own.items() if name in settings}


def augmentation_of(wildcards):
    """The augmentation's settings, for the mixes that need them: no other reruns with them."""
    cell = recipe_of(wildcards)
    needed = (cell.augmented or cell.pseudo) and not learners.encoded(cell.learner)
    return config["augmentation"] if needed else None


rule train_classifier:
    """Train on one mix, then score the validation, the test and the unlabelled images."""
    input:
        unpack(sets_of),
        judged=judged_of,
        teacher=teacher_of,
    output:
        checkpoint="results/{study}/classifier/{learner}/{mix}/n{n}/rep{replicate}/model.safetensors",
        scores="results/{study}/classifier/{learner}/{mix}/n{n}/rep{replicate}/scores.safetensors",
        metrics="results/{study}/classifier/{learner}/{mix}/n{n}/rep{replicate}/metrics.json",
    log:
        "results/{study}/logs/train_classifier/{learner}/{mix}/n{n}/rep{replicate}.log",
    benchmark:
        "results/{study}/benchmarks/train_classifier/{learner}/{mix}/n{n}/rep{replicate}.tsv"
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=growing(MEMORY),
        runtime=growing(15),
        gpu=GPU,
    params:
        **call(
            "train_classifier",
            recipe=lambda wildcards: recipe_of(wildcards)._asdict(),
            settings=learner_of,
            augmentation=augmentation_of,
            seed=config["seed"],
            device=config["device"],
        ),
    shell:
        RUN


rule all_classifiers:
    """Every classifier of the grid."""
    input:
        of_classifiers(
            "results/{study}/classifier/{learner}/{mix}/n{n}/rep{replicate}/metrics.json"
        ),

"""What a classifier of the grid is made from: its recipe, its image sets or their features."""


def encoding_of(wildcards):
    """The settings of a learner that its features follow from; no other one encodes anew."""
    return learners.encoding(wildcards.learner, config["learner_settings"][wildcards.learner])


def weights_of(wildcards):
    """The file of a backbone's weights, if it has one of its own."""
    return learners.weights_file(encoding_of(wildcards)) or []


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
    real = f"real{OWN}/pool" if encoded else f"real/{drawn}/images"
    sets = {"validation": f"real{OWN}/validation", "test": f"real{OWN}/test"}
    sets |= {"real": real} if cell.real else {}
    sets |= {"synthetic": rendered} if cell.synthetic != "none" else {}
    sets |= {"unlabelled": f"unlabelled{OWN}/images"} if UNLABELLED else {}
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
    return learner_with(recipe_of(wildcards))


def learner_with(cell):
    """The same of any recipe."""
    settings = config["learner_settings"][cell.learner]
    own = {"steps": cell.steps, "batch_size": cell.batch_size}
    return settings | {name: value for name, value in own.items() if name in settings}


def augmentation_of(wildcards):
    """The augmentation's settings, for the mixes that need them: no other reruns with them."""
    cell = recipe_of(wildcards)
    needed = (cell.augmented or cell.pseudo) and not learners.encoded(cell.learner)
    return config["augmentation"] if needed else None


def encode_memory(wildcards, attempt):
    """Megabytes of a job that encodes a set, whose features it holds."""
    features = sizes.encoded(config, wildcards.images) * sizes.image_bytes(config["images"]) / 2
    return attempt * sizes.memory_mb(MEMORY, features)


def encode_minutes(wildcards, attempt):
    """Minutes of the same."""
    images = config["images"]["height"] * config["images"]["width"]
    seen = sizes.encoded(config, wildcards.images) * images
    return attempt * (10 + math.ceil(seen / sizes.PIXELS_A_SECOND / 60))


def classifier_memory(wildcards, attempt):
    """Megabytes of a training, with all images, or features, that it holds."""
    return attempt * sizes.memory_mb(MEMORY, sizes.held(config, recipe_of(wildcards)))


def final_memory(wildcards, attempt):
    """Megabytes of the training on all labelled images, which may first translate and encode."""
    held = max((sizes.held(config, cell) for own in GIVEN.values() for cell in own), default=0)
    rendered = sizes.set_bytes(config, "rendered") if LAST_TRANSLATORS else 0
    return attempt * sizes.memory_mb(MEMORY, held, 2 * rendered)


# Of a training: with 300 steps all of 100 digits in 10,000 whose labels were swapped were among the
# 200 most doubted.
CROSSFIT_STEPS = 300
AUGMENTED = any(cell.augmented for cell in CELLS)


def labelled_views(wildcards, images):
    """The views of a set that are there for it and for all sets that are tested, if any."""
    if not learners.encoded(wildcards.learner):
        return []
    views = [0, 1] if AUGMENTED else [0]
    return [
        f"results/{{study}}/features/{{learner}}/{images}/view{view}.safetensors" for view in views
    ]


def crossfitted_recipe(wildcards):
    """The classifier that doubts labels: of real images alone, augmented if the study does so."""
    mix, n = ("real-aug" if AUGMENTED else "real"), sources.pool(config)
    cell = grid.recipe(config, wildcards.learner, mix, n, 1)
    return cell._asdict()


def crossfitted_settings(wildcards):
    """The learner's settings, with fewer steps."""
    settings = config["learner_settings"][wildcards.learner]
    return settings | (
        {"steps": min(settings["steps"], CROSSFIT_STEPS)} if "steps" in settings else {}
    )


DOSES = doses.cells(config)
DOSE = "dose/{learner}/{mix}/n{n}/synthetic{n_synthetic}/share{real_share}/{order}/rep{replicate}"
# By what their paths say.
DOSE_RECIPES = dict(zip(grid.paths(DOSE, DOSES), DOSES))


def dose_of(wildcards):
    """All that makes the classifier of a dose."""
    return DOSE_RECIPES[Path(DOSE.format(**wildcards))]

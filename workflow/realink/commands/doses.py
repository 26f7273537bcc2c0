"""Commands of rules/doses.smk: tables of the doses, and what they say."""

import json
from pathlib import Path

from realink.commands.support import Json, Paths


def collect_doses(
    *, config: Json, classifier: Paths, scores: Paths, test: Path, metrics: Path, predictions: Path
) -> None:
    """Collect what all doses recorded, and what their classifiers predicted."""
    from realink.plan import doses, grid
    from realink.store import tables
    from realink.store.files import read_images, write_table
    from realink.store.predictions import collected, write_predictions

    cells = doses.cells(json.loads(config))
    rows = tables.doses_table(grid.paths(classifier, cells))
    scored = grid.paths(scores, cells)
    write_table(metrics, rows)
    found = [scored[place] for place in rows.index]
    images, replicates = read_images(test), rows["replicate"].to_numpy()
    write_predictions(predictions, collected(found, images, replicates, None))


def analyse_doses(
    *,
    doses_of: Json,
    doses: Path,
    dose_predictions: Path,
    metrics: Path,
    predictions: Path,
    seed: int,
    summary: Path,
    comparisons: Path,
    answer: Path,
) -> None:
    """Compute how many synthetic images are enough, and whether share and order matter.

    Parameters
    ----------
    doses_of : the config's `doses`
    doses, dose_predictions : what `collect_doses` wrote
    metrics, predictions : what `collect` wrote
    seed : root of the intervals' draws
    """
    from realink.answer import dose_sentences
    from realink.answer.doses import analyse
    from realink.store.files import read_table, write_json, write_table
    from realink.store.predictions import read_predictions
    from realink.store.tables import WHOLE

    found = analyse(
        (read_table(doses, WHOLE), read_predictions(dose_predictions)),
        (read_table(metrics, WHOLE), read_predictions(predictions)),
        json.loads(doses_of),
        seed,
    )
    write_table(summary, found.summary)
    write_table(comparisons, found.comparisons)
    write_json(
        answer,
        {
            "sentence": dose_sentences.sentence(found),
            "details": dose_sentences.details(found),
            "enough": [{"n_real": n} | one.record() for n, one in found.enough.items()],
        },
    )

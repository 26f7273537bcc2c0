"""Commands of rules/translator.smk: translators, trained and used."""

import json
from pathlib import Path
from typing import Any

from realink.commands.support import Device, Json


def train_translator(
    *,
    translator: str,
    settings: Json,
    rendered: Path,
    real: Path,
    unlabelled: Path | None = None,
    study: str,
    n: int,
    replicate: int,
    seed: int,
    state: Path,
    checkpoint: Path,
    history: Path,
    metrics: Path,
    device: Device = "auto",
) -> None:
    """Train a translator on the rendered and N real images; go on where one was stopped.

    Parameters
    ----------
    unlabelled : further real images; with them, no label of any real image is read
    """
    import csv

    from realink.commands.support import device_for, recorded_code, report_step
    from realink.seeds import seed_for
    from realink.settings import settings_from
    from realink.store.checkpoints import save
    from realink.store.files import read_images, write_json, written_whole
    from realink.store.states import State
    from realink.translation import loop

    module = loop.load(translator)
    knobs = settings_from(module.Settings, json.loads(settings))
    device = device_for(device)
    saved = State(state, code=recorded_code())
    images = read_images(rendered)
    seen = _seen(images, real, unlabelled)
    trained, rows = loop.train(
        module,
        images,
        seen,
        knobs,
        seed=seed_for(seed, "translator", translator, n, replicate),
        device=device,
        report=report_step,
        state=saved,
    )
    record: dict[str, Any] = {
        "study": study,
        "translator": translator,
        "n_real": n,
        "replicate": replicate,
        "train_steps": rows[-1]["step"] if rows else 0,
        "train_seconds": round(saved.seconds, 2),
        "device": device,
        "code": recorded_code(),
    } | loop.noted(trained, seen, device=device)
    # Not pandas, whose import takes longer than writing it.
    with written_whole(history) as temporary, temporary.open("w", newline="") as file:
        table = csv.DictWriter(file, rows[0] if rows else ["step"], lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    write_json(metrics, record)
    save(checkpoint, trained, translator, knobs, images.shape)
    saved.discard()


def translate(
    *,
    translator: str,
    checkpoint: Path,
    rendered: Path,
    real: Path,
    unlabelled: Path | None = None,
    n: int,
    replicate: int,
    seed: int,
    output: Path,
    device: Device = "auto",
) -> None:
    """Translate all rendered images; each keeps its label.

    Parameters
    ----------
    unlabelled : the further real images that it was trained with
    """
    from dataclasses import replace

    from realink.commands.support import device_for
    from realink.seeds import seed_for
    from realink.store.checkpoints import load
    from realink.store.files import read_images, write_images
    from realink.translation import loop

    module = loop.load(translator)
    device = device_for(device)
    images = read_images(rendered)
    translated = loop.translate(
        load(checkpoint, translator, module.model.Translator, module.Settings).to(device),
        images,
        _seen(images, real, unlabelled),
        seed=seed_for(seed, "translate", translator, n, replicate),
        device=device,
        beside=output.parent,
    )
    bent = translated.from_real
    further = {} if bent is None else {"from_real": bent}
    plain = replace(images, images=translated.images, masks=None, colours=None)
    write_images(output, plain, **further)


def _seen(rendered: Any, real: Path, unlabelled: Path | None) -> Any:
    """The real images that a translator sees: with unlabelled ones among them, none has a label.

    None that are known to be `other`, if nothing of that is rendered.
    """
    from realink.images.imagesets import concatenate
    from realink.images.names import OTHER
    from realink.store.files import read_images

    labelled = read_images(real)
    if rendered.without(OTHER) is rendered:
        labelled = labelled.without(OTHER)
    if unlabelled is None:
        return labelled
    return concatenate([labelled, read_images(unlabelled, labelled=False)])

"""Commands of rules/rendered.smk: rendered images, drawn from fonts or read from a folder."""

import json
from pathlib import Path

from realink.commands.support import Json, log
from realink.errors import InputError


def catalogue_fonts(*, families: Path, settings: Json, output: Path) -> None:
    """List all faces of the fonts, and why some are left out.

    Parameters
    ----------
    settings : the config's `rendered`
    """
    from realink.images.characters import characters_of
    from realink.images.faces import catalogue, read_families
    from realink.store.files import write_table

    asked = json.loads(settings)
    faces = catalogue(
        read_families(families), Path(asked["folder"]), characters_of(asked["characters"])
    )
    write_table(output, faces)
    accepted = faces[faces["accepted"]]
    log.info(
        "%d faces of %d families accepted, %d rejected",
        len(accepted),
        accepted["family"].nunique(),
        len(faces) - len(accepted),
    )
    for face in faces[~faces["accepted"]].itertuples():
        # Of own files a person is told, by the progress lines.
        own = Path(face.file).is_file()
        log.info("%s %s: %s", "note: own font" if own else "rejected", face.file, face.reason)


def prepare_rendered(
    *,
    settings: Json,
    images: Json,
    classes: list[str],
    total: int,
    needed: int,
    seed: int,
    output: Path,
    faces: Path | None = None,
    manifest: Path | None = None,
    pool: Path | None = None,
    validation: Path | None = None,
    test: Path | None = None,
    duplicates: str = "stop",
) -> None:
    """Draw the rendered images from fonts, or read them from a folder.

    Those of fonts are spread evenly over classes and faces.

    Parameters
    ----------
    settings : the config's `rendered`
    images : the config's `images`
    needed : images that the grid draws of them at once, at the most
    classes : names of the real images' classes, which the rendered ones must have; `other` need
        not be among these
    faces : of `catalogue_fonts`; None for a folder
    manifest : where to write what was read of a folder
    pool, validation, test : real images, which no rendered picture of a folder may be
    duplicates : the config's `real: duplicates:`, what such a picture does
    """
    from realink.seeds import seed_for
    from realink.store.files import read_images, read_table, write_images, write_table

    asked, shape = json.loads(settings), json.loads(images)
    names, seed = tuple(classes), seed_for(seed, "render")
    if faces is None:
        from realink.images import folders

        sets = {"train": pool, "validation": validation, "test": test}
        rendered, used = folders.load_rendered(
            Path(asked["directory"]),
            names,
            **shape,
            total=total,
            seed=seed,
            real={split: read_images(path) for split, path in sets.items() if path},
            duplicates=duplicates,
            beside=output.parent,
        )
        if len(rendered) < needed:
            raise InputError(
                f"config key `total`: {needed} rendered images asked for, {len(rendered)} could "
                f"be read; the log says which pictures of {asked['directory']} were left out"
            )
        write_images(output, rendered)
        if manifest is not None:
            write_table(manifest, used)
    else:
        from realink.images import faces as catalogued
        from realink.images import fonts
        from realink.images.characters import characters_of

        characters = characters_of(asked["characters"])
        rendered, face = fonts.render(
            read_table(faces, catalogued.COLUMNS, dtype={"accepted": bool}, keep_default_na=False),
            {name: characters[name] for name in names if name in characters},
            total=total,
            seed=seed,
            geometry=asked["geometry"],
            size=(shape["height"], shape["width"]),
            channels=shape["channels"],
            beside=output.parent,
        )
        write_images(output, rendered.among(names), face=face)
    log.info("%d rendered images", len(rendered))

"""Tables, records and configs, and the names of folders and files."""

import hashlib
import io
import json
import os
import tempfile
from contextlib import redirect_stdout, suppress
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import yaml
from PIL import Image

from realink.errors import InputError
from tests.fuzz.kind import ROOT, Kind, changed_json
from tests.fuzz.mutations import mutate


class Gathered(Kind):
    """Tables of pictures and where they came from, of `realink gather`, with the pictures there."""

    name = "gather tables"

    def __init__(self) -> None:
        self.pictures = [f"picture {n}".encode() for n in range(6)]
        lines = ["source,sha256,split,class,group"]
        for n, picture in enumerate(self.pictures):
            sha256 = hashlib.sha256(picture).hexdigest()
            lines.append(f"a/{n}.png,{sha256},{'train' if n % 2 else 'test'},c{n % 3},g{n}")
        self.seeds = ["\n".join([*lines, ""]).encode()]

    def one(self, random: Random, folder: Path) -> str:
        from realink.commands.gather import gather

        _, content = mutate(self.seeds, random)
        (folder / "table.csv").write_bytes(content)
        (folder / "from/a").mkdir(parents=True)
        for n, picture in enumerate(self.pictures):
            (folder / f"from/a/{n}.png").write_bytes(picture)
        before = sorted(folder.rglob("*"))
        try:
            with redirect_stdout(io.StringIO()) as printed:
                gather(folder / "table.csv", source=folder / "from", output=folder / "out")
        except InputError:
            left = set(folder.rglob("*")) - set(before)
            assert not left, f"left: {left}"
            raise
        made = [path for path in (folder / "out").rglob("*") if path.is_file()]
        outside = set(folder.rglob("*")) - {*before, folder / "out", *(folder / "out").rglob("*")}
        assert not outside, f"written outside: {outside}"
        assert printed.getvalue().startswith(f"{folder / 'out'}: {len(made)} pictures")
        assert all(path.read_bytes() in self.pictures for path in made)
        return "same" if content == self.seeds[0] else "read"


class Tables(Kind):
    """Tables of a study, CSV, as the commands read them; a changed digit cannot be noticed."""

    name = "study tables"

    def __init__(self) -> None:
        import pandas as pd

        self.known = dict(_of_a_study(".csv"))
        faces = {"face": ["a#0", "b#0"], "axes": ["", "wght=1..2"], "accepted": [True, False]}
        faces |= {"file": ["a", "b"], "sha256": ["0" * 64] * 2, "family": "F", "reason": ["", "r"]}
        self.known["faces.csv"] = pd.DataFrame(faces).to_csv(index=False).encode()
        used = {"file": ["a/1.png", "NA/2.png"], "class": ["a", "NA"], "split": ["train", "test"]}
        used |= {"group": ["", "g"], "sha256": ["0" * 64] * 2, "left_out": ["", "damaged"]}
        self.known["images.csv"] = pd.DataFrame(used).to_csv(index=False).encode()
        self.seeds = list(self.known.values())

    def one(self, random: Random, folder: Path) -> str:
        from realink.commands import studies
        from realink.page import used
        from realink.store import tables
        from realink.store.files import read_table

        place, content = mutate(self.seeds, random)
        name = list(self.known)[place]
        path = folder / name
        path.write_bytes(content)
        if name == "metrics.csv":
            studies._metrics(path)
        elif name == "confusions.csv":
            tables.read_confusions(path)
        elif name == "images.csv":
            used.read_manifest(path)
        else:
            read_table(path)
        return "same" if content == self.seeds[place] else "read"


class Records(Kind):
    """Records of jobs, JSON, collected into tables; a changed digit cannot be noticed."""

    name = "job records"

    def __init__(self) -> None:
        self.known = _of_a_study(".json")
        self.seeds = [content for _, content in self.known]
        self.seeds.append(b"[" * 100_000)

    def one(self, random: Random, folder: Path) -> str:
        from realink.store import tables

        if random.random() < 0.4:
            place = random.randrange(len(self.known))
            record = changed_json(json.loads(self.seeds[place]), random)
            content = json.dumps(record).encode()
        else:
            place, content = mutate(self.seeds, random)
        name = self.known[min(place, len(self.known) - 1)][0]
        (folder / name).write_bytes(content)
        paths = [folder / name]
        for other, whole in self.known:
            if other != name:
                (folder / other).write_bytes(whole)
        if name == "metrics.json":
            tables.classifiers_table(paths)
        elif name.startswith("gap"):
            tables.gap_table(paths)
        else:
            gaps = tables.gap_table([folder / "gap.json"])
            trained, judged = [folder / "trained.json"], [folder / "retention.json"]
            tables.translators_table(trained, judged, gaps)
            tables.confusions_table(judged)
        return "same" if content in self.seeds else "read"


def _of_a_study(suffix: str) -> list[tuple[str, bytes]]:
    """Names and contents of a made-up study's tables or records, one of each kind."""
    from realink.commands import answer
    from tests import made_up

    with tempfile.TemporaryDirectory(prefix="realink-fuzz-") as folder:
        config = made_up.settings()
        root = Path(folder)
        if suffix == ".json":
            made_up.write(root, config)
            one = "n20/rep1"
            paths = {
                "metrics.json": root / f"classifier/small/real/{one}/metrics.json",
                "trained.json": root / f"translator/warp/{one}/metrics.json",
                "retention.json": root / f"translated/warp/{one}/retention.json",
                "gap.json": root / f"gap/warp/{one}.json",
            }
        else:
            tables = {name: root / f"{name}.csv" for name in ("metrics", "translators")}
            tables |= {"confusions": root / "confusions.csv", "gaps": root / "gap.csv"}
            patterns = made_up.write(root, config)
            answer.collect(
                config=json.dumps(config),
                test=root / "real/test.safetensors",
                predictions=root / "predictions.safetensors",
                settings=root / "config.json",
                **patterns,
                **tables,
            )
            paths = {path.name: path for path in tables.values()}
        return [(name, path.read_bytes()) for name, path in paths.items()]


class Configs(Kind):
    """Configs: damaged files, and values of other kinds, as the workflow checks them."""

    name = "configs"

    def __init__(self) -> None:
        from snakemake.common.configfile import load_configfile

        from realink.plan.sources import settings_of_translators
        from tests import drawn

        os.chdir(ROOT)
        self.defaults = json.loads(json.dumps(load_configfile("config/config.yaml")))
        # With the translators' settings, which the file leaves to their modules.
        self.whole = self.defaults | {"translators": settings_of_translators(self.defaults)}
        self.folder = tempfile.TemporaryDirectory(prefix="realink-fuzz-")
        drawn.write_real(Path(self.folder.name, "real"), each=12)
        drawn.write_rendered(Path(self.folder.name, "rendered"), each=12)
        pictures = {
            "study": "pictures",
            "images": {"height": 24, "width": 20, "channels": 3},
            "real": {"source": "folder", "directory": f"{self.folder.name}/real"},
            "rendered": {"source": "folder", "directory": f"{self.folder.name}/rendered"},
            "counts": [6, 12],
            "synthetic": {"total": 30},
            "rendered_counts": [],
            "mixes": ["real", "real-rendered-aug", "harvest"],
        }
        self.seeds = [Path(f"config/{name}.yaml").read_bytes() for name in ("config", "demo")]
        self.seeds.append(json.dumps(pictures, indent=1).encode())
        for seed in self.seeds:
            with tempfile.TemporaryDirectory(prefix="realink-fuzz-") as made:
                Path(made, "c.yaml").write_bytes(seed)
                self._read(Path(made, "c.yaml"))

    def one(self, random: Random, folder: Path) -> str:
        path = folder / "c.yaml"
        if random.random() < 0.5:
            _, content = mutate(self.seeds, random)
        else:
            record = json.loads(json.dumps(self.whole))
            for _ in range(random.choice((1, 1, 3))):
                record = changed_json(record, random)
            if isinstance(record, dict) and random.random() < 0.5 and _numbers(record):
                owner, key = random.choice(_numbers(record))
                owner[key] = random.choice((-1, 0, 2**31, 2**64, 10**30, float("nan"), 1e308))
            content = json.dumps(record).encode()
        path.write_bytes(content)
        return self._read(path)

    def _read(self, path: Path) -> str:
        from snakemake.common.configfile import load_configfile
        from snakemake.exceptions import WorkflowError
        from snakemake.utils import update_config

        from realink.plan import grid, schema, sources

        try:
            config = json.loads(json.dumps(self.defaults))
            update_config(config, load_configfile(path))
        except (WorkflowError, yaml.YAMLError, UnicodeDecodeError):
            return "refused"  # by Snakemake
        schema.check(config)
        sources.check(config)
        config = sources.complete(config)
        # What the rules ask for while they are read.
        cells = grid.cells(config), grid.translator_cells(config), grid.references(config)
        sources.files(config["real"]), sources.files(config["rendered"])
        sources.needed(config, "real"), sources.needed(config, "rendered")
        json.dumps(config, allow_nan=False, sort_keys=True)
        assert cells[0]
        return "read"

    def named(self, folder: Path) -> str:
        return ""  # the key or the folder that it says


def _numbers(record: Any) -> list[tuple[Any, Any]]:
    """Where the numbers of a record stand: what holds them, and the key or place."""
    inner = record.items() if isinstance(record, dict) else enumerate(record)
    found = []
    for key, value in inner:
        if isinstance(value, dict | list):
            found += _numbers(value)
        elif isinstance(value, int | float):
            found.append((record, key))
    return found


class Names(Kind):
    """Names of folders, classes and files, of all that a file system takes."""

    name = "names"

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.pictures = []
        for _ in range(12):
            buffer = io.BytesIO()
            pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(buffer, "PNG")
            self.pictures.append(buffer.getvalue())

    def one(self, random: Random, folder: Path) -> str:
        from realink.images import folders, listing
        from realink.page import used
        from realink.store.files import read_images, read_table, write_images, write_table

        listing.list_real.cache_clear()
        listing.list_rendered.cache_clear()
        # So deep that names such as .. do not lead out of the folder.
        root = os.fsencode(folder) + b"/in/in/" + _name(random)
        for picture, label in enumerate([_name(random), _name(random)] * 6):
            place = root + b"/" + label
            name = _name(random) if random.random() < 0.3 else b"%d" % picture
            with suppress(OSError):  # too long, or there already as a file
                os.makedirs(place, exist_ok=True)
                with open(place + b"/" + name + b".png", "wb") as file:
                    file.write(self.pictures[picture])
        if not os.path.isdir(root):
            return "refused"  # by the file system
        directory = Path(os.fsdecode(root))
        there = [os.path.join(at, name) for at, _, names in os.walk(directory) for name in names]
        size = {"height": 16, "width": 16, "channels": 3, "fit": "stretch", "background": 255}
        split = {"validation": 0.1, "test": 0.2, "group": None}
        *sets, manifest = folders.load_real(directory, **size, **split, duplicates="stop")
        # Each file is used, or left out for a reason; but hidden ones are not looked at.
        told = {os.path.join(str(directory), file) for file in manifest["file"]}
        seen = {path for path in there if "/." not in path.removeprefix(str(directory))}
        seen = {os.fsencode(path).decode(errors="backslashreplace") for path in seen}
        told, seen = ({path.replace("\r", r"\r") for path in paths} for paths in (told, seen))
        assert told == seen, f"told of others: {told ^ seen}"
        assert sum(map(len, sets)) == (manifest["left_out"] == "").sum()
        write_images(folder / "i.safetensors", sets[0])
        assert read_images(folder / "i.safetensors").classes == sets[0].classes
        write_table(folder / "m.csv", manifest)
        again = read_table(folder / "m.csv", dtype=str, keep_default_na=False)
        assert again.to_dict("records") == manifest.to_dict("records"), "names change in a table"
        used.read_manifest(folder / "m.csv")
        inputs, unnameable = listing.inputs(directory), listing.unnameable(directory)
        readable = manifest[~manifest["left_out"].str.contains("UTF-8|not a picture")]
        assert len(inputs) + len(unnameable) == len(readable), "a picture is no input of the rule"
        return "same"

    def named(self, folder: Path) -> str:
        return ""  # hostile itself


PIECES = ["a", "b", "7", "NA", "007", "train", "test", "val", "null", ".", "..", " ", "-", "--help"]
PIECES += ["{n}", "{{", "}", "<a>", "</script>", "$(x)", "`y`", "*", "?", "'", '"', "\\", "\n"]
PIECES += ["\t", "\r\n", "\x7f", "\x1b[31m", "ü", "u\u0308", "日本", "\u202e", "\u2028", "\ufeff"]
PIECES += ["🙂", "%s", ",", ";", ":", "#", "~", "=", "&lt;", "\udcff", "\udc80", "a" * 90, "rep1"]


def _name(random: Random) -> bytes:
    """A name of few hostile pieces, or of any bytes."""
    if random.random() < 0.2:
        name = random.randbytes(random.choice((1, 3, 20, 250)))
    else:
        pieces = [random.choice(PIECES) for _ in range(random.choice((1, 1, 2, 4)))]
        name = os.fsencode("".join(pieces)) if random.random() < 0.9 else b"plain"
    return name.replace(b"/", b"").replace(b"\0", b"") or b"x"

"""Pictures, fonts and MNIST's own files, as people hand them in."""

import gzip
import hashlib
import io
import struct
import tempfile
import zlib
from pathlib import Path
from random import Random
from typing import Any

import imagecodecs
import numpy as np
from PIL import Image

from realink.errors import InputError
from tests.fuzz.kind import ROOT, Kind
from tests.fuzz.mutations import mutate


class Pictures(Kind):
    """Pictures of every format and mode that is read, as a folder of them is."""

    name = "pictures"

    def __init__(self) -> None:
        from realink.images.pictures import decode

        self.seeds = _pictures()
        self.keys = [decode(seed).key for seed in self.seeds]

    def one(self, random: Random, folder: Path) -> str:
        from realink.images import pictures, reading
        from realink.images.listing import Picture

        place, content = mutate(self.seeds, random)
        # Else checksums would let none reach what decodes it.
        if content.startswith(PNG) and random.random() < 0.5:
            content = _png_repaired(content)
        (folder / "a.png").write_bytes(content)
        try:
            decoded, sha256 = reading.read(folder, Picture("a.png"))
        except pictures.Unreadable as error:
            reason, _ = error.args
            return "refused" if reason and "\n" not in reason else f"unclear: {reason!r}"
        assert sha256 == hashlib.sha256(content).hexdigest()
        size = {"height": 24, "width": 20, "channels": 3, "background": 255}
        for fit in ("stretch", "fit", "crop"):
            image = pictures.fitted(decoded.pixels, **size, fit=fit)
            assert image.shape == (24, 20, 3)
            assert image.dtype == np.uint8
        if decoded.key == self.keys[place]:
            return "same"
        if content.startswith(PNG) and content != self.seeds[place] and not _png_whole(content):
            return "wrong: a PNG whose checksums of pixels do not fit"
        return "read" if _agrees(content, decoded) else "wrong: another reader reads other pixels"


PNG = b"\x89PNG\r\n\x1a\n"


def _pictures() -> list[bytes]:
    rng = np.random.default_rng(0)
    rough = rng.integers(0, 256, (6, 5, 4), dtype=np.uint8)
    rgba = Image.fromarray(rough).resize((40, 48), Image.Resampling.BICUBIC)
    rgb, grey = rgba.convert("RGB"), rgba.convert("L")
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    exif = Image.Exif()
    exif[0x0112] = 6
    kinds: list[tuple[Image.Image, str, dict[str, Any]]] = [
        *((image, "PNG", {}) for image in (rgba, rgb, grey, deep, grey.convert("LA"))),
        (rgb.quantize(16), "PNG", {}),
        (rgb.quantize(4), "PNG", {"transparency": 1}),
        (grey.convert("1"), "PNG", {}),
        (rgb, "PNG", {"exif": exif}),
        (rgb, "JPEG", {"exif": exif}),
        (rgb, "JPEG", {"progressive": True}),
        (grey, "JPEG", {}),
        (rgb.convert("CMYK"), "JPEG", {}),
        (rgb, "MPO", {"save_all": True, "append_images": [rgb]}),
        (rgb, "WEBP", {}),
        (rgba, "WEBP", {"lossless": True, "exif": exif}),
        *((image, "BMP", {}) for image in (rgb, grey, rgb.quantize(16), grey.convert("1"))),
        *((image, "TIFF", {}) for image in (rgba, rgb, deep, grey.convert("1"))),
        *((rgb, "TIFF", {"compression": c}) for c in ("tiff_lzw", "tiff_adobe_deflate", "jpeg")),
        (rgb.convert("CMYK"), "TIFF", {"compression": "packbits"}),
        (grey.convert("1"), "TIFF", {"compression": "group4"}),
    ]
    seeds = []
    for image, form, options in kinds:
        buffer = io.BytesIO()
        image.save(buffer, form, **options)
        seeds.append(buffer.getvalue())
    return seeds


def _agrees(content: bytes, decoded: Any) -> bool:
    """Whether a library that realink does not read this format by reads the same, or nothing."""
    try:
        other = _by_another(content)
    except Exception:  # it refuses what realink reads
        return True
    found = np.asarray(decoded.cut_out or decoded.pixels, int)
    # Which way it is up is left out: only some of them turn it.
    turned = [np.rot90(view, n) for view in (other, other[:, ::-1]) for n in range(4)]
    return any(view.shape == found.shape and abs(view - found).max() <= 1 for view in turned)


def _by_another(content: bytes) -> np.ndarray:
    """Levels 0..255 [height, width, 3 or 4]: of WebP and BMP by imagecodecs, else by Pillow."""
    if content.startswith((b"RIFF", b"BM")):
        decode = imagecodecs.webp_decode if content.startswith(b"RIFF") else imagecodecs.bmp_decode
        levels = decode(content).astype(int)
    else:
        with Image.open(io.BytesIO(content)) as image:
            image.load()
        if image.mode.startswith("I;16"):  # Pillow would cut it off at 255
            levels = np.rint(np.asarray(image) / 257).astype(int)
        else:
            mode = "RGBA" if image.has_transparency_data else "RGB"
            levels = np.asarray(image.convert(mode), int)
    if levels.ndim == 2:
        levels = np.dstack([levels] * 3)
    whole = levels.shape[2] == 4 and (levels[..., 3] == 255).all()
    return levels[..., :3] if whole else levels


def _png_chunks(content: bytes) -> list[tuple[int, int]]:
    """Begin and length of each chunk's data, as far as they go."""
    at, chunks = 8, []
    while at + 12 <= len(content):
        n = int.from_bytes(content[at : at + 4], "big")
        if at + 12 + n > len(content):
            break
        chunks.append((at + 8, n))
        at += 12 + n
    return chunks


def _png_repaired(content: bytes) -> bytes:
    fixed = bytearray(content)
    for at, n in _png_chunks(content):
        fixed[at + n : at + n + 4] = struct.pack(">I", zlib.crc32(content[at - 4 : at + n]))
    return bytes(fixed)


def _png_whole(content: bytes) -> bool:
    """Whether all checksums fit, but for EXIF's, of which no pixel depends."""
    repaired = _png_repaired(content)
    return all(
        content[at - 4 : at] == b"eXIf" or content[at + n :][:4] == repaired[at + n :][:4]
        for at, n in _png_chunks(content)
    )


ENDED = "it ends the process that reads it", "it takes over"


class Fonts(Kind):
    """Font files of a folder, catalogued and, if a face is accepted, drawn."""

    name = "fonts"

    def __init__(self) -> None:
        from realink.images.characters import characters_of

        self.seeds = _fonts()
        self.characters = characters_of("0123456789")
        self.drawn = []
        for seed in self.seeds:
            with tempfile.TemporaryDirectory(prefix="realink-fuzz-") as made:
                (Path(made) / "own.ttf").write_bytes(seed)
                self.drawn.append(self._read(Path(made)))

    def _read(self, folder: Path) -> tuple[str, bytes]:
        """Why the first face was rejected, if it was, and what the accepted ones draw."""
        from realink.images import faces, fonts

        table = faces.catalogue([], folder, self.characters)
        if not table["accepted"].any():
            return table["reason"].iloc[0], b""
        table = table.groupby("accepted", group_keys=False).head(12)
        images, _ = fonts.render(
            table,
            self.characters,
            total=60,
            seed=1,
            geometry="frame",
            size=(32, 32),
            channels=1,
        )
        return "", images.images.tobytes()

    def one(self, random: Random, folder: Path) -> str:
        place, content = mutate(self.seeds, random)
        if random.random() < 0.6:
            content = _font_repaired(content)
        (folder / "own.ttf").write_bytes(content)
        try:
            reason, drawn = self._read(folder)
        except InputError as error:
            if any(how in str(error) for how in ENDED):
                return "ended"
            raise
        if any(how in reason for how in ENDED):
            return "ended"
        if reason:
            return "refused" if "\n" not in reason and len(reason) < 300 else f"unclear: {reason!r}"
        if drawn == self.drawn[place][1]:
            return "same"
        if content != self.seeds[place] and _font_repaired(content) != content:
            return "wrong: a font whose checksums do not fit"
        return "read"

    def named(self, folder: Path) -> str:
        return "own.ttf"


def _fonts() -> list[bytes]:
    """Fonts of digits: TrueType and CFF, static and variable."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    from realink.images import faces

    seeds = [(ROOT / "resources/segments/SegmentsOpen.ttf").read_bytes()]
    for package in ("fontpkg-abel", "fontpkg-archivo-narrow", "fontpkg-roboto-slab"):
        path = next(path for path, _ in faces._sources([package], Path("none")))
        with TTFont(path) as font:
            wanted = subset.Subsetter(subset.Options(hinting=True, drop_tables=[]))
            wanted.populate(text="0123456789")
            wanted.subset(font)
            buffer = io.BytesIO()
            font.save(buffer)
            seeds.append(buffer.getvalue())
            if "fvar" not in font:
                seeds.append(_as_cff(font))
    return seeds


def _as_cff(font: Any) -> bytes:
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.t2CharStringPen import T2CharStringPen

    glyphs, order = font.getGlyphSet(), font.getGlyphOrder()
    builder = FontBuilder(font["head"].unitsPerEm, isTTF=False)
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap(font.getBestCmap())
    strings = {}
    for name in order:
        pen = T2CharStringPen(glyphs[name].width, glyphs)
        glyphs[name].draw(pen)
        strings[name] = pen.getCharString()
    builder.setupCFF("Fuzz", {}, strings, {})
    builder.setupHorizontalMetrics({name: (int(glyphs[name].width), 0) for name in order})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Fuzz", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    buffer = io.BytesIO()
    builder.save(buffer)
    return buffer.getvalue()


def _font_repaired(content: bytes) -> bytes:
    """The same, with the checksum of each table that lies within the file."""
    fixed = bytearray(content)
    for entry in range(12, min(12 + 16 * int.from_bytes(content[4:6], "big"), len(content)), 16):
        tag, _, offset, length = struct.unpack(">4sIII", content[entry : entry + 16].ljust(16))
        if entry + 16 <= len(content) and offset + length <= len(content):
            table = content[offset : offset + length]
            if tag == b"head":
                table = table[:8] + bytes(4) + table[12:]
            table += bytes(-len(table) % 4)
            words = np.frombuffer(table, ">u4").sum(dtype=np.uint64)
            fixed[entry + 4 : entry + 8] = struct.pack(">I", int(words) & 0xFFFFFFFF)
    return bytes(fixed)


class Idx(Kind):
    """The four files of MNIST, plain or gzipped; small ones, whose own sums stand in."""

    name = "IDX files"

    def __init__(self) -> None:
        from realink.images import mnist

        rng = np.random.default_rng(0)
        shapes = (70, 28, 28), (70,), (20, 28, 28), (20,)
        arrays = [rng.integers(0, 10, shape, dtype=np.uint8) for shape in shapes]
        self.files = dict(zip(mnist.MNIST_FILES, map(_idx, arrays), strict=True))
        self.seeds = list(self.files.values())
        self.seeds += [gzip.compress(content, mtime=0) for content in self.seeds]
        self.bomb = gzip.compress(bytes(64_000_000), mtime=0) * 60
        self.sums = {n: hashlib.sha256(c).hexdigest() for n, c in self.files.items()}

    def one(self, random: Random, folder: Path) -> str:
        from realink.images import mnist

        # An attempt has a process of its own.
        mnist.MNIST_FILES, mnist.MNIST_POOL = self.sums, 60
        place, content = mutate(self.seeds, random)
        if random.random() < 0.01:
            place, content = random.randrange(4, 8), self.bomb
        for name, whole in self.files.items():
            (folder / name).write_bytes(whole)
        name = list(self.files)[place % 4]
        if place >= 4:
            (folder / name).unlink()
            name += ".gz"
        (folder / name).write_bytes(content)
        sets = mnist.load_mnist(folder, folder)
        read = [np.concatenate([part.images for part in sets[:2]]), sets[2].images]
        whole = [_idx(images.astype(np.uint8)) for images in read]
        whole += [_idx(np.concatenate([part.labels for part in sets[:2]])), _idx(sets[2].labels)]
        images, labels, test_images, test_labels = self.files.values()
        same = whole == [images, test_images, labels, test_labels]
        return "same" if same else "wrong: other numbers than MNIST's"


def _idx(array: np.ndarray) -> bytes:
    header = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}i", *array.shape)
    return header + array.astype(np.uint8).tobytes()

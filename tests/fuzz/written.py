"""Whole pictures of any depth, kind of colour, layout and metadata: what is read is what is there.

Levels are drawn, `tests.by_hand` sets them down without any decoder, and what is read has to be
these levels. A picture that may be refused has a reason that is known beforehand.
"""

import struct
import zlib
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np

from tests import by_hand
from tests.by_hand import chunk
from tests.fuzz.kind import Kind

BACKGROUND = 255
DARK = "16-bit levels that end at"
HIDDEN = "wholly transparent"
ORIENTED = 274


class Written(NamedTuple):
    """A file, its upright levels 0..255 [height, width, 3 or 4], and why it may be refused."""

    content: bytes
    expected: np.ndarray
    refused: str = ""
    # By an alpha that was multiplied into the colours they are known less well.
    near: float = 0.51


class Whole(Kind):
    """Pictures whose levels are known, in files that nothing has damaged."""

    name = "whole pictures"

    def one(self, random: Random, folder: Path) -> str:
        from realink.images import pictures, reading
        from realink.images.listing import Picture

        form = random.choice((_png, _png, _png, _tiff, _tiff, _tiff, _pixmap, _bmp, _unseen))
        made = form(random)
        (folder / "a.png").write_bytes(made.content)
        try:
            decoded, _ = reading.read(folder, Picture("a.png"))
        except pictures.Unreadable as error:
            reason = str(error.args[0])
            if made.refused and reason.startswith(made.refused):
                return "refused"
            return f"wrong: refused, {reason}"
        if made.refused:
            return f"wrong: read, though {made.refused}"
        return "same" if _is_read(decoded, made) else f"wrong: other levels, {form.__name__}"


def _is_read(decoded, made: Written) -> bool:
    """Whether a picture's own colours, alpha, and colours on the background are the written."""
    height, width, channels = made.expected.shape
    if decoded.size != (width, height):
        return False
    colours = made.expected[..., :3]
    alpha = made.expected[..., 3:] if channels == 4 else np.full((height, width, 1), 255.0)
    if (alpha == 255).all() == (decoded.cut_out is not None):
        return False
    ground = BACKGROUND + (colours - BACKGROUND) * (alpha / 255)
    # Colours and alpha are rounded before they are laid on the background.
    if abs(np.asarray(decoded.pixels, float) - ground).max() > (
        0.51 if decoded.cut_out is None else 2
    ):
        return False
    if decoded.cut_out is None:
        return True
    found = np.asarray(decoded.cut_out, float)
    off = abs(found[..., :3] - colours) * (alpha >= 16)
    return abs(found[..., 3:] - alpha).max() <= 0.51 and off.max() <= made.near


def _levels(random: Random, bits: int, channels: int) -> np.ndarray:
    """uint16 [height, width, channels], of the whole range, or of few levels."""
    height, width = random.randint(4, 21), random.randint(4, 21)
    made = by_hand.levels(bits, channels, random.randrange(2**30), height, width)
    if random.random() < 0.2:
        made = made[:, :1].repeat(width, axis=1)
    return made


def _coloured(levels: np.ndarray) -> np.ndarray:
    """Grey, with alpha or without, as colours."""
    channels = levels.shape[2]
    if channels <= 2:
        return np.concatenate([levels[..., :1].repeat(3, axis=2), levels[..., 1:]], axis=2)
    return levels


def _upright(levels: np.ndarray, orientation: int) -> np.ndarray:
    """As EXIF says which side of the picture the first row and column are."""
    turned = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: a[::-1].swapaxes(0, 1),
        7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
        8: lambda a: a[:, ::-1].swapaxes(0, 1),
    }
    return turned[orientation](levels)


def _made(
    content: bytes, expected: np.ndarray, orientation: int = 1, near: float = 0.51
) -> Written:
    expected = _upright(_coloured(expected), orientation).astype(float)
    hidden = expected.shape[2] == 4 and (np.rint(expected[..., 3]) == 0).all()
    return Written(content, expected, HIDDEN if hidden else "", near)


def _unseen(random: Random) -> Written:
    """What is refused, as nothing of it would be seen: all of it transparent, or nearly black."""
    made = _levels(random, 16, 4)
    if random.random() < 0.5:
        made[..., 3] = 0
        return _made(by_hand.png(made, 16, 6), by_hand.of_8_bits(made, 16))
    dark = made[..., : random.choice((1, 3))] % 4096
    grey = dark.shape[2] == 1
    content = random.choice(
        (
            by_hand.png(dark, 16, 0 if grey else 2),
            by_hand.tiff(dark, 16, 1 if grey else 2),
            by_hand.pixmap(dark, 65535),
        )
    )
    return _made(content, by_hand.of_8_bits(dark, 16))._replace(refused=DARK)


# --- formats --------------------------------------------------------------------------------------


def _png(random: Random) -> Written:
    kind = random.choice((0, 2, 3, 4, 6))
    bits = random.choice({0: (1, 2, 4, 8, 16), 3: (1, 2, 4, 8)}.get(kind, (8, 16)))
    made = _levels(random, bits, {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[kind])
    before = []
    if kind == 3:
        colours = np.frombuffer(random.randbytes(3 * 2**bits), np.uint8).reshape(-1, 3)
        before.append(chunk(b"PLTE", colours.tobytes()))
        expected = colours[made[..., 0]]
        if random.random() < 0.5:
            alpha = np.full(2**bits, 255, np.uint8)
            some = random.randint(1, 2**bits)
            alpha[:some] = np.frombuffer(random.randbytes(some), np.uint8)
            before.append(chunk(b"tRNS", alpha[:some].tobytes()))
            expected = np.dstack([expected, alpha[made[..., 0]]])
    else:
        expected = by_hand.of_8_bits(made, bits)
        if kind in (0, 2) and random.random() < 0.4:
            seen = made[random.randrange(len(made)), random.randrange(made.shape[1])]
            before.append(chunk(b"tRNS", seen.astype(">u2").tobytes()))
            expected = np.dstack([expected, np.where((made == seen).all(-1), 0, 255)])
    orientation, metadata = _metadata(random)
    content = by_hand.png(
        made,
        bits,
        kind,
        *metadata,
        *before,
        interlaced=random.random() < 0.3,
        filters=[random.randrange(5) for _ in range(random.randint(1, 4))],
        pieces=random.choice((1, 1, 3)),
    )
    return _made(content + random.choice((b"", b"", bytes(9))), expected, orientation)


def _metadata(random: Random) -> tuple[int, list[bytes]]:
    """Chunks that no level depends on, some of them odd; and the orientation that EXIF has."""
    exif = random.choice((b"garbled", b"MM\0*\0\0\0\x08\0\x09", b""))
    orientation = random.choice((1, 1, *range(1, 9)))
    if orientation > 1 or random.random() < 0.2:
        exif = b"MM\0*\0\0\0\x08" + struct.pack(">HHHIHHI", 1, ORIENTED, 3, 1, orientation, 0, 0)
    odd = [
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(3_000_000), 1)),
        chunk(b"iCCP", b"profile\0\0" + zlib.compress(random.randbytes(200))),
        chunk(b"tEXt", b"Comment\0of another sum", whole=False),
        chunk(b"gAMA", struct.pack(">I", random.choice((0, 45455, 2**31 - 1)))),
        chunk(b"pHYs", struct.pack(">IIB", 1, 3, 0)),
        chunk(b"prIv", random.randbytes(20)),
    ]
    chosen = random.sample(odd, random.choice((0, 0, 1, 2)))
    return orientation, chosen + ([chunk(b"eXIf", exif)] if exif else [])


def _tiff(random: Random) -> Written:
    order, orientation = random.choice("<>"), random.choice((1, 1, *range(1, 9)))
    how = {"order": order}
    tags = {ORIENTED: (3, [orientation])} if orientation > 1 or random.random() < 0.5 else {}
    kind = random.choice(("grey", "white is zero", "palette", "colours", "colours", "inks"))
    near = 0.51
    if kind in ("grey", "white is zero"):
        bits = random.choice((1, 2, 4, 8, 12, 16))
        made, photometric = _levels(random, bits, 1), int(kind == "grey")
        expected = by_hand.of_8_bits(made, bits)
        expected = expected if kind == "grey" else 255 - expected
    elif kind == "palette":
        bits, photometric = random.choice((4, 8)), 3
        made = _levels(random, bits, 1)
        colours = np.frombuffer(random.randbytes(3 * 2**bits), np.uint8).reshape(-1, 3)
        tags[320] = (3, (colours.T.ravel().astype(int) * 257).tolist())
        expected = colours[made[..., 0]]
    elif kind == "inks":
        # Some three of them, and black.
        bits, photometric = 8, 5
        made = _levels(random, bits, 4)
        made[..., 3] = 0
        expected = 255 - made[..., :3]
    else:
        bits, photometric = random.choice((8, 8, 16)), 2
        extra = random.choice((None, None, 0, 1, 2))
        made = _levels(random, bits, 3 + (extra is not None))
        if extra == 1:
            made[..., :3] = made[..., :3] * (made[..., 3:] / (2**bits - 1))
        expected = by_hand.of_8_bits(made, bits)
        if extra == 0:
            expected = expected[..., :3]
        if extra == 1:
            alpha = made[..., 3:].astype(float)
            shown = np.divide(
                made[..., :3], alpha, where=alpha > 0, out=np.zeros(made[..., :3].shape)
            )
            expected[..., :3] = (255 * shown).clip(0, 255)
            near = 255 / 16  # colours of 8 bits divided by an alpha of 16 and more
        how |= {"extra": extra, "planar": random.random() < 0.3}
    if bits >= 8 and bits != 12 and random.random() < 0.5:
        how |= {"compression": by_hand.DEFLATE}
        how |= {"predictor": random.choice((1, by_hand.DIFFERENCES)) if photometric != 3 else 1}
    if random.random() < 0.4:
        how["rows"] = random.randint(1, len(made))
    content = by_hand.tiff(made, bits, photometric, more=tags, again=_thumbnail(random), **how)
    return _made(content, expected, orientation, near)


def _thumbnail(random: Random) -> list:
    if random.random() < 0.8:
        return []
    small = by_hand.levels(8, 3, random.randrange(99), 5, 4)
    # One page's layout is that of all here.
    return [(small, {254: (4, [1])})]


def _pixmap(random: Random) -> Written:
    most = random.choice((1, 3, 15, 100, 255, 1000, 4095, 65535))
    made = _levels(random, 16, random.choice((1, 3))).astype(int) % (most + 1)
    made[0, 0] = most
    comment = random.choice(("", "# made by hand\n"))
    content = by_hand.pixmap(made, most, plain=random.random() < 0.4, comment=comment)
    return _made(content, made * (255 / most))


def _bmp(random: Random) -> Written:
    bits = random.choice((1, 4, 8, 24, 32))
    if bits == 32:
        made = _levels(random, 8, 4)
        if unused := random.random() < 0.4:
            made[..., 3] = 0
        return _made(by_hand.bmp32(made), made[..., :3] if unused else made)
    downwards = random.random() < 0.3
    if bits == 24:
        made = _levels(random, 8, 3)
        return _made(by_hand.bmp(made, 24, downwards=downwards), made)
    made = _levels(random, bits, 1)
    colours = np.frombuffer(random.randbytes(3 * 2**bits), np.uint8).reshape(-1, 3)
    return _made(by_hand.bmp(made, bits, colours, downwards=downwards), colours[made[..., 0]])

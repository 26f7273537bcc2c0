"""Pictures of every depth, kind of colour and layout, set down by the formats' own descriptions.

The writers know nothing of any decoder: levels go in, and the bytes and tags that the format has
for them come out.

PNG: W3C, 3rd edition. TIFF: Adobe, revision 6.0, and its supplement 2. Pixmaps: Netpbm. BMP:
Microsoft's BITMAPINFOHEADER and BITMAPV5HEADER.
"""

import itertools
import struct
import zlib
from collections.abc import Sequence

import numpy as np

H, W = 13, 11
# The seven passes of an interlaced PNG: first row and column, and steps between them.
PASSES = (
    *((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2)),
    *((0, 1, 2, 2), (1, 0, 2, 1)),
)
DEFLATE = 8  # TIFF's number for it
DIFFERENCES = 2  # its predictor


def levels(bits, channels, seed=0, height=H, width=W):
    """Levels that use the whole range of so many bits, uint16 [height, width, channels]."""
    random = np.random.default_rng((bits, channels, seed))
    made = random.integers(0, 2**bits, (height, width, channels), dtype=np.uint16)
    made[0, 0], made[0, 1] = 0, 2**bits - 1
    return made


def of_8_bits(made, bits):
    return np.rint(made * (255 / (2**bits - 1)))


def packed(rows, bits, order=">"):
    """Rows of levels [n, values] as bytes, each row from a byte of its own."""
    if bits == 16:
        return rows.astype(f"{order}u2").tobytes()
    places = np.arange(bits)[::-1]
    return np.packbits((rows[..., None] >> places & 1).reshape(len(rows), -1), axis=1).tobytes()


# --- PNG ------------------------------------------------------------------------------------------


def chunk(kind, data, whole=True):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body) ^ (not whole))


def png(made, bits, kind, *chunks, interlaced=False, filters=(0,), pieces=1):
    """A PNG of a colour type; `filters`: of its rows, in turn; `pieces`: chunks of its pixels."""
    parts = [made[a::c, b::d] for a, b, c, d in PASSES] if interlaced else [made]
    channels = made.shape[2]
    step = max(1, bits * channels // 8)
    turn = itertools.cycle(filters)
    rows = [
        row
        for part in parts
        if part.size
        for row in _filtered([packed(row.reshape(1, -1), bits) for row in part], step, turn)
    ]
    data = zlib.compress(b"".join(rows))
    cuts = [len(data) * i // pieces for i in range(pieces + 1)]
    header = struct.pack(">IIBBBBB", made.shape[1], made.shape[0], bits, kind, 0, 0, interlaced)
    pixels = [chunk(b"IDAT", data[a:b]) for a, b in itertools.pairwise(cuts)]
    whole = [chunk(b"IHDR", header), *chunks, *pixels, chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(whole)


def _filtered(rows: Sequence[bytes], step: int, turn) -> list[bytes]:
    """Rows, each with the number of its filter and what the filter leaves."""
    made, above = [], bytes(len(rows[0]))
    for row in rows:
        kind = next(turn)
        left = bytes(step) + row[:-step] if len(row) > step else bytes(len(row))
        corner = bytes(step) + above[:-step] if len(row) > step else bytes(len(row))
        guess = {
            0: bytes(len(row)),
            1: left,
            2: above,
            3: [(a + b) // 2 for a, b in zip(left, above, strict=True)],
            4: [_paeth(*three) for three in zip(left, above, corner, strict=True)],
        }[kind]
        made.append(bytes([kind, *((a - b) % 256 for a, b in zip(row, guess, strict=True))]))
        above = row
    return made


def _paeth(a: int, b: int, c: int) -> int:
    # min gives the first of those that are as near, as the standard has it.
    return min((a, b, c), key=lambda value: abs(a + b - c - value))


# --- TIFF -----------------------------------------------------------------------------------------


def tiff(
    made, bits, photometric, *, order="<", planar=False, extra=None, more=(), again=(), rows=None,
    compression=1, predictor=1,
):  # fmt: skip
    """A TIFF of plain strips.

    `rows`: of a strip, None: all; `more`: tags, by number; `again`: levels and tags of more pages.
    """
    pages = [(made, dict(more)), *again]
    content = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    for place, (page, tags) in enumerate(pages):
        height, width, channels = page.shape
        planes = [page[..., i : i + 1] for i in range(channels)] if planar else [page]
        many = rows or height
        strips = [
            _strip(plane[first : first + many], bits, order, compression, predictor)
            for plane in planes
            for first in range(0, height, many)
        ]
        tags = {
            256: (4, [width]),
            257: (4, [height]),
            258: (3, [bits] * channels),
            259: (3, [compression]),
            262: (3, [photometric]),
            273: (4, [0] * len(strips)),
            277: (3, [channels]),
            278: (4, [many]),
            279: (4, [len(strip) for strip in strips]),
            284: (3, [2 if planar else 1]),
            **({317: (3, [predictor])} if predictor != 1 else {}),
            **({338: (3, [extra])} if extra is not None else {}),
            **tags,
        }
        at = len(content) + 2 + 12 * len(tags) + 4
        lengths = {
            tag: len(values) * (2 if kind == 3 else 4) for tag, (kind, values) in tags.items()
        }
        first = at + sum(n for n in lengths.values() if n > 4)
        tags[273] = (4, [first + sum(map(len, strips[:i])) for i in range(len(strips))])
        entries, behind = [], b""
        for tag, (kind, values) in sorted(tags.items()):
            value = struct.pack(f"{order}{len(values)}{'H' if kind == 3 else 'I'}", *values)
            if len(value) > 4:
                value, behind = struct.pack(f"{order}I", at + len(behind)), behind + value
            entries.append(
                struct.pack(f"{order}HHI", tag, kind, len(values)) + value.ljust(4, b"\0")
            )
        last = place == len(pages) - 1
        after = 0 if last else first + sum(map(len, strips))
        content += struct.pack(f"{order}H", len(tags)) + b"".join(entries)
        content += struct.pack(f"{order}I", after) + behind + b"".join(strips)
    return content


def _strip(part, bits, order, compression, predictor):
    if predictor == DIFFERENCES:
        before = np.pad(part, ((0, 0), (1, 0), (0, 0)))[:, :-1]
        part = (part.astype(int) - before) % 2**bits
    data = packed(part.reshape(len(part), -1), bits, order)
    return zlib.compress(data) if compression == DEFLATE else data


# --- pixmaps and BMP ------------------------------------------------------------------------------


def pixmap(made, most, *, plain=False, comment=""):
    """PGM or PPM, of numbers or of bytes; levels 0..most."""
    kind = {1: 5, 3: 6}[made.shape[2]] - 3 * plain
    header = f"P{kind}\n{comment}{made.shape[1]} {made.shape[0]}\n{most}\n".encode()
    if plain:
        return header + " ".join(map(str, made.ravel().tolist())).encode() + b"\n"
    return header + made.astype(">u2" if most > 255 else np.uint8).tobytes()


def bmp32(made):
    """Of 32 bits with masks, the fourth of them alpha, as Windows' version 5 has it."""
    height, width, _ = made.shape
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    header = struct.pack("<IiiHHIIiiII", 124, width, height, 1, 32, 3, made.size, 0, 0, 0, 0)
    header += masks + b"BGRs" + bytes(48 + 16)
    data = made[::-1][..., [2, 1, 0, 3]].astype(np.uint8).tobytes()
    return struct.pack("<2sIHHI", b"BM", 14 + 124 + len(data), 0, 0, 14 + 124) + header + data


def bmp(made, bits, palette=None, *, downwards=False):
    """Of 24 bits, or of 1, 4 or 8 and a palette, uint8 [colours, 3]."""
    height, width, _ = made.shape
    rows = made if downwards else made[::-1]
    if palette is None:
        lines = [row[..., ::-1].astype(np.uint8).tobytes() for row in rows]
    else:
        lines = [packed(row.reshape(1, -1), bits) for row in rows]
    data = b"".join(line + bytes(-len(line) % 4) for line in lines)
    colours = b"" if palette is None else np.pad(palette[:, ::-1], ((0, 0), (0, 1))).tobytes()
    number = 0 if palette is None else len(palette)
    signed = -height if downwards else height
    header = struct.pack(
        "<IiiHHIIiiII", 40, width, signed, 1, bits, 0, len(data), 0, 0, number, number
    )
    at = 14 + len(header) + len(colours)
    return struct.pack("<2sIHHI", b"BM", at + len(data), 0, 0, at) + header + colours + data

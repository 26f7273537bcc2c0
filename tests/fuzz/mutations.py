"""Damage done to bytes, by chance that a number fixes."""

from collections.abc import Callable, Sequence
from random import Random

HEADER = 512  # bytes at the beginning, where formats keep what describes the rest
# What overflows, or is no size that anything has.
EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
EXTREMES += (2**63 - 1, 2**64 - 1)


def mutate(seeds: Sequence[bytes], random: Random) -> tuple[int, bytes]:
    """Damage one of some seeds, once to four times; also say which."""
    place = random.randrange(len(seeds))
    content = seeds[place]
    for _ in range(random.choice((1, 1, 2, 4))):
        content = random.choice(DAMAGES)(content, seeds, random)
    return place, content


def _flipped(content: bytes, seeds: Sequence[bytes], random: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 4, 32)) if changed else 0):
        changed[_place(content, random)] ^= 1 << random.randrange(8)
    return bytes(changed)


def _overwritten(content: bytes, seeds: Sequence[bytes], random: Random) -> bytes:
    at, n = _place(content, random), random.choice((1, 4, 64))
    return content[:at] + random.randbytes(n) + content[at + n :]


def _extreme(content: bytes, seeds: Sequence[bytes], random: Random) -> bytes:
    """A field of 1 to 8 bytes, most often of a header, that holds an extreme number."""
    n = random.choice((1, 2, 2, 4, 4, 4, 8))
    value = random.choice(EXTREMES) & (256**n - 1)
    at = _place(content, random)
    return content[:at] + value.to_bytes(n, random.choice(("little", "big"))) + content[at + n :]


def _number(content: bytes, seeds: Sequence[bytes], random: Random) -> bytes:
    """A digit of a text that becomes a number of no sense."""
    digits = [at for at, byte in enumerate(content[:4096]) if 48 <= byte <= 57]
    if not digits:
        return _extreme(content, seeds, random)
    at = random.choice(digits)
    new = random.choice((b"-1", b"0", b"1e999", b"NaN", b"99999999999999999999", b"null", b'"7"'))
    return content[:at] + new + content[at + 1 :]


def _truncated(content: bytes, seeds: Sequence[bytes], random: Random) -> bytes:
    return content[: _place(content, random)]


def _cut(content: bytes, seeds: Sequence[bytes], random: Random) -> bytes:
    first, last = _span(content, random)
    return content[:first] + content[last:]


def _zeroed(content: bytes, seeds: Sequence[bytes], random: Random) -> bytes:
    first, last = _span(content, random)
    return content[:first] + bytes(last - first) + content[last:]


def _doubled(content: bytes, seeds: Sequence[bytes], random: Random) -> bytes:
    first, last = _span(content, random)
    return content[:last] + content[first:]


def _swapped(content: bytes, seeds: Sequence[bytes], random: Random) -> bytes:
    a, b, c, d = sorted(_place(content, random) for _ in range(4))
    return content[:a] + content[c:d] + content[b:c] + content[a:b] + content[d:]


def _inserted(content: bytes, seeds: Sequence[bytes], random: Random) -> bytes:
    at = _place(content, random)
    return content[:at] + random.randbytes(random.choice((1, 4, 200))) + content[at:]


def _spliced(content: bytes, seeds: Sequence[bytes], random: Random) -> bytes:
    other = random.choice(seeds)
    return content[: _place(content, random)] + other[_place(other, random) :]


Damage = Callable[[bytes, Sequence[bytes], Random], bytes]
DAMAGES: tuple[Damage, ...] = (
    *(_flipped, _flipped, _overwritten, _extreme, _extreme, _number, _truncated),
    *(_cut, _zeroed, _doubled, _swapped, _inserted, _spliced),
)


def _place(content: bytes, random: Random) -> int:
    """A byte, every other time of the header."""
    n = min(len(content), HEADER) if random.random() < 0.5 else len(content)
    return random.randrange(n) if n else 0


def _span(content: bytes, random: Random) -> tuple[int, int]:
    first = _place(content, random)
    return first, min(len(content), first + random.choice((1, 4, 64, 1024, len(content))))

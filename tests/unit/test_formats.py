"""Files of every format, depth and kind of colour, made by hand from levels: these are read."""

import io
import itertools
import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from realink.images.formats import Unreadable, read
from tests.by_hand import H, W, bmp32, chunk, levels, of_8_bits, packed, pixmap, png, tiff


def got(content):
    """What was read, [height, width, channels], turned as it says."""
    raster = read(content)
    found = np.asarray(raster.image)
    return found.reshape(*found.shape[:2], -1).astype(int)


def assert_read(content, expected):
    found = got(content)
    assert found.shape == expected.shape
    # Halves may be rounded either way.
    assert abs(found - expected).max() <= 0.51


# --- PNG ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("masked", [False, True])
def test_png_of_grey(bits, masked):
    made = levels(bits, 1)
    seen = int(made[5, 5, 0])
    mask = [chunk(b"tRNS", struct.pack(">H", seen))] if masked else []
    expected = of_8_bits(made, bits)
    if masked:
        expected = np.dstack([expected, np.where(made == seen, 0, 255)])
    assert_read(png(made, bits, 0, *mask), expected)


@pytest.mark.parametrize("bits", [8, 16])
def test_png_of_colour_and_alpha(bits):
    made = levels(bits, 3)
    assert_read(png(made, bits, 2), of_8_bits(made, bits))
    # Of 16 bits, one whose upper 8 are the same is another colour.
    made[2, 2] = made[3, 3] ^ 1
    mask = chunk(b"tRNS", packed(made[3, 3][None], 16))
    alpha = np.where((made == made[3, 3]).all(-1), 0, 255)
    assert_read(png(made, bits, 2, mask), np.dstack([of_8_bits(made, bits), alpha]))
    for kind, channels in ((4, 2), (6, 4)):
        made = levels(bits, channels)
        assert_read(png(made, bits, kind), of_8_bits(made, bits))


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_png_of_a_palette(bits):
    made, colours = levels(bits, 1), levels(8, 3, height=1, width=2**bits)[0].astype(np.uint8)
    table = chunk(b"PLTE", colours.tobytes())
    assert_read(png(made, bits, 3, table), colours[made[..., 0]])
    alpha = np.resize([0, 99, 255], 2**bits).astype(np.uint8)
    mask = chunk(b"tRNS", alpha.tobytes())
    shown = np.column_stack([colours, alpha])[made[..., 0]]
    assert_read(png(made, bits, 3, table, mask), shown)
    short = chunk(b"PLTE", colours[:-1].tobytes())
    with pytest.raises(Unreadable, match=f"colour {2**bits - 1} of a palette of {2**bits - 1}"):
        read(png(made, bits, 3, short))


def test_png_that_is_interlaced_or_filtered(caplog):
    made = levels(8, 3)
    for interlaced, filters in itertools.product((False, True), ([1], [2], [3], [4], range(5))):
        assert_read(png(made, 8, 2, interlaced=interlaced, filters=filters, pieces=2), made)
    assert not caplog.records


@pytest.mark.parametrize("compressed", [False, True])
def test_exif_in_text_says_how_a_png_is_turned(compressed):
    exif = b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">HHHIHHI", 1, 274, 3, 1, 6, 0, 0)
    digits = exif.hex().encode()
    text = b"\nexif\n%8d\n" % len(exif) + digits[:72] + b"\n" + digits[72:] + b"\n"
    begin = b"Raw profile type exif\0"
    kind, data = (
        (b"zTXt", begin + b"\0" + zlib.compress(text)) if compressed else (b"tEXt", begin + text)
    )
    made = levels(8, 3)
    assert read(png(made, 8, 2, chunk(kind, data))).orientation == 6
    assert read(png(made, 8, 2, chunk(kind, data[:40] + b"xyz"))).orientation == 1
    assert read(png(made, 8, 2, chunk(kind, data[:-9]))).orientation in (1, 6)


def test_a_png_of_an_app_is_named():
    content = png(levels(8, 3), 8, 2)
    with pytest.raises(Unreadable, match="CgBI"):
        read(content[:8] + chunk(b"CgBI", bytes(4)) + content[8:])


def test_faults_of_a_png_that_are_not_of_its_pixels():
    made = levels(8, 3)
    text = b"Comment\0\0" + zlib.compress(bytes(3_000_000))
    for extra in (
        chunk(b"zTXt", text),
        chunk(b"iCCP", text),
        chunk(b"eXIf", b"garbled"),
        chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\x09"),
        chunk(b"tEXt", b"Comment\0of another sum", whole=False),
    ):
        assert_read(png(made, 8, 2, extra), made)
    with pytest.raises(Unreadable, match="a checksum does not fit"):
        read(png(made, 8, 2, chunk(b"tRNS", bytes(6), whole=False)))


# --- TIFF -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 12, 16])
@pytest.mark.parametrize(("order", "white_is_zero"), list(itertools.product("<>", [False, True])))
def test_tiff_of_grey(bits, order, white_is_zero):
    made = levels(bits, 1)
    expected = of_8_bits(made, bits)
    content = tiff(made, bits, 0 if white_is_zero else 1, order=order)
    assert_read(content, 255 - expected if white_is_zero else expected)


@pytest.mark.parametrize(
    ("bits", "planar"),
    # Rows of planes of 12 bits would not begin at a byte.
    [(8, False), (8, True), (12, False), (16, False), (16, True)],
)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("extra", [None, 0, 1, 2])
@pytest.mark.parametrize("channels", [1, 3])
def test_tiff_of_planes_and_alpha(bits, planar, order, extra, channels):
    made = levels(bits, channels + (extra is not None))
    if extra == 1:  # multiplied into the colours
        made[..., :-1] = made[..., :-1] * (made[..., -1:] / (2**bits - 1))
    expected = of_8_bits(made, bits)
    if extra == 0:  # of no said meaning
        expected = expected[..., :-1]
    how = {"order": order, "planar": planar, "extra": extra}
    content = tiff(made, bits, 2 if channels == 3 else 1, **how)
    if extra != 1:
        assert_read(content, expected)
        return
    found = got(content)
    np.testing.assert_allclose(found[..., -1], expected[..., -1], atol=0.51)
    multiplied = found[..., :-1] * (found[..., -1:] / 255)
    assert abs(multiplied - expected[..., :-1]).max() <= 1.5


@pytest.mark.parametrize("compression", ["zlib", "lzw", "packbits", "zstd"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("tile", [None, (16, 16)])
@pytest.mark.parametrize("bits", [8, 16])
def test_tiff_that_is_compressed(compression, planar, tile, bits):
    made = levels(bits, 4, height=37, width=29).astype(np.uint8 if bits == 8 else np.uint16)
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer,
        made if planar == "contig" else np.moveaxis(made, -1, 0),
        photometric="rgb",
        planarconfig=planar,
        compression=compression,
        tile=tile,
        extrasamples=["unassalpha"],
    )
    assert_read(buffer.getvalue(), of_8_bits(made, bits))


def test_tiff_of_inks_and_palettes():
    made = levels(8, 4)
    expected = Image.frombytes("CMYK", (W, H), made.astype(np.uint8).tobytes()).convert("RGB")
    assert_read(tiff(made, 8, 5), np.asarray(expected, int))
    made, colours = levels(8, 1), levels(8, 3, height=1, width=256)[0]
    for factor in (256, 257, 1):  # the last as some programs write them
        table = {320: (3, (colours.T.ravel().astype(int) * factor).tolist())}
        assert_read(tiff(made, 8, 3, more=table), colours[made[..., 0]])


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("bits", [8, 16])
def test_colours_that_are_said_to_be_grey_are_not_read_as_grey(bits, planar):
    for channels in (3, 4):
        content = tiff(
            levels(bits, channels), bits, 1, planar=planar, more={338: (3, [0] * (channels - 1))}
        )
        with pytest.raises(Unreadable, match=f"{channels} channels.* save it as RGB"):
            read(content)


def test_tiff_tags_say_what_is_read():
    made = levels(12, 1)
    assert_read(tiff(made, 16, 1, more={281: (3, [4095])}), of_8_bits(made, 12))
    with pytest.raises(Unreadable, match="16-bit levels that end at 4095 of 65535"):
        read(tiff(made, 16, 1))
    with pytest.raises(Unreadable, match="whose colours are CIELAB: save it as RGB"):
        read(tiff(levels(8, 3), 8, 8))
    with pytest.raises(Unreadable, match="signed levels of 16 bits"):
        read(tiff(levels(16, 1), 16, 1, more={339: (3, [2])}))
    for orientation in range(1, 9):
        found = read(tiff(levels(8, 3), 8, 2, more={274: (3, [orientation])}))
        assert found.orientation == orientation


def test_tiff_with_a_thumbnail_is_read_by_its_main_page():
    large, small = levels(8, 3), levels(8, 3, height=5, width=4)
    reduced = {254: (4, [1])}
    assert_read(tiff(large, 8, 2, again=[(small, reduced)]), large)
    assert_read(tiff(small, 8, 2, more=reduced, again=[(large, {})]), large)
    with pytest.raises(Unreadable, match="several pages"):
        read(tiff(large, 8, 2, again=[(small, {})]))
    with pytest.raises(Unreadable, match="thumbnails alone"):
        read(tiff(large, 8, 2, more=reduced))


# --- portable pixmaps and BMP ---------------------------------------------------------------------


@pytest.mark.parametrize("most", [1, 15, 255, 4095, 65535])
@pytest.mark.parametrize(("channels", "plain", "raw"), [(1, 2, 5), (3, 3, 6)])
def test_portable_pixmaps(most, channels, plain, raw):
    made = levels(16, channels).astype(int) % (most + 1)
    made[0, 0] = most
    expected = np.rint(made * (255 / most))
    header = b"\n# by hand\n%d %d\n%d\n" % (W, H, most)
    data = made.astype(">u2" if most > 255 else np.uint8).tobytes()
    assert_read(b"P%d" % raw + header + data, expected)
    assert_read(b"P%d" % plain + header + " ".join(map(str, made.ravel())).encode(), expected)
    with pytest.raises(Exception, match=r"truncated|enough"):
        read(b"P%d" % raw + header + data[:-9])


def test_pixmaps_in_colour_that_would_be_black_are_left_out():
    made = levels(12, 3)
    with pytest.raises(Unreadable, match="of 65535, black if read so"):
        read(pixmap(made, 65535))
    assert_read(pixmap(made, 4095, comment="# 65535\n"), of_8_bits(made, 12))


def test_portable_bitmaps():
    made = levels(1, 1)
    data = packed(made[..., 0], 1)
    assert_read(b"P4\n%d %d\n" % (W, H) + data, 255 * (1 - made.astype(int)))


def test_alpha_that_a_bmp_does_not_use_is_none():
    made = levels(8, 4)
    assert_read(bmp32(made), made)
    made[..., 3] = 0
    assert_read(bmp32(made), made[..., :3])


# --- JPEG and WebP --------------------------------------------------------------------------------


def photograph(height=240, width=320):
    """Blotches with noise: what a JPEG takes some kilobytes for."""
    random = np.random.default_rng(1)
    blotches = Image.fromarray(random.integers(0, 256, (8, 8, 3), dtype=np.uint8))
    smooth = np.asarray(blotches.resize((width, height), Image.Resampling.BICUBIC))
    return Image.fromarray((smooth + random.normal(0, 9, smooth.shape)).clip(0, 255).astype("u1"))


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
def test_jpegs_are_read_as_pillow_reads_them(mode, options):
    content = encoded(photograph().convert(mode), "JPEG", **options)
    with Image.open(io.BytesIO(content)) as image:
        other = np.asarray(image.convert("L" if mode == "L" else "RGB"), int)
    assert_read(content, other.reshape(*other.shape[:2], -1))


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 8}])
def test_holes_in_jpegs_are_noticed(options):
    content = encoded(photograph(), "JPEG", **options)
    middle = len(content) // 2
    with pytest.raises(ValueError, match="Corrupt JPEG data"):
        read(content[:middle] + content[-2:])
    places = range(middle - 500, middle + 500, 50)
    noticed = {bytes(600): 0, b"": 0}
    for at, hole in itertools.product(places, noticed):
        try:
            read(content[:at] + hole + content[at + (len(hole) or 100) :])
        except (ValueError, Unreadable):
            noticed[hole] += 1
    # Other data may make as many blocks as before.
    assert noticed[bytes(600)] >= len(places) * (0.8 if "progressive" in options else 1)
    assert noticed[b""] >= len(places) * 0.6


@pytest.mark.parametrize("options", [{}, {"optimize": True}, {"progressive": True}])
def test_plain_pictures_may_have_zeros(options):
    plain = np.asarray(photograph(2000, 1600)).copy()
    plain[80:] = 90
    content = encoded(Image.fromarray(plain), "JPEG", **options)
    assert (bytes(64) in content) == bool(options)
    assert read(content).size == (1600, 2000)


def test_a_jpeg_with_odd_metadata_is_read():
    image = photograph()
    whole = encoded(image, "JPEG")
    odd = whole.replace(b"JFIF\0\1\1", b"JFIF\0\7\1")  # libjpeg warns of the revision
    assert odd != whole
    np.testing.assert_array_equal(got(odd), got(whole))
    for segment in (b"\xff\xe1\0\x10Exif\0\0garbled!", b"\xff\xe2\0\x11ICC_PROFILE\0\7\3"):
        np.testing.assert_array_equal(got(whole[:2] + segment + whole[2:]), got(whole))
    at = whole.index(b"\0\x3f\0", whole.index(b"\xff\xda"))  # the last coefficient of the scan
    np.testing.assert_array_equal(got(whole[: at + 1] + b"\0" + whole[at + 2 :]), got(whole))


def test_photographs_of_108_million_pixels_are_read():
    content = encoded(Image.new("L", (12_000, 9_000), 90), "JPEG", quality=50)
    found = read(content, 256)
    assert (found.size, found.image.size) == ((12_000, 9_000), (1_500, 1_125))
    with pytest.raises(Unreadable, match=r"12000 x 9000 pixels: .* scale it down"):
        read(content)


def test_holes_in_tiffs_are_noticed():
    image = photograph()
    for compression in ("tiff_adobe_deflate", "tiff_lzw", "jpeg"):
        content = encoded(image, "TIFF", compression=compression)
        at = len(content) // 3
        with pytest.raises(Exception, match=r"\w"):
            read(content[:at] + bytes(600) + content[at + 600 :])


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt"])
@pytest.mark.parametrize("white_is_zero", [False, True])
@pytest.mark.parametrize("orientation", [1, 6])
def test_fax_codes_are_read_by_two(compression, white_is_zero, orientation):
    made = photograph(90, 120).convert("1")
    tags = {262: 0 if white_is_zero else 1, 274: orientation}
    content = encoded(made, "TIFF", compression=compression, tiffinfo=tags)
    assert (read(content).orientation, len(content) > 900) == (orientation, True)
    assert_read(content, np.asarray(made.convert("L"), int)[..., None])
    refused = 0
    for at in range(200, 800, 20):
        damaged = content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :]
        try:
            read(damaged)
        except (ValueError, Unreadable):
            refused += 1
    assert refused >= 15


def test_a_webp_whose_end_is_missing_is_left_out():
    content = encoded(photograph(), "WEBP", quality=95)
    half = len(content) // 2
    with pytest.raises(Unreadable, match="bytes of its pixels are 0"):
        read(content[:half] + bytes(len(content) - half))
    with pytest.raises(Unreadable, match="ends too early"):
        read(content[:half])
    # A plain picture has zeros, too.
    for method in (0, 6):
        plain = np.asarray(photograph()).copy()
        plain[60:] = 0
        read(encoded(Image.fromarray(plain), "WEBP", method=method))


def test_avif_under_any_name():
    image = photograph()
    assert abs(got(encoded(image, "AVIF", quality=95)) - np.asarray(image, int)).mean() < 6

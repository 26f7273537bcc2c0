"""One picture: every kind that is read comes out right, and what cannot be read says why."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from realink.images.pictures import Unreadable, decode, fitted, fitted_cut_out, inside

RGB = np.random.default_rng(0).integers(0, 256, (12, 10, 3), dtype=np.uint8)


def encoded(image, kind="PNG", **options):
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pixels(content, **options):
    return np.asarray(decode(content, **options).pixels)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("WEBP", {"lossless": True}),
    ],
)
def test_formats_without_loss_give_the_same_pixels_and_the_same_key(kind, options):
    content = encoded(RGB, kind, **options)
    np.testing.assert_array_equal(pixels(content), RGB)
    assert decode(content).key == decode(encoded(RGB)).key


def test_other_pixels_have_another_key():
    other = RGB.copy()
    other[0, 0, 0] ^= 1
    keys = {decode(encoded(image)).key for image in (RGB, other, RGB.reshape(10, 12, 3))}
    assert len(keys) == 3


def test_grey_and_16_bit_grey():
    grey = RGB[..., 0]
    deep = grey.astype(np.uint16) * 257
    for content in (encoded(grey), encoded(deep), encoded(deep, "TIFF"), encoded(grey, "TIFF")):
        np.testing.assert_array_equal(pixels(content), np.repeat(grey[..., None], 3, 2))
    # 1 bit: white is white.
    assert pixels(encoded(Image.new("1", (8, 8), 1))).min() == 255


def test_palettes_and_cmyk():
    palette = Image.fromarray(RGB).quantize(16)
    np.testing.assert_array_equal(pixels(encoded(palette)), np.asarray(palette.convert("RGB")))
    cmyk = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    for kind in ("JPEG", "TIFF"):
        assert (abs(pixels(encoded(cmyk, kind)).astype(int) - [255, 0, 0]) < 8).all()


def test_transparency_is_laid_on_the_background_and_kept():
    alpha = np.zeros((12, 10), np.uint8)
    alpha[3:9] = 255
    picture = decode(encoded(np.dstack([RGB, alpha])), background=128)
    np.testing.assert_array_equal(np.asarray(picture.cut_out), np.dstack([RGB, alpha]))
    laid = np.asarray(picture.pixels)
    np.testing.assert_array_equal(laid[3:9], RGB[3:9])
    assert (laid[:3] == 128).all()
    # A palette, and grey, with transparency.
    for mode in ("LA", "PA"):
        image = Image.fromarray(np.dstack([RGB, alpha])).convert("LA")
        content = encoded(image if mode == "LA" else image.convert("RGBA").quantize(8))
        np.testing.assert_array_equal(np.asarray(decode(content).cut_out)[..., 3], alpha)


@pytest.mark.parametrize("fit", ["stretch", "fit", "crop"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(24, 20), (60, 90)])
def test_colours_that_are_not_to_be_seen_do_not_come_in(fit, channels, size):
    # Level 20 as far as it is to be seen, and white behind it.
    layers = np.full((60, 90, 4), 255, np.uint8)
    layers[..., 3] = np.hypot(*np.mgrid[-30:30, -45:45]) < 20
    layers[..., 3] *= 255
    layers[layers[..., 3] > 0, :3] = 20
    picture = decode(encoded(layers)).cut_out
    how = {"height": size[0], "width": size[1], "channels": channels, "fit": fit}
    colours, mask = fitted_cut_out(picture, **how)
    assert colours.shape == (*size, *[3] * (channels == 3))
    covers = mask.reshape(*size, *[1] * (channels == 3)) / 255
    assert (abs(colours.astype(int) - 20) * covers < 2).all()
    assert (mask == 255).any()
    alone = Image.fromarray(layers[..., 3])
    np.testing.assert_array_equal(mask, fitted(alone, **how | {"channels": 1}, background=0))
    if fit == "fit" and size == (24, 20):
        assert inside(picture.size, height=24, width=20, fit=fit) == (20, 13)
        assert not mask[[0, 4, -5, -1]].any()


def test_large_photographs_are_decoded_twice_as_large_as_they_are_used():
    photograph = encoded(Image.new("RGB", (3000, 2000), (9, 99, 200)), "JPEG")
    sides = {side: min(decode(photograph, side=side).pixels.size) for side in (0, 128, 224, 500)}
    assert sides == {0: 500, 128: 500, 224: 500, 500: 1000}


def test_a_large_jpeg_has_the_key_of_other_formats_if_it_is_decoded_whole():
    jpeg = encoded(Image.fromarray(RGB).resize((1600, 1300)), "JPEG")
    png = encoded(Image.open(io.BytesIO(jpeg)), "PNG", compress_level=1)
    assert decode(jpeg).key.reduced
    assert decode(jpeg).key != decode(png).key
    assert decode(jpeg, whole=True).key == decode(png).key == decode(png, whole=True).key


def test_an_alpha_channel_that_hides_all_is_no_picture():
    with pytest.raises(Unreadable, match="wholly transparent"):
        decode(encoded(np.dstack([RGB, np.zeros((12, 10), np.uint8)])))


def test_an_alpha_channel_that_hides_nothing_is_none():
    opaque = decode(encoded(np.dstack([RGB, np.full((12, 10), 255, np.uint8)])))
    assert opaque.cut_out is None
    assert opaque.key == decode(encoded(RGB)).key


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation):
    upright = np.zeros((32, 16, 3), np.uint8)
    upright[:16, :8] = 255  # upper left
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    image = Image.fromarray(upright)
    if orientation > 1:
        image = image.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    for kind in ("JPEG", "PNG", "WEBP"):
        picture = decode(encoded(image, kind, exif=exif))
        assert picture.size == (16, 32)
        got = np.asarray(picture.pixels)
        assert got.shape == upright.shape
        assert got[2:14, 1:7].min() > 200
        assert got[18:, :].max() < 50


def test_large_jpegs_are_decoded_smaller():
    large = Image.new("RGB", (2400, 1600), (200, 30, 30))
    picture = decode(encoded(large, "JPEG"))
    assert picture.size == (2400, 1600)
    assert 256 <= min(picture.pixels.size) < 600
    assert (abs(np.asarray(picture.pixels).astype(int) - [200, 30, 30]) < 8).all()


def animated(kind):
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue", "green")]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:])


def chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def bomb(side):
    """A small PNG that says it is huge."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"0" * 99))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"no picture, but text", "not a picture"),
        (b"<svg></svg>", "not a picture"),
        (animated("GIF"), "not a picture.*but a GIF: save it as PNG"),
        (b"\0\0\0\x18ftypheic" + bytes(99), "but a HEIC: save it as PNG"),
        (animated("WEBP"), "animated"),
        (animated("PNG"), "animated"),
        (animated("TIFF"), "several pages"),
        (encoded(RGB)[:-40], "damaged"),
        (encoded(Image.fromarray(RGB).resize((200, 200)), "JPEG")[:3000], "damaged"),
        (encoded(RGB, "BMP")[:-100], "damaged"),
        (encoded(RGB, "WEBP")[:-50], "damaged|not a picture"),
        (encoded(RGB)[:20], "damaged|not a picture"),
        (encoded(RGB[:1, :1]), "1 x 1 pixels: too small"),
        (encoded(RGB[:3]), "10 x 3 pixels: too small"),
        (bomb(12_000), "12000 x 12000 pixels: a decompression bomb"),
        (bomb(60_000), "decompression bomb"),
        (encoded(RGB[..., 0].astype(np.float32), "TIFF"), "floating point levels of 32 bits"),
        (encoded(RGB[..., 0].astype(np.int32), "TIFF"), "signed levels of 32 bits"),
    ],
)
def test_what_cannot_be_read_says_why(content, why):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(Unreadable, match=why) as first:
            decode(content)
        # No address in memory: the manifest of two runs is the same.
        with pytest.raises(Unreadable) as second:
            decode(content)
    assert str(first.value) == str(second.value)
    assert "\n" not in str(first.value)


def test_a_png_whose_checksum_does_not_fit_is_no_picture():
    content = encoded(RGB)
    at = content.index(b"IDAT") + 20
    for n in range(8):
        damaged = content[:at] + bytes([content[at] ^ 1 << n]) + content[at + 1 :]
        with pytest.raises(Unreadable, match="damaged"):
            decode(damaged)
    end = at - 20 + 4 + int.from_bytes(content[at - 24 : at - 20], "big")
    wrong = content[:end] + bytes(4) + content[end + 4 :]  # the sum, not the pixels
    with pytest.raises(Unreadable, match="damaged"):
        decode(wrong)


SIZE = {"height": 24, "width": 20}


def test_stretching_keeps_the_corners():
    image = Image.new("RGB", (200, 60), "white")
    image.paste("black", (0, 0, 100, 60))
    got = fitted(image, **SIZE, channels=3, fit="stretch", background=0)
    assert got.shape == (24, 20, 3)
    assert got.dtype == np.uint8
    assert got[:, :9].max() < 10
    assert got[:, 11:].min() > 245


def test_fitting_shows_all_and_fills_the_rest():
    image = Image.new("RGB", (200, 60), "white")
    got = fitted(image, **SIZE, channels=3, fit="fit", background=40)
    assert (got[9:15] == 255).all()
    assert (got[:9] == 40).all()
    assert (got[15:] == 40).all()
    thin = fitted(Image.new("L", (4, 4000), 255), **SIZE, channels=1, fit="fit", background=0)
    assert thin.shape == (24, 20)
    assert (thin > 200).sum() == 24


def test_cropping_shows_the_middle():
    image = Image.new("RGB", (200, 60), "white")
    image.paste("black", (60, 0, 140, 60))
    assert fitted(image, **SIZE, channels=1, fit="crop", background=0).max() < 10


def test_reducing_takes_means_and_not_single_pixels():
    board = np.indices((240, 200)).sum(0) % 2 * 255
    image = Image.fromarray(board.astype(np.uint8))
    for fit in ("stretch", "fit", "crop"):
        got = fitted(image, **SIZE, channels=1, fit=fit, background=0)[2:-2, 2:-2]
        assert (abs(got.astype(int) - 128) < 12).all()


def test_enlarging_is_smooth():
    image = Image.fromarray(np.array([[0, 255]] * 2, np.uint8))
    got = fitted(image, height=16, width=16, channels=1, fit="stretch", background=0)
    steps = np.diff(got[8].astype(int))
    assert steps.max() < 70
    assert len(set(got[8].tolist())) > 6

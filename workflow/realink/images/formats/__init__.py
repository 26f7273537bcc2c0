"""Formats of pictures: each has a decoder that was made for it, told by how a file begins."""

from realink.images.formats import jpeg, others, png, tiff
from realink.images.formats.raster import Raster, Unreadable

# What begins so is of a format that is not read, and has a name.
FOREIGN = {
    b"GIF8": "a GIF",
    b"8BPS": "a Photoshop file",
    b"%PDF": "a PDF",
    b"\0\0\1\0": "an icon",
    b"\xff\x0a": "a JPEG XL",
    b"\0\0\0\x0cJXL ": "a JPEG XL",
    b"\0\0\0\x0cjP  ": "a JPEG 2000",
}
HEIC = b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"
AVIF = b"avif", b"avis"


def read(content: bytes, draft: int = 0) -> Raster:
    """Decode a picture, whatever its file is named.

    Parameters
    ----------
    content : of a PNG, JPEG, WebP, BMP, TIFF, AVIF or portable pixmap (PBM, PGM, PPM)
    draft : see `jpeg.read`

    Raises
    ------
    Unreadable
        It is empty or of another format, which is named if it is known; or what its decoder says.
    """
    if not content:
        raise Unreadable("an empty file")
    if content.startswith(png.SIGNATURE):
        return png.read(content)
    if content.startswith(jpeg.SIGNATURE):
        return jpeg.read(content, draft)
    if content.startswith(tiff.SIGNATURES):
        return tiff.read(content)
    if form := _by_pillow(content):
        return others.read(content, form)
    raise Unreadable(f"not a picture of a format that is read{_foreign(content)}")


def _by_pillow(content: bytes) -> str:
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    if content[:2] == b"BM":
        return "BMP"
    if content[:1] == b"P" and content[1:2] in b"123456" and content[2:3].isspace():
        return "PPM"
    return "AVIF" if _brand(content) in AVIF else ""


def _foreign(content: bytes) -> str:
    kind = next((name for begins, name in FOREIGN.items() if content.startswith(begins)), "")
    if _brand(content) in HEIC:
        kind = "a HEIC"
    return f", but {kind}: save it as PNG" if kind else ", or damaged"


def _brand(content: bytes) -> bytes:
    return content[8:12] if content[4:8] == b"ftyp" else b""

"""HTML files that need nothing else: their templates, what they may run, pictures within them."""

import base64
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from PIL import Image

from realink.page import look

WIDEST = 700  # pixels of an embedded picture
SMALLEST = 96  # pixels of the longer side, to which small ones are enlarged


def environment(**more: Any) -> Environment:
    """The templates, and what they call; `more` of jinja's settings."""
    environment = Environment(
        loader=PackageLoader("realink.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        **more,
    )
    environment.globals["palette"] = look.palette
    environment.filters["count"] = lambda n: f"{n:,}"
    environment.filters["digest"] = digest
    environment.filters["sentence"] = lambda words: words[:1].upper() + words[1:]
    # JSON inside a script: neither `</script` nor `<!--` may be read as markup.
    environment.filters["script"] = lambda value: Markup(json.dumps(value).replace("<", "\\u003c"))
    return environment


def embedded(path: Path) -> str:
    """A picture as a URL that holds it: WebP, at most 700 pixels wide, since a page has many."""
    with Image.open(path) as picture:
        shown = picture.convert("RGBA")  # what is no image is transparent
    if shown.width > WIDEST:
        height = round(shown.height * WIDEST / shown.width)
        shown = shown.resize((WIDEST, height), Image.Resampling.LANCZOS)
    return as_url(shown)


def as_url(picture: Image.Image, quality: int = 60) -> str:
    """A picture as a URL that holds it, WebP."""
    data = io.BytesIO()
    picture.save(data, "WEBP", quality=quality, method=4)
    return "data:image/webp;base64," + base64.b64encode(data.getvalue()).decode()


def enlarged(levels: np.ndarray) -> str:
    """An image, uint8 [height, width] or [height, width, 3], as a URL; small ones enlarged."""
    image = Image.fromarray(levels)
    factor = -(-SMALLEST // max(image.size))
    if factor > 1:
        size = (image.width * factor, image.height * factor)
        image = image.resize(size, Image.Resampling.NEAREST)
    return as_url(image)


def digest(script: str) -> str:
    """What a content security policy calls the script that alone may run."""
    found = hashlib.sha256(str(script).encode()).digest()
    return f"sha256-{base64.b64encode(found).decode()}"

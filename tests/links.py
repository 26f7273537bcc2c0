"""Look through all Markdown files that git tracks: `python -m tests.links`, a part of `make lint`.

Named, with exit status 1, is each relative link whose file is not in the repository, each #anchor
that no heading has, each `docs/….md` that code speaks of and that is not there, and each of the
users' documents that is too long.
"""

import re
import subprocess
import sys
from collections.abc import Collection, Iterator
from itertools import pairwise
from pathlib import Path, PurePosixPath
from posixpath import normpath
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[1]
DOCUMENTS, WORDS = 13, 600  # in docs/ itself, and in each of them; code is not counted
# Longer still. One that is short enough must not stand here.
LONG = ("own-images",)
MADE_UP = "tests/unit/test_links.py"  # which names documents that nobody has
CODE = (".cff", ".jinja", ".py", ".smk", ".toml", ".yaml", "Makefile", "Snakefile", "run")
MARKDOWN = MarkdownIt("commonmark").enable("table")


def tracked(root: Path) -> list[str]:
    """All files that git tracks and that are there, as paths from `root` with slashes."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True
    )
    return [name for name in listed.stdout.split("\0") if name and (root / name).is_file()]


def text_of(token: Token) -> str:
    """What a reader sees of a heading or a paragraph: no addresses, no marks."""
    parts = {"text", "code_inline", "softbreak", "hardbreak"}
    return "".join(one.content or " " for one in token.children or () if one.type in parts)


def anchors(page: str) -> set[str]:
    """Anchors of all headings, by GitHub's rule; equal ones get -1, -2 and so on."""
    tokens, found = MARKDOWN.parse(page), []
    for before, token in pairwise(tokens):
        if before.type == "heading_open":
            bare = re.sub(r"[^\w\- ]", "", text_of(token).strip().lower()).replace(" ", "-")
            taken = found.count(bare)
            found += [bare, f"{bare}-{taken}"] if taken else [bare]
    return set(found)


def links(page: str) -> Iterator[tuple[int, str]]:
    """Line (from 1) of the paragraph, and address, of each link and picture."""
    for token in MARKDOWN.parse(page):
        for one in token.children or ():
            address = one.attrGet("href" if one.type == "link_open" else "src")
            if address:
                yield token.map[0] + 1, str(address)


def words(page: str) -> int:
    """Words outside of code blocks; those of tables and headings count."""
    inline = [text_of(token) for token in MARKDOWN.parse(page) if token.type == "inline"]
    return sum(len(re.findall(r"\S*\w\S*", text)) for text in inline)


def broken(root: Path, files: Collection[str]) -> Iterator[str]:
    """A line for each relative link of a Markdown file that leads nowhere."""
    pages = {name: (root / name).read_text() for name in files if name.endswith(".md")}
    headings = {name: anchors(page) for name, page in pages.items()}
    there = {str(parent) for name in files for parent in PurePosixPath(name).parents} | {*files}
    for name, page in pages.items():
        for line, address in links(page):
            url = urlsplit(address)
            if url.scheme or url.netloc:
                continue
            path = unquote(url.path)
            base = "" if path.startswith("/") else str(PurePosixPath(name).parent)
            target = normpath(f"{base or '.'}/{path.lstrip('/')}") if path else name
            if target not in there:
                yield f"{name}:{line}: {address}: no such file in the repository"
            elif url.fragment and target in pages and unquote(url.fragment) not in headings[target]:
                yield f"{name}:{line}: {address}: {target} has no such heading"


def unknown(root: Path, files: Collection[str]) -> Iterator[str]:
    """A line for each document that code, config or a test names and that is not there."""
    for name in files:
        if name.endswith(CODE) and name != MADE_UP:
            for document in re.findall(r"\bdocs/[\w/-]+\.md\b", (root / name).read_text()):
                if document not in files:
                    yield f"{name}: names {document}, which is not in the repository"


def long(root: Path, files: Collection[str], excused: Collection[str] = LONG) -> Iterator[str]:
    """A line for each users' document over `WORDS`, or if there are more than `DOCUMENTS`."""
    shelf = [name for name in files if re.fullmatch(r"docs/(?!README)[^/]+\.md", name)]
    if len(shelf) > DOCUMENTS:
        yield (
            f"docs: {len(shelf)} documents for users, and at most {DOCUMENTS} are wanted; "
            "what was tried or measured belongs into docs/lab"
        )
    for name in shelf:
        count, stem = words((root / name).read_text()), PurePosixPath(name).stem
        if count > WORDS and stem not in excused:
            yield f"{name}: {count} words without code, and at most {WORDS} are wanted"
        if count <= WORDS and stem in excused:
            yield f"{name}: short enough: take it out of LONG in tests/links.py"
    for stem in excused:
        if f"docs/{stem}.md" not in shelf:
            yield f"docs/{stem}.md: not there: take it out of LONG in tests/links.py"


def main() -> int:
    files = tracked(ROOT)
    found = [*broken(ROOT, files), *unknown(ROOT, files), *long(ROOT, files)]
    for line in found:
        print(line)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())

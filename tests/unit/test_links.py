"""What `make lint` says of links, headings and the length of documents."""

import subprocess

import pytest

from tests import links


@pytest.fixture
def shelf(tmp_path):
    """Put files into a repository, and get what the checks say of it."""
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)

    def put(files: dict[str, str], excused: tuple[str, ...] = ()) -> list[str]:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        subprocess.run(["git", "add", "--", *files], cwd=tmp_path, check=True)
        kept = links.tracked(tmp_path)
        found = [links.broken(tmp_path, kept), links.unknown(tmp_path, kept)]
        return [line for one in (*found, links.long(tmp_path, kept, excused)) for line in one]

    return put


def test_a_broken_link_and_a_broken_anchor_are_named(shelf):
    (line_2, line_4) = shelf(
        {
            "README.md": "# A\n[gone](docs/gone.md)\n\n![](docs/a.svg) [no](docs/a.md#part-two)\n",
            "docs/a.md": "# Part one\n",
            "docs/a.svg": "",
        }
    )
    assert line_2 == "README.md:2: docs/gone.md: no such file in the repository"
    assert line_4 == "README.md:4: docs/a.md#part-two: docs/a.md has no such heading"


def test_files_that_git_does_not_track_are_not_there(shelf, tmp_path):
    (tmp_path / "data.csv").touch()
    assert len(shelf({"a.md": "[data](data.csv)"})) == 1
    assert shelf({"data.csv": ""}) == []
    (tmp_path / "data.csv").unlink()
    assert len(shelf({})) == 1


@pytest.mark.parametrize(
    "link",
    [
        "[up](../README.md#top)",
        "[folder](../results/)",
        "[from the root](/README.md)",
        "[here](#here)",
        "[elsewhere](https://example.org/gone.md#no)",
        "[space](two%20words.md)",
        "`[code](gone.md)`",
        "    [block](gone.md)",
        "| a |\n|---|\n| [in a table](../README.md) |",
        "[by name][it]\n\n[it]: ../README.md",
    ],
)
def test_links_that_lead_somewhere_are_not(shelf, link):
    files = {"README.md": "# Top", "results/a.csv": "", "docs/two words.md": ""}
    assert shelf({**files, "docs/page.md": f"# Here\n\n{link}\n"}) == []


@pytest.mark.parametrize(
    "link", ["| a |\n|---|\n| [b](b.md) |", "[b][c]\n\n[c]: b.md", "- ![b](../../b.svg)", "[b](#b)"]
)
def test_links_of_other_kinds_that_lead_nowhere_are_named(shelf, link):
    assert len(shelf({"README.md": f"# Here\n\n{link}\n"})) == 1


def test_anchors_are_those_of_github():
    page = "# What `init` *says*, and why?\n## Few\n## Few\nÜber\n====\n```\n# no\n```\n"
    page += "## [a_b](c) 2.5 %\n"
    wanted = {"what-init-says-and-why", "few", "few-1", "über", "a_b-25-"}
    assert links.anchors(page) == wanted


def test_words_are_counted_without_code_blocks():
    page = "# Two words\n\nAnd [two](address) -- `more`.\n\n```python\nno = 1\n```\n\n    no\n\n"
    page += "| a | 5 % |\n|---|---|\n"
    assert links.words(page) == 7


def test_long_documents_for_users_are_named(shelf):
    long, short = "word " * 601, "word " * 600
    files = {"docs/a.md": long, "docs/b.md": short, "docs/README.md": long, "docs/lab/a.md": long}
    assert shelf(files) == ["docs/a.md: 601 words without code, and at most 600 are wanted"]
    assert shelf({}, excused=("a",)) == []
    (short_enough, gone) = shelf({}, excused=("a", "b", "c"))
    assert short_enough.startswith("docs/b.md: short enough")
    assert gone.startswith("docs/c.md: not there")


def test_a_document_too_many_is_named(shelf):
    files = {f"docs/{letter}.md": "" for letter in "abcdefghijklm"}
    assert shelf(files) == []
    (line,) = shelf({"docs/n.md": ""})
    assert line.startswith("docs: 14 documents for users, and at most 13")


def test_documents_that_code_names_are_looked_for(shelf):
    files = {"a.py": "# docs/b.md, docs/lab/b.md", "docs/b.md": "", "a.csv": "docs/c.md"}
    assert shelf(files) == ["a.py: names docs/lab/b.md, which is not in the repository"]

# ruff: noqa: F811 (fixtures of another module)
"""What to label next: the command on a finished study, its sheet in a browser, doubted labels."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import expect

from realink.images import labels, linked
from realink.store.files import read_images, read_tensors

from .conftest import Project
from .test_page import browser, opening  # noqa: F401

# A folder that a person picks, in memory, since no test can press the browser's own dialogues.
FOLDERS = """
const folder = (name, entries = {}) => ({
  name, kind: "directory", entries,
  async getDirectoryHandle(part, { create } = {}) {
    if (!entries[part] && !create) throw new DOMException(`no ${part}`, "NotFoundError");
    return entries[part] ??= folder(part);
  },
  async getFileHandle(part, { create } = {}) {
    if (!entries[part] && !create) throw new DOMException(`no ${part}`, "NotFoundError");
    const held = entries[part] ??= { text: "" };
    return {
      getFile: async () => new Blob([held.text]),
      createWritable: async () => ({
        write: async (content) => { held.text = await content.text(); },
        close: async () => {},
      }),
    };
  },
});
window.tree = (it) => !it.entries ? it.text
  : Object.fromEntries(Object.entries(it.entries).map(([name, part]) => [name, tree(part)]));
window.picked = [];
window.make = folder;
window.showDirectoryPicker = async () => {
  if (!picked.length) throw new DOMException("closed", "AbortError");
  return picked.shift();
};
"""


def write_unlabelled(folder: Path, n: int = 12) -> list[str]:
    """Pictures, in folders and with names that need quoting, and files that are none."""
    random = np.random.default_rng(0)
    names = [f"{place:02}.png" for place in range(n - 3)]
    names += ["cam 1/a,b.png", "cam 1/it's.png", "-x.png"]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 256, (28, 28), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / name)
    shutil.copy(folder / "00.png", folder / "copy.png")
    (folder / "damaged.png").write_bytes((folder / "01.png").read_bytes()[:60])
    (folder / "notes.txt").write_text("none of them")
    return names


def choose(study: Path, unlabelled: Path, *arguments) -> subprocess.CompletedProcess:
    command = [
        sys.executable,
        "-m",
        "realink",
        "next",
        "--study",
        study,
        "--unlabelled",
        unlabelled,
    ]
    return subprocess.run(
        [*map(str, command), *map(str, arguments)], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def chosen(finished, tmp_path_factory):
    """Ten of twelve pictures, chosen by the small study: their folder, and the output."""
    root = tmp_path_factory.mktemp("next")
    write_unlabelled(root / "pictures")
    done = choose(finished.results, root / "pictures", "--count", 10, "--output", root / "next")
    assert done.returncode == 0, done.stderr
    return root / "pictures", root / "next", done


def listed(output: Path) -> list[str]:
    with (output / "list.csv").open(newline="") as file:
        return [row["file"] for row in csv.DictReader(file)]


def test_so_many_are_listed_and_what_labels_may_bring_is_said(chosen):
    pictures, output, done = chosen
    files = listed(output)
    assert len(set(files)) == len(files) == 10
    assert all((pictures / file).is_file() for file in files)
    assert {"damaged.png", "notes.txt"}.isdisjoint(files)
    assert not {"00.png", "copy.png"} <= set(files)
    table = pd.read_csv(output / "list.csv", dtype={"predicted": str})
    assert set(table["predicted"]) <= set("0123456789")
    assert table["probability"].between(0.1, 1).all()
    for name in ("damaged.png", "notes.txt", "copy.png"):
        assert f"left out '{name}': " in done.stderr
    assert "3 files were left out" in done.stdout
    # Of one replicate nothing is foretold.
    assert "What new labels will bring is not known" in done.stdout


def test_a_seed_is_a_choice_and_more_than_there_are_is_all(chosen, finished, tmp_path):
    pictures, output, _ = chosen
    again = choose(finished.results, pictures, "--count", 10, "--output", tmp_path / "again")
    assert again.returncode == 0
    assert (tmp_path / "again/list.csv").read_bytes() == (output / "list.csv").read_bytes()
    every = choose(finished.results, pictures, "--count", 50, "--output", tmp_path / "all")
    assert "50 asked for, there are 12: all were taken" in every.stdout
    assert len(listed(tmp_path / "all")) == 12


def test_bad_input_is_one_line_and_nothing_is_written(finished, tmp_path):
    pictures, empty, broken = (tmp_path / name for name in ("pictures", "empty", "broken"))
    write_unlabelled(pictures)
    empty.mkdir()
    broken.mkdir()
    (broken / "a.png").write_text("none")
    (tmp_path / "there").mkdir()
    out = ("--output", tmp_path / "out")
    for study, folder, arguments, said in (
        (tmp_path / "none", pictures, out, f"--study {tmp_path}/none: has no classifier in "),
        (finished.results, tmp_path / "no", out, f"--unlabelled {tmp_path}/no: is no folder"),
        (finished.results, empty, out, f"--unlabelled: {empty} holds no picture"),
        (finished.results, broken, out, f"--unlabelled: {broken} has no picture that can be read"),
        (finished.results, pictures, ("--output", tmp_path / "there"), "is there already"),
    ):
        done = choose(study, folder, *arguments)
        assert done.returncode == 1, done.stderr
        last = done.stderr.splitlines()[-1]
        assert last.startswith("error: ")
        assert said in last
        assert not (tmp_path / "out").exists()
    none = choose(finished.results, pictures, "--count", 0, *out)
    assert none.returncode != 0
    assert "--count" in none.stdout + none.stderr


def test_labels_by_keys_are_undone_kept_and_saved(opening, chosen, tmp_path):
    pictures, output, _ = chosen
    files = listed(output)
    page = opening(output / "label.html", viewport={"width": 1300, "height": 900})
    expect(page.locator("#progress")).to_have_text("Picture 1 of 10; 0 labelled")
    # Classes that are digits have their own keys.
    assert page.locator("#classes kbd").all_text_contents() == list("0123456789")
    for key in ("7", "0", "3", " ", "9", "9"):
        page.keyboard.press("Space" if key == " " else key)
    expect(page.locator("#progress")).to_have_text("Picture 7 of 10; 5 labelled, 1 left out")
    page.keyboard.press("Backspace")
    page.keyboard.press("Control+z")
    expect(page.locator("#progress")).to_have_text("Picture 5 of 10; 3 labelled, 1 left out")
    page.keyboard.press("x")  # no class's key
    page.keyboard.press("4")
    # Back to the first, which gets another label, by the mouse.
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    expect(page.locator("#classes [aria-pressed=true]")).to_have_text("77")
    page.locator("#classes button").nth(2).click()
    page.reload()
    page.wait_for_selector("html[data-drawn]")
    expect(page.locator("#progress")).to_have_text("Picture 6 of 10; 4 labelled, 1 left out")
    with page.expect_download() as waiting:
        page.locator("#table").click()
    assert waiting.value.suggested_filename == "labels.csv"
    waiting.value.save_as(tmp_path / "labels.csv")
    rows = labels.read(tmp_path / "labels.csv", pictures)
    assert [(row.file, row.label) for row in rows] == [
        (files[0], "2"), (files[1], "0"), (files[2], "3"), (files[4], "4")
    ]  # fmt: skip
    linked.link(rows, pictures, tmp_path / "linked")
    assert (tmp_path / "linked/2" / files[0]).read_bytes() == (pictures / files[0]).read_bytes()


def test_all_labels_go_into_class_folders_by_the_browser_or_by_a_script(
    browser,
    chosen,
    tmp_path,
):
    pictures, output, _ = chosen
    files = listed(output)
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(FOLDERS)
    page.goto((output / "label.html").as_uri())
    page.wait_for_selector("html[data-drawn]")
    page.locator("#copy").click()
    expect(page.locator("#saved")).to_contain_text("no folder was chosen")
    for place in range(10):
        page.keyboard.press(str(place % 3))
    wanted = {str(n): sorted(files[n::3]) for n in range(3)}
    page.evaluate(
        """async (files) => {
            const from = make("pictures");
            for (const file of files) {
                const parts = file.split("/");
                let at = from;
                for (const part of parts.slice(0, -1))
                    at = await at.getDirectoryHandle(part, { create: true });
                await at.getFileHandle(parts.at(-1), { create: true });
                at.entries[parts.at(-1)].text = file;
            }
            window.to = make("real");
            picked.push(from, to, from, to);
        }""",
        files,
    )
    page.locator("#copy").click()
    expect(page.locator("#saved")).to_have_text("10 pictures copied")
    made = page.evaluate("tree(to)")

    def flat(tree, above=""):
        for name, part in tree.items():
            yield from flat(part, f"{above}{name}/") if isinstance(part, dict) else [above + name]

    assert sorted(flat(made)) == sorted(f"{n}/{file}" for n, own in wanted.items() for file in own)
    page.locator("#copy").click()
    expect(page.locator("#saved")).to_have_text("0 pictures copied, 10 were there already")
    with page.expect_download() as waiting:
        page.locator("#copier").click()
    script = tmp_path / "copy_labelled.sh"
    waiting.value.save_as(script)
    context.close()
    target = tmp_path / "real's"
    for _ in range(2):  # what is there stays
        done = subprocess.run(["sh", script, target], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
    for n, own in wanted.items():
        found = sorted(str(p.relative_to(target / n)) for p in (target / n).rglob("*.png"))
        assert found == own
    for file in files:
        (copy,) = target.glob(f"*/{file}")
        assert copy.read_bytes() == (pictures / file).read_bytes()
    assert (
        "name the folder"
        in subprocess.run(["sh", script], capture_output=True, text=True, check=False).stderr
    )


@pytest.mark.parametrize("width", [375, 1300])
def test_the_sheet_fits_its_screen_and_has_no_barrier(opening, chosen, width):
    from axe_playwright_python.sync_playwright import Axe

    page = opening(chosen[1] / "label.html", viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


def test_doubted_labels_are_those_that_others_read_otherwise(finished):
    table = pd.read_csv(
        finished.results / "answer/doubted.csv",
        dtype={"class": str, "predicted": str, "file": str},
        keep_default_na=False,
    )
    tensors, record = read_tensors(finished.results / "crossfitted/small.safetensors")
    pool = read_images(finished.results / "real/pool.safetensors")
    assert tensors["scores"].shape == (len(pool), 10)
    assert record["learner"] == "small"
    wrong = tensors["scores"].argmax(1) != pool.labels
    assert record["error"] == pytest.approx(wrong.mean())
    assert len(table) == min(80, wrong.sum())
    assert (table["class"] != table["predicted"]).all()
    assert wrong[table["place"]].all()
    assert (pool.labels[table["place"]].astype(str) == table["class"]).all()
    assert table["own"].is_monotonic_increasing


def test_the_page_lists_doubted_labels(opening, finished):
    page = opening(finished.results / "report.html", viewport={"width": 375, "height": 800})
    page.locator("nav a[href='#doubted']").click()
    items = page.locator("#doubted li")
    assert items.count() == 20
    expect(items.first).to_be_in_viewport()
    expect(items.first).to_contain_text("train image")
    widths = items.locator("img").evaluate_all("all => all.map(it => it.naturalWidth)")
    assert len(widths) == 20
    assert min(widths) > 0


def test_hidden_pictures_stay_hidden(finished, tmp_path):
    assert "data:image/webp" in (finished.results / "report.html").read_text()
    overlay = tmp_path / "hidden.json"
    overlay.write_text(json.dumps({"page": {"pictures": False}}))
    hidden = Project(finished.root, [*finished.configs, str(overlay)])
    said = hidden.run("-n", "-p", "--cores", "1", "--forcerun", "report")
    line = said.stdout.partition("python -m realink report")[2].partition(">results")[0]
    assert "--doubted" in line
    assert "--labelled" not in line
    assert json.loads((finished.results / "config.json").read_text())["page"]["pictures"]

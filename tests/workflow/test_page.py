"""The answer page as a person meets it: in a browser, without a network."""

import json
import shutil
import subprocess
import sys
from functools import partial

import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from realink.store.files import read_tensors, write_tensors
from tests import made_up

CHROMIUM = shutil.which("chromium")
WIDTHS = {"phone": 360, "desk": 1300}


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("needs chromium (a Debian package) on the PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opening(browser):
    """A function that opens a page, and fails on any complaint, request or dialogue."""
    complaints = []
    contexts = []

    def open_page(path, **looks):
        contexts.append(browser.new_context(**looks))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda asked: (
                complaints.append(asked.url) if asked.url[:5] not in ("file:", "data:") else None
            ),
        )
        page.on("dialog", lambda dialogue: complaints.append(dialogue.message))
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-drawn]")
        return page

    yield open_page
    assert complaints == []
    for context in contexts:
        context.close()


@pytest.fixture
def opened(opening, finished):
    """A function that opens the small study's page."""
    return partial(opening, finished.results / "report.html")


def test_the_page_is_small_and_whole(finished):
    page = (finished.results / "report.html").read_bytes()
    assert page.rstrip().endswith(b"</html>")
    assert len(page) < 3e6
    for linked in ("metrics.csv", "translators.csv", "answer"):
        assert (finished.results / linked).exists()


def test_a_mark_tells_its_values_and_a_mix_can_be_picked_by_keyboard(opened):
    page = opened(viewport={"width": WIDTHS["desk"], "height": 900})
    figure = page.locator("#error-plain")
    marks = figure.locator("g.mark-symbol.role-mark path")
    # Of the mixes that are not picked, the marks fade.
    before = marks.count()
    assert before >= 5
    marks.first.hover(force=True)
    tooltip = page.locator("#vg-tooltip-element.visible")
    expect(tooltip).to_contain_text("test error (%)")
    expect(tooltip).to_contain_text("trained on")
    select = figure.locator("select")
    select.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    picked = select.evaluate("it => it.options[it.selectedIndex].text")
    assert picked != "all"
    opacities = marks.evaluate_all("all => all.map(it => +getComputedStyle(it).opacity)")
    assert min(opacities) < 0.2
    assert max(opacities) == 1
    assert 0 < sum(opacity == 1 for opacity in opacities) < before


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """The page of a made-up study of many counts, whose strip has many parts."""
    config = made_up.settings(
        counts=[20, 30, 40, 50, 60, 70, 80, 100],
        mixes=["real", "real-aug", "real-rendered-aug", "real-warp-aug"],
        replicates=1,
    )
    return made_up.answered(tmp_path_factory.mktemp("many"), config, seed=2)["page"]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_first_screen_of_a_phone_says_what_to_do(browser, many, scripts):
    context = browser.new_context(
        viewport={"width": 375, "height": 667}, java_script_enabled=scripts
    )
    page = context.new_page()
    page.goto(many.as_uri())
    first, *others = page.locator(".lead.said").all()
    expect(first).to_be_visible()
    expect(first).to_contain_text("With 20 real images: ")
    assert len(first.text_content().split()) <= 25
    assert len(others) == 7
    for other in others:
        expect(other).not_to_be_visible()
    strip = page.locator(".strip")
    assert strip.locator("li").count() >= 3
    assert strip.locator("label").count() == 8
    box = strip.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 375
    assert box["y"] + box["height"] <= 667
    # Another count, by keyboard alone.
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(others[0]).to_be_visible()
    expect(first).not_to_be_visible()
    expect(others[0]).to_contain_text("With 30 real images: ")
    # What is sure of the advice is that of the same count.
    told = {at: page.locator(f"div.told.said-{at}") for at in range(3, 9)}
    at, own = next((at, own) for at, own in told.items() if own.locator("p").count())
    expect(own).not_to_be_visible()
    for _ in range(at - 2):
        page.keyboard.press("ArrowRight")
    expect(own).to_be_visible()
    assert [one.is_visible() for one in page.locator("div.told.said").all()].count(True) == 1
    expect(others[at - 2]).to_be_visible()
    context.close()


def test_the_strip_says_where_it_goes_back_and_forth(opening, many):
    page = opening(many, viewport={"width": WIDTHS["desk"], "height": 900})
    told = page.locator(".strip strong").all_text_contents()
    said = page.get_by_text("back and forth").count()
    assert said == (len(set(told)) < len(told))


def test_every_section_is_in_the_contents_and_unfolds(opened):
    page = opened(viewport={"width": WIDTHS["phone"], "height": 667})
    links = page.locator("nav a")
    targets = [link.get_attribute("href").removeprefix("#") for link in links.all()]
    assert targets == page.locator("main section[id]").evaluate_all("all => all.map(it => it.id)")
    for link, target in zip(links.all(), targets, strict=True):
        link.click()
        expect(page.locator(f"#{target} > details")).to_have_attribute("open", "")
        expect(page.locator(f"#{target}")).to_be_in_viewport()
    # Charts of what was folded have been drawn at their width.
    widths = page.locator(".chart svg").evaluate_all(
        "all => all.map(it => it.getBoundingClientRect().width)"
    )
    assert len(widths) > 4
    assert min(widths) > 250


def test_the_grid_says_in_words_what_its_colours_say(opened):
    page = opened(viewport={"width": WIDTHS["desk"], "height": 900})
    cells = page.locator(".grid td:not(:empty)")
    said = cells.evaluate_all("all => all.map(it => it.querySelector('small').textContent)")
    classes = cells.evaluate_all("all => all.map(it => it.classList[0])")
    assert said == classes
    assert {"better", "undecided"} <= set(said) <= {"better", "undecided", "worse"}
    # The table's empty corner is in the head; a count that no row has gets no column.
    columns = page.locator(".grid").evaluate_all(
        """all => all.flatMap(table => [...table.tHead.rows[0].cells].slice(1).map((_, place) =>
            [...table.tBodies[0].rows].filter(row => row.cells[place + 1].textContent).length))"""
    )
    assert min(columns) > 0


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_legends_are_whole(opening, many, width):
    page = opening(many, viewport={"width": width, "height": 800})
    over = page.locator(".chart svg").evaluate_all(
        """all => all.flatMap(svg => [...svg.querySelectorAll("g.role-legend")]
            .map(it => it.getBoundingClientRect().right - svg.getBoundingClientRect().right))"""
    )
    assert len(over) > 3
    assert max(over) <= 1


def test_what_is_wider_than_the_screen_says_so_until_its_end(opening, many):
    page = opening(many, viewport={"width": WIDTHS["phone"], "height": 800})
    part = page.locator(".scroll").first
    hint = page.locator(".scroll + .hint").first
    expect(part).to_have_class("scroll more")
    expect(hint).to_be_visible()
    part.evaluate("it => it.scrollLeft = it.scrollWidth")
    expect(part).to_have_class("scroll")
    expect(hint).not_to_be_visible()
    page.set_viewport_size({"width": 3000, "height": 800})
    expect(page.locator(".scroll.more")).to_have_count(0)


def test_the_page_allows_no_network_and_no_other_script(browser, many):
    context = browser.new_context()
    page = context.new_page()
    loaded = []
    page.on("requestfinished", lambda request: loaded.append(request.url))
    page.goto(many.as_uri())
    page.wait_for_selector("html[data-drawn]")
    blocked = page.evaluate(
        """async () => {
            const blocked = [];
            document.addEventListener("securitypolicyviolation", it => blocked.push(it.blockedURI));
            const image = new Image();
            image.src = "https://realink.invalid/a.png";
            const script = document.createElement("script");
            script.textContent = "document.documentElement.dataset.run = 'yes'";
            document.body.append(image, script);
            await fetch("https://realink.invalid/b").catch(() => {});
            setTimeout("document.documentElement.dataset.run = 'yes'");
            await new Promise(done => setTimeout(done, 200));
            return blocked;
        }"""
    )
    assert set(blocked) == {
        "https://realink.invalid/a.png", "https://realink.invalid/b", "inline", "eval"
    }  # fmt: skip
    assert page.locator("html[data-run]").count() == 0
    assert [url for url in loaded if "invalid" in url] == []
    context.close()


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_nothing_is_wider_than_the_screen(opened, width):
    page = opened(viewport={"width": width, "height": 800})
    for part in page.locator("details").all():
        part.evaluate("it => it.open = true")
    assert wider_than_the_screen(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def wider_than_the_screen(page):
    """What reaches over the right edge; wide tables may, inside a box that itself must fit."""
    return page.evaluate(
        """() => [...document.querySelectorAll("body *")]
            .filter(it => !it.closest(".scroll, pre, svg") || it.matches(".scroll, pre, svg"))
            .filter(it => it.getBoundingClientRect().right > innerWidth + 1)
            .map(it => it.outerHTML.slice(0, 120))"""
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_machine_finds_no_barrier(opened, scheme):
    """Text contrast, names, order of headings: axe-core's rules."""
    page = opened(viewport={"width": WIDTHS["desk"], "height": 900}, color_scheme=scheme)
    for part in page.locator("details").all():
        part.evaluate("it => it.open = true")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
    # axe does not look inside drawings: marks and their text need contrast as well.
    poor = page.evaluate(
        """() => {
            const light = colour => {
                const [r, g, b] = colour.match(/[\\d.]+/g).map(v => v / 255)
                    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const paper = light(getComputedStyle(document.body).backgroundColor);
            const ratio = colour => {
                const [low, high] = [light(colour), paper].sort((a, b) => a - b);
                return (high + 0.05) / (low + 0.05);
            };
            const texts = [...document.querySelectorAll(".chart text")]
                .map(it => [ratio(getComputedStyle(it).fill), 4.5, it.textContent]);
            const marks = [...document.querySelectorAll(".chart .mark-symbol path")]
                .map(it => getComputedStyle(it))
                .map(it => it.fill.startsWith("rgb(") ? it.fill : it.stroke)
                .filter(colour => colour.startsWith("rgb("))
                .map(colour => [ratio(colour), 3, colour]);
            return { looked: [texts.length, marks.length],
                     poor: [...texts, ...marks].filter(([got, need]) => got < need) };
        }"""
    )
    assert min(poor["looked"]) > 10
    assert poor["poor"] == []


HOSTILE = (
    "<script>alert(1)</script>",
    "</script><!--<script>",
    "<img src=x onerror=alert(2)>",
    "&lt;b&gt; $x$ \"quoted\" 'too'\nand a new line",
    "unbroken" * 20,
    "\N{HIRAGANA LETTER A}\u202eright to left",
)


@pytest.mark.parametrize("classes", [HOSTILE, HOSTILE * 3], ids=["few", "many"])
def test_names_from_outside_never_become_markup(opening, tmp_path, classes):
    classes = tuple(f"{name}{place or ''}" for place, name in enumerate(classes))
    config = made_up.settings(
        mixes=["real", "real-rendered", "real-warp"],
        real={"source": "folder", "directory": HOSTILE[0], "group": "^(.*)_"},
        rendered={"source": "folder", "directory": HOSTILE[2]},
    )
    n = 30 * len(classes)
    manifest = pd.DataFrame(
        {
            "file": [f"{classes[place % len(classes)]}/{place}.png" for place in range(n)],
            "class": [classes[place % len(classes)] for place in range(n)],
            "split": [("train", "validation", "test")[place % 5 % 3] for place in range(n)],
            "group": [classes[place // 30] for place in range(n)],
            "sha256": "0",
            "left_out": ["" if place % 4 else HOSTILE[2] for place in range(n)],
        }
    )
    (tmp_path / "real").mkdir()
    manifest.to_csv(tmp_path / "real/images.csv", index=False)
    written = made_up.answered(tmp_path, config, classes=classes)["page"]
    page = opening(written, viewport={"width": WIDTHS["phone"], "height": 800})
    for part in page.locator("details").all():
        part.evaluate("it => it.open = true")
    assert page.locator("script").count() == 1
    assert page.locator("img[src=x], b").count() == 0
    for name in classes:
        cells = page.locator(".names th").evaluate_all("all => all.map(it => it.textContent)")
        assert name in cells
    assert wider_than_the_screen(page) == []
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


def test_on_paper_everything_is_laid_open_in_light_colours(opened, tmp_path):
    page = opened(viewport={"width": WIDTHS["desk"], "height": 900}, color_scheme="dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    folded = page.locator("details:not([open])").count()
    assert folded > 3
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open], .long)").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() == folded
    # Drawn for a wide screen, and still whole on narrow paper.
    page.set_viewport_size({"width": 700, "height": 1000})
    wide = "all => all.filter(it => it.getBoundingClientRect().right > 701).length"
    assert page.locator(".chart svg").evaluate_all(wide) == 0
    page.pdf(path=tmp_path / "page.pdf", format="A4")
    assert (tmp_path / "page.pdf").stat().st_size > 50_000


def test_two_studies_side_by_side(opening, finished, tmp_path):
    """The second study read every image right at N = 20, so it must come out better there."""
    other = tmp_path / "other"
    shutil.copytree(finished.results, other, ignore=shutil.ignore_patterns("[!mp]*"))
    metrics = pd.read_csv(other / "metrics.csv")
    tensors, record = read_tensors(other / "predictions.safetensors")
    at = metrics["n_real"] == 20
    tensors["predicted"][at] = tensors["labels"]
    write_tensors(other / "predictions.safetensors", tensors, record)
    metrics.loc[at, "test_error"] = 0
    metrics[metrics["mix"] != "rendered"].to_csv(other / "metrics.csv", index=False)
    config = json.loads((finished.results / "config.json").read_text())
    config["learner_settings"]["small"]["width"] = 4
    (other / "config.json").write_text(json.dumps(config))

    def compare(*arguments):
        command = [sys.executable, "-m", "realink", "compare", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    # Predictions of more classifiers than the table names.
    broken = compare(finished.results, other)
    assert broken.returncode == 1
    assert broken.stderr.startswith("error: other: predictions.safetensors has 21 classifiers")
    keep = (metrics["mix"] != "rendered").to_numpy()
    tensors["predicted"] = tensors["predicted"][keep]
    write_tensors(other / "predictions.safetensors", tensors, record)
    done = compare(finished.results, other, "--output", tmp_path / "both.html")
    assert done.returncode == 0, done.stderr
    assert "note: only in small: rendered\n" in done.stdout
    assert "note: setting learner_settings: small: width: 2 in small, 4 in other\n" in done.stdout
    lines = [line.split() for line in done.stdout.splitlines()]
    verdicts = {(line[0], line[1]): line[-1] for line in lines if len(line) == 8}
    assert verdicts["real-warp", "20"] == "better"
    assert verdicts["real-warp", "100"] == "identical"
    page = opening(tmp_path / "both.html", viewport={"width": 360, "height": 800})
    expect(page.locator("h1")).to_contain_text("small (solid) and other (dashed)")
    assert page.locator("#error-plain g.mark-line path").count() >= 2
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    for first, said in (
        (tmp_path, f"{tmp_path}/metrics.csv: no such file"),
        (other, f"{other} and {other} are the same study"),
    ):
        wrong = compare(first, other)
        assert wrong.returncode == 1
        assert wrong.stderr.startswith(f"error: {said}")
    (other / "metrics.csv").write_text("mix,n_real\nreal,20\n")
    lacking = compare(finished.results, other)
    assert lacking.returncode == 1
    assert lacking.stderr.startswith(f"error: {other}/metrics.csv: lacks the column 'test_error'")

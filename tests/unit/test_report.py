"""The page's tables: the strip of what to do, and the grid of verdicts."""

import base64
import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from realink.page import html, report, tables

COUNTS = [55, 165, 385]


def compared(*rows):
    """Comparisons: a mix, what it is compared with, and of each count the ratio and the verdict."""
    return pd.DataFrame(
        [
            {"mix": mix, "reference": reference, "n_real": n, "reference_n_real": n}
            | {"ratio": ratio, "low": 0.9 * ratio, "high": 1.1 * ratio, "verdict": verdict}
            for mix, reference, cells in rows
            for n, (ratio, verdict) in zip(COUNTS, cells, strict=False)
        ]
    )


def test_the_strip_joins_counts_in_a_row_that_have_the_same_mix():
    given = [
        {"n_real": 55, "mix": "real-rendered-aug", "error": 0.0337},
        {"n_real": 165, "mix": "real-rendered-aug", "error": 0.019},
        {"n_real": 385, "mix": "real-aug", "error": 0.015},
        {"n_real": 550, "mix": "real-rendered-aug", "error": 0.0125},
    ]
    first, second, third = tables.strip(given)
    assert (first["counts"], first["action"]) == ([55, 165], "add rendered ones and augment")
    assert first["errors"].replace("\N{NO-BREAK SPACE}", " ") == "3.37 % to 1.90 %"
    assert (second["counts"], second["action"], second["source"]) == ([385], "augment them", None)
    assert second["errors"] == "1.50\N{NO-BREAK SPACE}%"
    assert third["counts"] == [550]
    assert tables.strip([]) == []


def test_the_grid_has_a_part_for_each_kind_of_comparison_and_a_cell_for_each_count():
    comparisons = compared(
        ("real-gan", "real", [(0.45, "better"), (0.7, "better"), (1.37, "worse")]),
        ("real-gan", "real-rendered", [(0.98, "undecided"), (1.0, "undecided")]),
        ("real-gan", "real-randomised", [(4.17, "worse")]),
        ("real-aug", "real", [(0.3, "better"), (0.3, "better"), (0.3, "better")]),
        ("gan", "real", [(0.9, "undecided"), (0.5, "better"), (0.5, "better")]),
    )
    parts = tables.verdicts(comparisons, COUNTS)
    assert [[row["mix"] for row in rows] for _, _, rows in parts] == [
        ["real-gan", "gan"], ["real-gan"], ["real-gan"], ["real-aug"]
    ]  # fmt: skip
    against_real, against_rendered, against_randomised, against_plain = (
        rows for _, _, rows in parts
    )
    assert [row["better"] for row in against_real] == [
        "better up to N = 165", "better from N = 165 on"
    ]  # fmt: skip
    assert against_rendered[0]["better"] == "nowhere better"
    assert against_plain[0]["better"] == "better at every N"
    cells = against_real[0]["cells"]
    assert [cell["verdict"] for cell in cells] == ["better", "better", "worse"]
    assert [cell["strength"] for cell in cells] == [3, 2, 2]
    assert cells[0]["told"] == "0.45 times the errors of real (95 %: 0.41 to 0.50)"
    # A count without a single comparison has no column.
    assert [counted for _, counted, _ in parts] == [COUNTS, COUNTS[:2], COUNTS[:1], COUNTS]
    assert [len(row["cells"]) for row in (*against_rendered, *against_randomised)] == [2, 1]


def test_in_the_grid_a_mix_may_lack_a_count_that_another_has():
    comparisons = compared(
        ("real-gan", "real", [(0.45, "better"), (0.7, "undecided"), (0.6, "better")]),
        ("real-rendered", "real", [(0.5, "better")]),
    )
    ((_, counted, rows),) = tables.verdicts(comparisons, COUNTS)
    assert counted == COUNTS
    # Every count but one is not "every N".
    assert {row["mix"]: row["better"] for row in rows} == {
        "real-gan": "better at N = 55 and 385",
        "real-rendered": "better at N = 55",
    }
    lacking = next(row for row in rows if row["mix"] == "real-rendered")
    assert [cell is None for cell in lacking["cells"]] == [False, True, True]


def test_of_many_groups_the_hardest_are_shown():
    groups = pd.DataFrame(
        {"group": [f"g{n}" for n in range(300)], "test_error": np.arange(300) / 300}
    )
    groups = groups.assign(mix="real-aug", n_real=55, images=2)
    ((n, mixes, rows),) = tables.by_group(groups)
    assert (n, mixes, len(rows)) == (55, ["real-aug"], tables.HARDEST)
    assert [group for group, _, _ in rows[:2]] == ["g299", "g298"]


def test_of_one_replicate_the_grid_names_no_interval():
    comparisons = compared(("real-aug", "real", [(0.3, "better")])).assign(low=np.nan, high=np.nan)
    ((_, _, (row,)),) = tables.verdicts(comparisons, COUNTS)
    assert row["cells"][0]["told"] == "0.30 times the errors of real"


@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        (0.45, "-55 %"), (1.37, "+37 %"), (1.0, "±0 %"), (0.999, "±0 %"), (4.17, "+320 %"),
        (27.8, "+2,700 %"), (0.0, "-100 %"), (1.99, "+99 %"),
    ],
)  # fmt: skip
def test_changes_in_words(ratio, said):
    typed = {"\N{NO-BREAK SPACE}": " ", "\N{MINUS SIGN}": "-"}
    assert tables.change(ratio).translate(str.maketrans(typed)) == said


def test_embedded_pictures_are_small(tmp_path):
    random = np.random.default_rng(0)
    blocks = random.integers(0, 256, (30, 40, 3), dtype=np.uint8).repeat(30, 0).repeat(30, 1)
    Image.fromarray(blocks).save(tmp_path / "sheet.png")
    head, _, data = html.embedded(tmp_path / "sheet.png").partition(",")
    assert head == "data:image/webp;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
        assert picture.size == (html.WIDEST, 525)
    assert len(data) < 60_000


def test_labels_kept_of_one_replicate_are_one_number(tmp_path):
    table = pd.DataFrame({"translator": "warp", "n_real": [55, 55, 385]})
    table["label_retention"] = [0.971, 0.998, 0.98]
    sheets = [report.Sheet("warp", n, tmp_path) for n in (55, 385)]
    assert [report._kept(table, sheet) for sheet in sheets] == [
        "labels kept 97\N{NO-BREAK SPACE}% to 100\N{NO-BREAK SPACE}%",
        "labels kept 98\N{NO-BREAK SPACE}%",
    ]

"""Error rates and label retention, on cases small enough to work out by hand."""

import numpy as np

from realink.scores.judge import error_rate, retention
from realink.store.files import write_json
from realink.store.tables import confusions_table, gap_table, translators_table


def test_error_rate():
    assert error_rate(np.array([1, 2, 3, 4]), np.array([1, 2, 0, 0])) == 0.5
    assert error_rate(np.array([]), np.array([])) is None


def test_retention_counts_what_the_judge_reads():
    labels = np.array([0, 0, 0, 0, 1, 1])
    read = np.array([0, 2, 0, 2, 1, 0], np.uint8)
    judged = retention(read, labels, 4)
    assert judged["label_retention"] == 3 / 6
    assert judged["retention_by_class"] == [0.5, 0.5, None, None]
    assert judged["confusion"] == [[2, 0, 2, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]


def test_a_translators_row_joins_what_names_it(tmp_path):
    trained = {"study": "s", "translator": "t", "replicate": 1, "train_steps": 1}
    trained |= {"train_seconds": 1.0, "device": "cpu", "code": "c"}
    paths = {"trained": [], "judged": [], "gap": []}
    for n, kept in ((55, 0.1), (385, 0.9)):
        judged = retention(np.zeros(10, int), np.repeat([0, 1], 5), 3)
        judged |= {"label_retention": kept, "classes": ["cat", "dog", "wolf"]}
        judged |= {"translator": "t", "n_real": n, "replicate": 1}
        gap = {"images": "t", "n_real": n, "replicate": 1, "frechet": 10 * kept}
        own = trained | {"n_real": n}
        for kind, record in (("trained", own), ("judged", judged), ("gap", gap)):
            paths[kind].append(tmp_path / f"{kind}{n}.json")
            write_json(paths[kind][-1], record)
    write_json(tmp_path / "rendered.json", {"images": "rendered", "n_real": None, "replicate": 1})
    gaps = gap_table([tmp_path / "rendered.json", *paths["gap"][::-1]])
    assert gaps["images"].tolist() == ["rendered", "t", "t"]
    table = translators_table(paths["trained"], paths["judged"][::-1], gaps)
    assert table["label_retention"].tolist() == [0.1, 0.9]
    assert table["frechet"].tolist() == [1, 9]
    confusions = confusions_table(paths["judged"])
    assert len(confusions) == 2 * 9
    dogs = confusions[(confusions["label"] == "dog") & (confusions["n_real"] == 55)]
    assert dogs["images"].tolist() == [5, 0, 0]


def test_a_study_without_translators_has_the_same_columns(tmp_path):
    assert "label_retention" in translators_table([], [], gap_table([]))
    assert "images" in confusions_table([])

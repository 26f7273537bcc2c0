"""Mixes, error rates and label retention, on cases small enough to work out by hand."""

import numpy as np

from realink.artifacts import write_json
from realink.digits import Digits, concatenate
from realink.evaluation import error_rate, retention
from realink.tables import confusions_table, gap_table, translators_table


def digits(start, n):
    images = np.zeros((n, 28, 28), np.uint8)
    return Digits(images, np.arange(start, start + n, dtype=np.int64))


def test_error_rate():
    assert error_rate(np.array([1, 2, 3, 4]), np.array([1, 2, 0, 0])) == 0.5
    assert error_rate(np.array([]), np.array([])) is None


def test_retention_counts_what_the_judge_reads():
    labels = np.array([0, 0, 0, 0, 1, 1])
    read = np.array([0, 2, 0, 2, 1, 0])
    judged = retention(read, labels)
    assert judged["label_retention"] == 3 / 6
    assert judged["retention_by_digit"][:3] == [0.5, 0.5, None]
    assert judged["confusion"][0] == [2, 0, 2, 0, 0, 0, 0, 0, 0, 0]
    assert judged["confusion"][1] == [1, 1, 0, 0, 0, 0, 0, 0, 0, 0]


def test_a_mix_is_its_parts_one_after_another():
    mixed = concatenate([digits(0, 5), digits(100, 50).draw(20, seed=3)]).labels
    assert mixed[:5].tolist() == [0, 1, 2, 3, 4]
    assert len(set(mixed[5:])) == 20
    assert min(mixed[5:]) >= 100
    # Nested, so that a mix with fewer synthetic images differs by what is missing alone.
    np.testing.assert_array_equal(digits(100, 50).draw(10, seed=3).labels, mixed[5:15])


def test_a_translators_row_joins_what_names_it(tmp_path):
    trained = {"study": "s", "translator": "t", "replicate": 1, "train_steps": 1}
    trained |= {"train_seconds": 1.0, "device": "cpu", "code": "c"}
    paths = {"trained": [], "judged": [], "gap": []}
    for n, kept in ((55, 0.1), (385, 0.9)):
        judged = retention(np.zeros(10, int), np.repeat([0, 1], 5)) | {"label_retention": kept}
        judged |= {"translator": "t", "n_real": n, "replicate": 1}
        gap = {"images": "t", "n_real": n, "replicate": 1, "frechet": 10 * kept}
        own = trained | {"n_real": n}
        for kind, record in (("trained", own), ("judged", judged), ("gap", gap)):
            paths[kind].append(tmp_path / f"{kind}{n}.json")
            write_json(paths[kind][-1], record)
    write_json(tmp_path / "font.json", {"images": "font", "n_real": None, "replicate": 1})
    gaps = gap_table([tmp_path / "font.json", *paths["gap"][::-1]])
    assert gaps["images"].tolist() == ["font", "t", "t"]
    table = translators_table(paths["trained"], paths["judged"][::-1], gaps)
    assert table["label_retention"].tolist() == [0.1, 0.9]
    assert table["frechet"].tolist() == [1, 9]
    confusions = confusions_table(paths["judged"])
    assert len(confusions) == 2 * 100
    ones = confusions[(confusions["label"] == 1) & (confusions["n_real"] == 55)]
    assert ones["digits"].tolist() == [5, *[0] * 9]


def test_a_study_without_translators_has_the_same_columns(tmp_path):
    assert "label_retention" in translators_table([], [], gap_table([]))
    assert "digits" in confusions_table([])

"""Mixes, error rates and label retention, on cases small enough to work out by hand."""

import numpy as np

from realink.artifacts import write_json
from realink.digits import Digits, concatenate
from realink.evaluation import error_rate, retention
from realink.tables import translators_table


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


def test_retention_joins_the_translator_that_it_names(tmp_path):
    trained = {"study": "s", "translator": "t", "replicate": 1, "train_steps": 1}
    trained |= {"train_seconds": 1.0, "device": "cpu", "code": "c"}
    paths = {"trained": [], "judged": []}
    for n, kept in ((55, 0.1), (385, 0.9)):
        judged = retention(np.zeros(10, int), np.repeat([0, 1], 5)) | {"label_retention": kept}
        judged |= {"translator": "t", "n_real": n, "replicate": 1}
        for kind, record in (("trained", trained | {"n_real": n}), ("judged", judged)):
            paths[kind].append(tmp_path / f"{kind}{n}.json")
            write_json(paths[kind][-1], record)
    table = translators_table(paths["trained"], paths["judged"][::-1])
    assert table["label_retention"].tolist() == [0.1, 0.9]
    assert list(translators_table([], [])) == list(table)

"""What a study gives to other programs: a classifier, its card, pictures; and reading with it."""

import csv
import gc
import io
import itertools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest
import torch
from PIL import Image

from realink import commands
from realink.commands import classify, takeaway
from realink.errors import InputError
from realink.images.imagesets import ImageSet
from realink.learners.small.network import Network, Settings, predict
from realink.learners.whole import Classifier
from realink.scores.calibration import tempered
from realink.store.checkpoints import load, save
from realink.store.files import read_images, write_images, write_json, write_table
from realink.store.predictions import Predictions, write_predictions
from realink.store.reader import Reader

ROOT = Path(__file__).parents[2]
CLASSES = ("cat", "dog | <b>", "wolf")
# As `measure_trust` writes it: 1 % was asked for.
PROMISED = {
    "n_real": 30, "mix": "real-aug", "validation_images": 30, "validation_units": 4,
    "temperature": 1.25, "uncalibrated": 0.05, "calibration_error": 0.02, "least": 0.015,
    "risk": 0.05, "confidence": 0.6, "answered": 0.9, "wrong": 0.04,
}  # fmt: skip


def images(n: int, channels: int, seed: int = 1) -> ImageSet:
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (n, 20, 17, *[3] * (channels == 3)), np.uint8)
    groups = np.arange(n) % 4
    return ImageSet(pixels, np.arange(n) % 3, CLASSES, None, groups, tuple("abcd"))


def network(shape, seed: int, **settings) -> tuple[Network, Settings]:
    """Random weights, balanced so that images are read as different classes."""
    torch.manual_seed(seed)
    knobs = Settings(width=2, **settings)
    made = Network(knobs, shape)
    noise = torch.rand(64, shape.channels, shape.height, shape.width)
    with torch.no_grad():
        made.train()(noise)
        made.layers[-1].bias -= made.eval()(noise).mean(dim=0)
    return made, knobs


def study(root: Path, channels: int, *, replicates: int = 2, learners=("small",), turns=False):
    """A study's files; arguments of `export_classifier`. The last learner has the advised one.

    `turns`: whether each replicate tested other images.
    """
    test = images(60, channels)
    rows, means, known = [], [], replicates > 1
    for learner, mix, n in itertools.product(learners, ("real", "real-aug"), (10, 30)):
        identity = {"learner": learner, "mix": mix, "n_real": n}
        for replicate in range(1, replicates + 1):
            rows.append(identity | {"replicate": replicate, "n_synthetic": 0, "test_error": 0.2})
        label = f"{learner}:{mix}" if len(learners) > 1 else mix
        means.append(
            {"mix": label, "n_real": n, "replicates": replicates, "test_error": 0.2}
            | {"low": 0.123 if known else np.nan, "high": 0.277 if known else np.nan}
        )
    write_table(root / "metrics.csv", pd.DataFrame(rows))
    write_table(root / "summary.csv", pd.DataFrame(means))
    best = [{"n_real": 10, "mix": means[-4]["mix"]}, {"n_real": 30, "mix": means[-1]["mix"]}]
    write_json(root / "answer.json", {"recommended": best})
    write_table(root / "trust.csv", pd.DataFrame([PROMISED]))
    write_json(root / "unknown.json", {"asked": 0.02, "least": 0.5, "false_alarms": 0.03})
    write_images(root / "labelled.safetensors", images(30, channels))
    write_images(root / "test.safetensors", test)
    # The advised one took the first cat for a dog, and was right in all else.
    read = np.tile(test.labels, (len(rows), 1)).astype(np.uint8)
    read[-replicates:, 0] = 1
    turn = test.groups % replicates + 1 if turns else None
    of = np.array([row["replicate"] for row in rows]) if turns else None
    write_predictions(
        root / "predictions.safetensors",
        Predictions(read, test.labels, CLASSES, test.groups, tuple("abcd"), turn, of),
    )
    net, knobs = network(test.shape, 5, standardise=channels == 3)
    how = {"height": 20, "width": 17, "channels": channels, "fit": "fit", "background": 90}
    (root / "final").mkdir()
    save(root / "final/model.safetensors", net, "small", knobs, test.shape)
    made = {"learner": learners[-1], "mix": "real-aug", "n_real": 36, "n_synthetic": 0}
    made |= {"synthetic": "none", "augmented": True, "code": "0123456789ab"}
    made |= {"chosen": {"penalty": 0.03, "mirrored": 1.0} if learners[-1] == "frozen" else {}}
    made |= {"train_steps": 1100} if learners[-1] == "small" else {}
    write_json(root / "final/training.json", made)
    return {
        "study": "pets",
        "answer": root / "answer.json",
        "summary": root / "summary.csv",
        "metrics": root / "metrics.csv",
        "predictions": root / "predictions.safetensors",
        "model": root / "final/model.safetensors",
        "record": root / "final/training.json",
        "test": root / "test.safetensors",
        "labelled": [root / "labelled.safetensors"],
        "trust": root / "trust.csv",
        "unknown": root / "unknown.json",
        "asked_risk": 0.01,
        "seed": 1,
        "tested_once": turns,
        "images": json.dumps(how),
        "real": json.dumps({"source": "folder", "directory": "data/pets"}),
        "onnx": root / "final/model.onnx",
        "classes": root / "final/classes.json",
        "card": root / "final/README.md",
    }


@pytest.fixture(scope="module", params=[1, 3], ids=["grey", "colour"])
def final(request, tmp_path_factory) -> Path:
    """The final directory of a made-up study."""
    root = tmp_path_factory.mktemp("study")
    takeaway.export_classifier(**study(root, request.param))
    return root / "final"


def test_its_record_says_how_to_make_pictures_fit(final):
    record = json.loads((final / "classes.json").read_text())
    assert record["classes"] == list(CLASSES)
    assert record["images"]["fit"] == "fit"


def test_onnx_reads_as_the_network_does_at_its_temperature(final):
    net = load(final / "model.safetensors", "small", Network, Settings)
    reader = Reader(final / "model.onnx")
    assert reader.classes == CLASSES
    for n in (1, 5, 300):
        pixels = images(n, net.shape.channels, seed=n).images
        found, asked = reader.predict(pixels), predict(net, pixels)
        np.testing.assert_allclose(found, tempered(asked, 1.25), atol=1e-5)
    assert len(set(asked.argmax(1))) > 1


def test_onnx_tells_known_pictures_from_others(final):
    reader = Reader(final / "model.onnx")
    assert (reader.risk, reader.confidence, reader.unknown) == (0.05, 0.6, 0.5)
    _, known = reader.read(images(30, reader.images["channels"]).images)  # the pool's
    _, others = reader.read(images(30, reader.images["channels"], seed=9).images)
    assert np.abs(known).max() < 2e-3
    assert others.min() > 5e-3


def test_onnx_is_the_same_each_time_and_names_no_place_of_this_machine(final):
    content = (final / "model.onnx").read_bytes()
    record = json.loads((final / "classes.json").read_text())
    learner = Classifier(final / "model.safetensors")
    known = learner.features(images(30, learner.shape.channels).images)
    made = learner.to_onnx(record, temperature=record["temperature"], known=known)
    assert made == content
    assert str(ROOT).encode() not in content
    assert b".py" not in content
    onnx.checker.check_model(onnx.load_from_string(content))


def test_the_card_says_what_it_is_and_what_to_expect(final):
    text = (final / "README.md").read_text().replace("\N{NO-BREAK SPACE}", " ")
    for said in (
        "# Classifier of the study pets",
        "trained on all labelled pictures but the test pictures, with the mix",
        "| expected error | 20.0 %: the mean of the study's 2 classifiers of this mix, each",
        "on 30 real images and tested on 60 pictures that it had not seen. 95 % interval over 2",
        "2 replicates: 12.3 % to 27.7 %; over test pictures, as if no two were of one group: ",
        "of 60 test pictures, which it has not seen, of 4 groups |",
        "| trained on | 36 real images, augmented: the mix `real-aug` |",
        "It has seen 6 more real images than each of those, and so may err less",
        "Of the 60 test images it predicts what the torch network",
        "0123456789ab",
        "20 x 17 pixels",
        "| dog / &lt;b&gt; | 20 |",
        "Its probabilities are off by 2.00 % on average, on test images; before calibration by "
        "5.00 %.",
        "At most 5 % of its answers are to be wrong, with 90 % confidence. The 1 % asked for "
        "cannot be promised: 30 validation images of 4 groups are too few for it.",
        "it answers 90.0 % of the test images, and 4.00 % of these wrongly.",
        "So it did of 3.00 % of the test images, all of which are of its classes; 2 % were asked",
        "grey level\n90, then reduced or enlarged to fit whole",
    ):
        assert said in text
    assert "network (" not in text  # there is but one
    assert max(map(len, text.splitlines())) < 300
    assert "chosen" not in text.partition("## Pictures")[0].partition("| code")[0]


def pretend(monkeypatch, probabilities: np.ndarray) -> None:
    """Have an ONNX file, which takes seconds to make, that reads these in the test images."""
    made = {"__init__": lambda *_: None, "predict": lambda *_: probabilities}
    monkeypatch.setattr("realink.store.reader.Reader", type("Made", (), made))
    monkeypatch.setattr("realink.store.portable.to_onnx", lambda *_: b"")


def given(arguments, monkeypatch) -> str:
    """The card of a study whose ONNX file reads as its network does."""
    net = load(arguments["model"], "small", Network, Settings)
    pretend(monkeypatch, predict(net, read_images(arguments["test"]).images))
    takeaway.export_classifier(**arguments)
    return arguments["card"].read_text().replace("\N{NO-BREAK SPACE}", " ")


def test_one_replicate_has_no_interval_over_replicates(tmp_path, monkeypatch):
    text = given(study(tmp_path, 1, replicates=1), monkeypatch)
    assert "the mean of the study's 1 classifier of this mix" in text
    assert "95 % interval over test pictures, as if no two" in text


def test_of_several_learners_the_advised_one_is_told(tmp_path, monkeypatch):
    text = given(study(tmp_path, 1, learners=("small", "frozen")), monkeypatch)
    assert "| what learned | the pretrained network (frozen) |" in text
    assert "| chosen | L2 penalty 0.03; mirror images read, too: as validation images had" in text
    assert "| steps |" not in text  # it has none


def test_where_all_pictures_were_trained_on_none_measures_it(tmp_path, monkeypatch):
    text = given(study(tmp_path, 1, turns=True), monkeypatch)
    for said in (
        "It was trained on all labelled pictures, with the mix",
        "pictures that it had not seen; together they tested each of 60 once, of 4 groups.",
        "12.3 % to 27.7 %, for other draws and other test pictures; over test pictures",
        "| its own error | not measured: it was trained on all 36, and how it does on pictures",
        # Of those that had not seen the picture.
        "| cat | 20 | 5.00 % | dog / &lt;b&gt; (1) |",
        "Of all 60 labelled images it predicts what the torch network",
    ):
        assert said in text
    assert "test pictures, which it has not seen" not in text


def test_a_file_that_reads_otherwise_is_not_given_away(tmp_path, monkeypatch):
    arguments = study(tmp_path, 1)
    pretend(monkeypatch, np.eye(3)[np.zeros(60, int)])
    with pytest.raises(RuntimeError, match=r"would put \d+ images into other classes"):
        takeaway.export_classifier(**arguments)
    assert not arguments["onnx"].exists()
    assert not arguments["card"].exists()


# --- classify -------------------------------------------------------------------------------------


@pytest.fixture
def pictures(final, tmp_path) -> tuple[ImageSet, Path]:
    """Images of the model's size, and a folder that has them as files of several formats."""
    channels = json.loads((final / "classes.json").read_text())["images"]["channels"]
    found = images(9, channels, seed=7)
    for place, pixels in enumerate(found.images):
        suffix = ("png", "bmp", "tiff")[place % 3]
        path = tmp_path / f"in/{place % 2}/{place}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    (tmp_path / "in/notes.txt").write_text("no picture")
    return found, tmp_path / "in"


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_pictures_are_read_as_the_study_reads_them(final, pictures, capsys):
    found, folder = pictures
    classify.classify(final, folder)
    net = load(final / "model.safetensors", "small", Network, Settings)
    asked = tempered(predict(net, found.images), 1.25)
    rows = {Path(row["file"]).stem: row for row in table(capsys.readouterr().out)}
    assert len(rows) == 9
    for place, probabilities in enumerate(asked):
        row = rows[str(place)]
        assert row["class"] == CLASSES[probabilities.argmax()]
        assert float(row["probability"]) == pytest.approx(probabilities.max(), abs=1e-3)
        first, second = np.argsort(-probabilities)[:2]
        assert row["second"] == CLASSES[second]
        assert float(row["second_probability"]) == pytest.approx(probabilities[second], abs=1e-3)
        if float(row["unknown"]) <= 0.5:
            sure = probabilities[first] >= 0.6
            assert row["answer"] == (CLASSES[first] if sure else "unsure")


def said(monkeypatch, tmp_path, capsys, **record) -> list[dict[str, str]]:
    """What is said of three pictures: sure ones, an unsure one, and one that is far from all."""

    class Made:
        classes, images = (
            ("a", "b", "none"),
            {"height": 4, "width": 4, "channels": 1}
            | {
                "fit": "fit",
                "background": 90,
            },
        )
        risk, confidence, unknown = 0.01, 0.8, 0.3

        def __init__(self, _: Path) -> None:
            vars(self).update(record)

        def read(self, pixels):
            probabilities = np.float32([[0.9, 0.1, 0], [0.3, 0.5, 0.2], [0.05, 0.95, 0]])
            return probabilities[: len(pixels)], np.float32([0.1, 0.2, 0.4])[: len(pixels)]

    monkeypatch.setattr("realink.store.reader.Reader", Made)
    (tmp_path / "model.onnx").touch()
    for place in range(3):
        Image.new("L", (4, 4)).save(tmp_path / f"{place}.png")
    classify.classify(tmp_path / "model.onnx", *(tmp_path / f"{place}.png" for place in range(3)))
    return table(capsys.readouterr().out)


def test_it_says_unsure_and_none(monkeypatch, tmp_path, capsys, caplog):
    rows = said(monkeypatch, tmp_path, capsys)
    assert [row["answer"] for row in rows] == ["a", "unsure", "none"]
    assert [(row["class"], row["second"]) for row in rows] == [("a", "b"), ("b", "a"), ("b", "a")]
    assert list(rows[0])[1:] == classify.COLUMNS[1:]
    assert caplog.messages == ["note: a class is called none, too: see the column class"]


def test_it_answers_all_where_nothing_was_promised(monkeypatch, tmp_path, capsys, caplog):
    rows = said(
        monkeypatch, tmp_path, capsys, confidence=None, unknown=None, classes=("a", "b", "c")
    )
    assert [row["answer"] for row in rows] == ["a", "b", "b"]
    assert "note: no picture is called unsure: the study's validation images" in caplog.text
    assert "note: no picture is called none: the study's validation images" in caplog.text


def test_pictures_of_kinds_that_are_not_read_are_named(final, pictures, capsys, caplog):
    _, folder = pictures
    (folder / "0/IMG_1.HEIC").touch()
    Image.new("RGB", (8, 8)).save(folder / "0/more.jfif", "JPEG")
    with pytest.raises(InputError, match="1 of 11 pictures could not be read"):
        classify.classify(final, folder)
    assert len(table(capsys.readouterr().out)) == 10
    assert "but a HEIC by its name: save it as PNG" in caplog.text


def test_lines_of_json_say_what_the_table_says(final, pictures, capsys):
    _, folder = pictures
    lines, csv_file = folder.parent / "said.jsonl", folder.parent / "said.csv"
    classify.classify(final, folder, output=lines)
    classify.classify(final, folder, output=csv_file)
    assert f"{lines}: 9 pictures" in capsys.readouterr().out
    records = [json.loads(line) for line in lines.read_text().splitlines()]
    for record, row in zip(records, table(csv_file.read_text()), strict=True):
        assert list(record) == list(row) == classify.COLUMNS
        for name, value in record.items():
            if isinstance(value, float):
                assert float(row[name]) == pytest.approx(value, abs=1e-4)
            else:
                assert row[name] == value


def test_the_snippet_of_the_documents_runs_without_realink(final, tmp_path):
    """As it stands in docs/use.md, on pictures of the classifier's size."""
    text = (ROOT / "docs/use.md").read_text()
    (snippet,) = re.findall(r"```python\n(.*?onnxruntime.*?)```", text, re.DOTALL)
    place = tmp_path / "results/mine"
    place.mkdir(parents=True)
    (place / "final").symlink_to(final)
    program = f"{snippet}\nimport sys\nassert not {{'realink', 'torch'}} & set(sys.modules)\n"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    answers = done.stdout.split("\n")[:-1]
    assert len(answers) == 5
    channels = json.loads((final / "classes.json").read_text())["images"]["channels"]
    probabilities, unknown = Reader(final / "model.onnx").read(
        np.zeros_like(images(5, channels).images)
    )
    expected = (
        "none"
        if unknown[0] > 0.5
        else CLASSES[probabilities[0].argmax()]
        if probabilities[0].max() >= 0.6
        else "unsure"
    )
    assert answers == [expected] * 5


def test_broken_pictures_are_named_when_the_rest_is_done(final, pictures, monkeypatch, caplog):
    _, folder = pictures
    (folder / "0/cut.png").write_bytes(b"\x89PNG cut off")
    output = folder.parent / "out/table.csv"
    missing = folder / "missing.jpg"
    arguments = ["classify", final / "model.onnx", missing, folder, "--output", output]
    monkeypatch.setattr(sys, "argv", ["realink", *map(str, arguments)])
    try:
        with pytest.raises(SystemExit) as stop:
            commands.main()
    finally:
        gc.enable()
    assert stop.value.code == "error: 2 of 11 pictures could not be read"
    assert f"{missing}: cannot be read: No such file or directory" in caplog.text
    assert f"{folder}/0/cut.png: not a picture" in caplog.text
    assert len(table(output.read_text())) == 9


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("absent", "absent: no such file; first name a finished study's folder final, such as"),
        ("in/notes.txt", "in/notes.txt: not a whole ONNX model"),
        ("other.onnx", "other.onnx: an ONNX model, but not of realink"),
    ],
)
def test_a_wrong_model_is_one_line(final, pictures, monkeypatch, model, message):
    _, folder = pictures
    monkeypatch.chdir(folder.parent)
    bare = onnx.load(final / "model.onnx")
    bare.ClearField("metadata_props")
    onnx.save(bare, "other.onnx")
    with pytest.raises(InputError) as error:
        classify.classify(Path(model), folder)
    assert str(error.value).startswith(message)
    Path("empty").mkdir()
    with pytest.raises(InputError, match=r"no picture in empty, of those that are read: \.png, "):
        classify.classify(final, Path("empty"))


def test_a_table_that_cannot_be_written_is_one_line(final, pictures):
    (pictures[1] / "out").mkdir()
    with pytest.raises(InputError, match="out: this is a folder; name a file in it"):
        classify.classify(final, pictures[1], output=pictures[1] / "out")
    with pytest.raises(InputError, match=r"notes\.txt/table\.csv: cannot be written: "):
        classify.classify(final, pictures[1], output=pictures[1] / "notes.txt/table.csv")


def test_a_reader_that_has_seen_enough_gets_no_traceback(final, pictures):
    command = [sys.executable, "-m", "realink", "classify", final, *[pictures[1]] * 2]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    run.stdout.close()
    assert run.stderr.read() == ""
    assert run.wait() == 1


def test_no_torch_is_started_for_it(final, pictures):
    """Its start takes longer than reading a thousand pictures."""
    program = (
        "import sys; from pathlib import Path; from realink.commands import classify; "
        "classify.classify(*map(Path, sys.argv[1:])); "
        "assert not {'torch', 'pandas', 'scipy'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, final, pictures[1]], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert len(table(done.stdout)) == 9


# --- export ---------------------------------------------------------------------------------------


def translated(root: Path, found: ImageSet) -> Path:
    write_images(root / "mine/translated/warp/n20/rep1/images.safetensors", found)
    return root / "mine"


@pytest.mark.parametrize("channels", [1, 3])
def test_translated_images_become_files_by_class(tmp_path, channels):
    found = images(10, channels)
    place = translated(tmp_path, found)
    takeaway.export(place, translator="warp", n=20, output=tmp_path / "deep/out")
    files = sorted(
        path.relative_to(tmp_path / "deep/out") for path in tmp_path.glob("deep/out/*/*")
    )
    assert len(files) == 10
    for path in files:
        number = int(path.stem)
        assert path.parent.name == CLASSES[found.labels[number]]
        pixels = np.asarray(Image.open(tmp_path / "deep/out" / path))
        np.testing.assert_array_equal(pixels, found.images[number])
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]
    with pytest.raises(InputError, match="is there already"):
        takeaway.export(place, translator="warp", n=20, output=tmp_path / "deep/out")


def test_a_folder_of_pictures_is_whole_or_not_there(tmp_path, monkeypatch):
    place = translated(tmp_path, images(10, 1))
    save = Image.Image.save

    def full(image, path):
        if path.stem == "000007":
            raise OSError(28, "No space left on device")
        save(image, path)

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(OSError, match="No space"):
        takeaway.export(place, translator="warp", n=20, output=tmp_path / "out/warp")
    assert list((tmp_path / "out").iterdir()) == []


def test_what_was_not_translated_cannot_be_exported(tmp_path):
    with pytest.raises(InputError, match=r"warp/n20/rep2/images.safetensors: no such file; build"):
        takeaway.export(tmp_path, translator="warp", n=20, replicate=2, output=tmp_path / "out")
    assert list(tmp_path.iterdir()) == []

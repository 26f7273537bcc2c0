"""Results that two config files would share."""

from pathlib import Path

import pytest

from realink.errors import InputError
from realink.running import configs


@pytest.fixture
def record(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("mine", "more", "an other"):
        Path(f"{name}.yaml").write_text(f"study: same  # {name}\n")
    return Path("results/same/logs/configs.txt")


def test_results_that_another_config_made_are_refused(record):
    mine, more, other = (Path(f"{name}.yaml").absolute() for name in ("mine", "more", "an other"))
    configs.take(record, [mine])
    configs.take(record, [mine])
    # A file laid over it.
    configs.take(record, [mine, more])
    for files, named in ([other], "'an other.yaml'"), ([], "config/config.yaml"):
        said = f"results/same was made with mine.yaml more.yaml, and this run is with {named}: give"
        with pytest.raises(InputError, match=f"{said}.*; if it is .* remove {record}"):
            configs.take(record, files)
    # Its own may go on.
    configs.take(record, [more])
    mine.write_text("study: same  # edited\n")
    configs.take(record, [mine, more])


def test_a_config_may_be_moved(record):
    mine = Path("mine.yaml")
    configs.take(record, [mine])
    Path("config").mkdir()
    configs.take(record, [mine.rename("config/ours.yaml")])
    with pytest.raises(InputError, match=r"config/ours\.yaml, .* with more\.yaml"):
        configs.take(record, [Path("more.yaml")])


def test_a_record_of_names_alone_is_understood(record):
    record.parent.mkdir(parents=True)
    record.write_text("mine.yaml\nmore.yaml\n")
    with pytest.raises(InputError, match=r"made with mine\.yaml more\.yaml"):
        configs.take(record, [Path("an other.yaml")])
    configs.take(record, [Path("more.yaml")])


def test_results_that_cannot_be_written_are_for_the_first_job_to_tell(tmp_path):
    (tmp_path / "mine").touch()
    configs.take(tmp_path / "mine/logs/configs.txt", [])

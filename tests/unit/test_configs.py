"""Results that two config files would share."""

from pathlib import Path

from realink.running import configs


def test_results_that_another_config_made_are_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    record = Path("results/mine/logs/configs.txt")
    mine, more, other = (Path(f"{name}.yaml").absolute() for name in ("mine", "more", "an other"))
    assert configs.note(record, [mine]) is None
    assert configs.note(record, [mine]) is None
    # A file laid over it.
    assert configs.note(record, [mine, more]) is None
    said = configs.note(record, [other])
    assert said.startswith("note: results/mine was last made with mine.yaml more.yaml, and now is")
    assert "'an other.yaml'" in said
    assert configs.note(record, [other]) is None
    assert "with config/config.yaml" in configs.note(record, [])


def test_results_that_cannot_be_written_are_for_the_first_job_to_tell(tmp_path):
    (tmp_path / "mine").touch()
    assert configs.note(tmp_path / "mine/logs/configs.txt", []) is None

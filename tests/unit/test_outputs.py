"""The sums of outputs: what is noticed, and what is never complained of."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from realink import commands
from realink.errors import InputError
from realink.running import outputs

STUDY = Path("results/small")
TABLE, PICTURE = STUDY / "answer/worth.csv", STUDY / "figures/error.svg"


@pytest.fixture(autouse=True)
def written(tmp_path, monkeypatch):
    """Two outputs with sums."""
    monkeypatch.chdir(tmp_path)
    for path in TABLE, PICTURE:
        path.parent.mkdir(parents=True)
        path.write_text("one\ntwo\n")
    outputs.record([TABLE, PICTURE])


def test_a_cut_and_a_changed_byte_are_noticed_and_called_so():
    assert outputs.changed(STUDY) == []
    TABLE.write_text("one\n")
    PICTURE.write_text("one\ntwO\n")
    assert outputs.changed(STUDY) == [TABLE, PICTURE]
    assert outputs.complaint([TABLE, PICTURE]).endswith(f": rm {TABLE} {PICTURE}")


def test_a_change_is_noticed_though_its_time_was_set_back():
    outputs.changed(STUDY)
    before = TABLE.stat()
    TABLE.write_text("one\ntwO\n")
    os.utime(TABLE, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert outputs.changed(STUDY) == [TABLE]


def test_what_was_touched_moved_or_deleted_is_not_complained_of():
    TABLE.touch()
    PICTURE.unlink()
    assert outputs.changed(STUDY) == []
    shutil.rmtree(PICTURE.parent)
    STUDY.rename("results/other")
    assert outputs.changed(Path("results/other")) == []


def test_a_copied_study_is_looked_at_by_its_own_sums():
    shutil.copytree(STUDY, "results/other")
    TABLE.write_text("")
    assert outputs.changed(Path("results/other")) == []


def test_a_file_is_read_once_and_not_again(monkeypatch):
    assert outputs.changed(STUDY) == []
    monkeypatch.setattr(outputs, "_sum", None)
    assert outputs.changed(STUDY) == []


def test_a_job_refuses_changed_inputs_but_not_its_own_old_outputs():
    arguments = ["analyse", f"--metrics={TABLE}", "--seed=1", f"--directory={STUDY}"]
    outputs.check_inputs(arguments)
    TABLE.write_text("one\n")
    with pytest.raises(InputError, match=f"run snakemake again: rm {TABLE}$"):
        outputs.check_inputs(arguments)
    with pytest.raises(InputError, match=f"run snakemake again: rm {TABLE}$"):
        outputs.check_inputs(["collect", f"--classifier={STUDY}/{{mix}}/worth.csv"])
    outputs.clear([TABLE])
    outputs.check_inputs(arguments)


def test_a_job_whose_inputs_change_while_it_runs_has_made_nothing(monkeypatch):
    made = STUDY / "report.html"
    monkeypatch.setenv(outputs.WRITES, str(made))
    monkeypatch.setattr(sys, "argv", ["realink", "report", f"--metrics={TABLE}"])

    def report(damage: bool) -> None:
        if damage:
            TABLE.write_text("one\n")
        made.write_text("a page")

    monkeypatch.setattr(commands, "app", lambda arguments: report(damage=False))
    commands.main()
    assert (STUDY / "sums/report.html.sha256").is_file()
    monkeypatch.setattr(commands, "app", lambda arguments: report(damage=True))
    with pytest.raises(SystemExit, match=f"run snakemake again: rm {TABLE}$"):
        commands.main()
    # Without a sum; Snakemake deletes what a failed job wrote.
    assert not (STUDY / "sums/report.html.sha256").exists()


def test_half_a_sum_is_none():
    (STUDY / "sums/answer/worth.csv.sha256").write_text("0" * 64 + "  answer/wor")
    assert outputs.changed(STUDY) == []


def test_sha256sum_reads_the_sums():
    TABLE.write_text("one\n")
    done = subprocess.run(
        "find sums -name '*.sha256' -exec cat {} + | sha256sum --check --quiet",
        cwd=STUDY,
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "answer/worth.csv: FAILED\n"


def test_a_job_starts_without_old_sums_and_leftovers():
    mine = [TABLE.parent / name for name in (".worth.a1b2c3_d.csv", ".worth.00000000.csv")]
    others = [TABLE.parent / name for name in (".worth.csv", ".worths.a1b2c3_d.csv", "worth.txt")]
    folder = STUDY / "export/warp/.rep1.a1b2c3_d"
    folder.mkdir(parents=True)
    for path in *mine, *others, folder / "1.png":
        path.write_text("half")
    outputs.clear([TABLE, STUDY / "export/warp/rep1", STUDY / "never/there.csv"])
    TABLE.write_text("one\n")
    assert outputs.changed(STUDY) == []
    assert not any(path.exists() for path in (*mine, folder))
    assert all(path.exists() for path in others)

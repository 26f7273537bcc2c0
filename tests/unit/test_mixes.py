"""A mix: what its label says."""

import pytest

from realink.study.mixes import Mix, ordered


@pytest.mark.parametrize(
    ("name", "mix"),
    [
        ("real", Mix(None, True)),
        ("real-aug", Mix(None, True, True)),
        ("rendered", Mix("rendered", False)),
        ("real-rendered", Mix("rendered", True)),
        ("warp-aug", Mix("warp", False, True)),
        ("real-cyclegan-aug", Mix("cyclegan", True, True)),
    ],
)
def test_a_label_is_read_and_written(name, mix):
    assert Mix.parse(name) == mix
    assert mix.name == name


def test_only_what_is_neither_real_nor_rendered_needs_a_translator():
    names = ["real", "real-aug", "rendered", "real-rendered-aug", "warp", "real-warp-aug"]
    assert [Mix.parse(name).translator for name in names] == [None] * 4 + ["warp"] * 2


def test_what_a_mix_is_compared_with():
    mix = Mix.parse("real-warp-aug")
    assert mix.plain.name == "real-warp"
    assert mix.baseline.name == "real-aug"
    assert mix.untranslated.name == "real-rendered-aug"
    assert Mix.parse("real-aug").is_baseline
    assert not mix.is_baseline


def test_it_is_filled_up_to_its_total():
    assert Mix.parse("real").n_synthetic(55, 1000) == 0
    assert Mix.parse("real-warp").n_synthetic(55, 1000) == 945
    assert Mix.parse("warp").n_synthetic(55, 1000) == 945


@pytest.mark.parametrize(
    ("name", "n_real", "asked", "share"),
    [
        ("real-aug", 55, 0.5, "concatenate"),
        ("warp-aug", 55, 0.5, "concatenate"),
        ("real-warp", 55, 0.5, 0.5),
        ("real-warp", 700, 0.5, "concatenate"),  # it has more
        ("real-warp", 500, 0.5, "concatenate"),  # it has as many
        ("real-warp-aug", 55, "concatenate", "concatenate"),
    ],
)
def test_it_says_how_much_of_a_batch_is_real(name, n_real, asked, share):
    assert Mix.parse(name).real_share(n_real, 1000, asked) == share


def test_the_baseline_comes_first_then_what_holds_real_images():
    names = ["warp", "real-warp", "real-aug", "rendered", "real", "real-rendered"]
    assert ordered(names) == ["real", "real-aug", "real-rendered", "real-warp", "rendered", "warp"]

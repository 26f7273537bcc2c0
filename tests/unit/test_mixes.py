"""A mix: what its label says."""

import pytest

from realink.plan.mixes import Mix, ordered


@pytest.mark.parametrize(
    ("name", "mix"),
    [
        ("real", Mix(None, True)),
        ("real-aug", Mix(None, True, True)),
        ("rendered", Mix("rendered", False)),
        ("real-rendered", Mix("rendered", True)),
        ("warp-aug", Mix("warp", False, True)),
        ("real-cyclegan-aug", Mix("cyclegan", True, True)),
        ("real-12epochs", Mix(None, True, budget="12epochs")),
        ("cyclegan-900steps", Mix("cyclegan", False, budget="900steps")),
        ("real-warp-shuffled", Mix("warp", True, control="shuffled")),
        ("real-rendered-exposed-aug-5epochs", Mix("rendered", True, True, "exposed", "5epochs")),
        # Only mixes of both kinds have controls: these need translators of such names.
        ("real-shuffled", Mix("shuffled", True)),
        ("noise", Mix("noise", False)),
        ("my-noise", Mix("my-noise", False)),
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


def test_a_control_and_a_budget_keep_to_their_kind():
    mix = Mix.parse("real-warp-shuffled-aug-5epochs")
    assert mix.is_variant
    assert mix.baseline.name == "real-aug-5epochs"
    assert mix.uncontrolled.name == "real-warp-aug-5epochs"
    assert mix.untranslated.name == "real-rendered-shuffled-aug-5epochs"
    assert mix.standard.name == "real-warp"
    assert not Mix.parse("real-warp-aug").is_variant
    assert Mix.parse("real-5epochs").is_baseline


@pytest.mark.parametrize(
    ("name", "images", "epochs", "steps"),
    [
        ("real", 55, None, 700),  # equal steps, whatever it holds
        ("real-warp", 1000, None, 700),
        ("real", 55, 2, 4),  # 2 x 55 images, 32 a step, the last one not full
        ("real-warp", 1000, 2, 63),
        ("warp", 945, 2, 60),
        ("real-warp-shuffled", 1000, 2, 63),
        ("real-50epochs", 55, 2, 86),
        ("real-50epochs", 55, None, 86),
        ("real-9steps", 55, 2, 9),
        ("real-aug", 55, 0.1, 1),
    ],
)
def test_epochs_are_steps_by_what_a_mix_holds(name, images, epochs, steps):
    mix = Mix.parse(name)
    assert mix.steps(images, steps=700, epochs=epochs, batch=32) == steps


@pytest.mark.parametrize(
    ("name", "share", "batch"),
    [
        ("real-warp", 0.5, 64),
        ("real-warp-exposed", 0.5, 128),  # 64 real ones, as a baseline has
        ("real-warp-exposed-aug", 0.25, 256),
        ("real-warp-shuffled", 0.5, 64),
    ],
)
def test_equal_exposure_is_a_larger_batch(name, share, batch):
    assert Mix.parse(name).batch(64, share) == batch


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
    assert Mix.parse(name).real_share(n_real, 1000 - n_real, asked) == share


@pytest.mark.parametrize(
    ("name", "share"),
    [("real-warp-pseudo", 0.7), ("warp-pseudo", 0.4), ("real-pseudo", "concatenate")],
)
def test_pseudo_labelled_images_are_real_ones_whatever_their_number(name, share):
    for n_real, n_synthetic in ((55, 945), (900, 100)):
        assert Mix.parse(name).real_share(n_real, n_synthetic, 0.4) == pytest.approx(share)


def test_the_baseline_comes_first_then_what_holds_real_images():
    names = ["warp", "real-warp", "real-aug", "rendered", "real", "real-rendered"]
    assert ordered(names) == ["real", "real-aug", "real-rendered", "real-warp", "rendered", "warp"]


def test_numbers_come_by_size():
    names = ["rendered-pseudo", *(f"rendered-pseudo-{m}unlabelled" for m in (55, 220, 1100))]
    assert ordered(reversed(names)) == names

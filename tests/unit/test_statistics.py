"""Statistics of test errors: cases worked by hand, and simulations whose truth is known."""

import numpy as np
import pytest
from scipy import stats

from realink.answer.equivalent import Errors, drawn_share, equivalent_count
from realink.answer.statistics import (
    Prior,
    Sample,
    adjust,
    compare,
    log_errors,
    log_ratios,
    mean_interval,
    pool,
)

COUNTS = [50, 100, 200, 400, 800]


def predictions(random, replicates, images, rates, own=0.1):
    """Which images two mixes get wrong, at the error rates asked for: a probit model.

    Test images are hard for both, and for one of them; replicates are bad for both, and (`own`)
    for one of them; and every pair of image and replicate has its part in both.
    """

    def draw(scale, *shape):
        return scale * random.standard_normal(shape)

    both = draw(0.1, replicates, 1) + draw(1, images) + draw(0.3, replicates, images)
    spread = np.sqrt(0.1**2 + 1 + 0.3**2 + own**2 + 0.3**2 + 1)
    return [
        both + draw(own, replicates, 1) + draw(0.3, images) + draw(1, replicates, images)
        > spread * stats.norm.isf(rate)
        for rate in rates
    ]


def compared(seed, times, replicates, rates, images=1500, own=0.1):
    random = np.random.default_rng(seed)
    return [compare(*predictions(random, replicates, images, rates, own=own)) for _ in range(times)]


def test_one_replicate_is_mcnemars_exact_test():
    # Of 12 images, A alone gets 1 wrong and B alone 6; 2 are wrong in both. Of the 7 that differ,
    # at most 1 of a kind: p = 2 (1 + 7) / 2^7 = 0.125.
    a = np.array([[1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0]], bool)
    b = np.array([[0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0]], bool)
    found = compare(a, b)
    assert found.test == "McNemar"
    assert found.p == pytest.approx(0.125)
    assert found.ratio == pytest.approx(3 / 8)
    # Each image's part of the log ratio: 12 (a / 3 - b / 8), that is 4 once, -1.5 six times,
    # 2.5 twice and 0 three times; their sum is 0 and that of their squares 16 + 13.5 + 12.5 = 42.
    error = np.sqrt(42 / 11 / 12)
    assert found.low == pytest.approx(3 / 8 * np.exp(-1.959964 * error))
    assert found.high == pytest.approx(3 / 8 * np.exp(1.959964 * error))


def test_mcnemar_without_any_difference_decides_nothing():
    wrong = np.array([[1, 0, 0, 0, 0]], bool)
    assert compare(wrong, wrong) == (1, 1, 1, 1, "McNemar")


@pytest.mark.parametrize(
    ("only_a", "only_b", "p"),
    [
        (3, 11, 0.057373046875),
        (61, 40, 0.0460440669293),
        (0, 5, 0.0625),
        (7, 7, 1),
        (250, 311, 0.0112367620243),
    ],
)
def test_mcnemars_p_is_that_of_statsmodels(only_a, only_b, p):
    """Numbers of statsmodels 0.15, which has a function for it."""
    wrong = np.zeros((2, 1, 700), bool)
    wrong[0, 0, :only_a] = wrong[1, 0, only_a : only_a + only_b] = True
    assert compare(*wrong).p == pytest.approx(p)


def test_replicates_are_analysed_as_a_two_way_table_with_random_rows_and_columns():
    """The mean squares once more, each from its definition; the rest from what is left over."""
    random = np.random.default_rng(11)
    a, b = (random.random((3, 40)) < rate for rate in (0.3, 0.5))
    table = np.zeros((3, 40))
    for i in range(3):
        own = a[i] / a[i].mean() - b[i] / b[i].mean()
        table[i] = own + np.log(a[i].mean() / b[i].mean())
    grand = table.mean()
    rows = 40 * sum((table[i].mean() - grand) ** 2 for i in range(3)) / 2
    columns = 3 * sum((table[:, j].mean() - grand) ** 2 for j in range(40)) / 39
    whole = ((table - grand) ** 2).sum()
    rest = (whole - 2 * rows - 39 * columns) / (2 * 39)
    assert rows > rest  # or the floor would hide the formula
    spread = rows + max(columns - rest, 0)
    freedom = 2 * (spread / rows) ** 2
    found = compare(a, b)
    assert found.test == "replicates x images"
    assert found.ratio == pytest.approx(np.exp(grand))
    p = 2 * stats.t.sf(abs(grand) / np.sqrt(spread / 120), freedom)
    assert found.p == pytest.approx(p)
    reach = stats.t.ppf(0.975, freedom) * np.sqrt(spread / 120)
    assert [found.low, found.high] == pytest.approx(np.exp([grand - reach, grand + reach]))


def grouped(random, sizes, replicates, rates, *, hard, own):
    """Which images two mixes get wrong: groups are hard for both (`hard`), and for one (`own`)."""
    groups = np.repeat(np.arange(len(sizes)), sizes)
    both = np.exp(random.normal(0, hard, len(sizes)))
    both *= np.sum(sizes) / np.sum(both * sizes)
    apart = random.normal(0, own, len(sizes))
    images = random.gamma(1, 1, len(groups))
    wrong = []
    for sign, rate in zip((1, -1), rates, strict=True):
        spread = random.normal(0, 0.12, (replicates, 1))
        chance = rate * both[groups] * images * np.exp(spread + sign * apart[groups] / 2)
        wrong.append(random.random((replicates, len(groups))) < chance.clip(max=0.95))
    return *wrong, groups


# As the test photographs of results/meters are spread over meters.
SIZES = np.array([50, 111, 67, 135, 200, 63, 28, 46, 47, 5, 99, 200])


@pytest.mark.parametrize("replicates", [3, 5])
@pytest.mark.parametrize("own", [0, 0.5])
def test_of_images_in_groups_the_groups_are_what_varies(replicates, own):
    """Without a difference over all groups; as a family, as comparisons of a study are."""
    random = np.random.default_rng(replicates)
    images, groups = [], []
    for _ in range(10):
        family = [
            grouped(random, SIZES, replicates, (0.1, 0.1), hard=0.8, own=own) for _ in range(40)
        ]
        priors = pool([log_ratios(*one) for one in family], [55] * 40)
        for (a, b, place), prior in zip(family, priors, strict=True):
            images.append(compare(a, b).p)
            groups.append(compare(a, b, prior=prior, groups=place).p)
    # 400 draws: the rate's standard error at 5 % is 1.1 points.
    assert 0.015 < np.mean(np.array(groups) < 0.05) < 0.085
    if own:
        assert np.mean(np.array(images) < 0.05) > 0.12  # single images would decide too often


def test_groups_still_find_a_difference():
    random = np.random.default_rng(0)
    found = []
    for _ in range(100):
        a, b, place = grouped(random, SIZES, 5, (0.06, 0.12), hard=0.8, own=0.2)
        found.append(compare(a, b, groups=place).p)
    assert np.mean(np.array(found) < 0.05) > 0.8


def test_groups_by_hand():
    # Errors 2 / 8 and 4 / 8: each image's part of the log ratio is 4 a - 2 b. Those of the groups
    # of 4, 2 and 2 images sum to 4, 0 and -4; as parts of a mean, times 3 groups / 8 images, to
    # 1.5, 0 and -1.5. Of the 6 errors 1, 3 and 2 lie in each, and half of one more: shares of 3, 7
    # and 5 / 15. Where a group's own log ratio varies with variance 1, its distance from the mean
    # by these shares has the variance 1 - 2 s + (9 + 49 + 25) / 225, that is 218, 98 and
    # 158 / 225; instead of the 2 / 3 = 150 / 225 of equal groups. So the sum of squares is
    # 1.5^2 (150 / 218 + 150 / 158).
    # Images never wrong for A, 6 of 8, and for B, 4.
    a = np.array([[1, 0, 0, 0, 1, 0, 0, 0]], bool)
    b = np.array([[1, 1, 1, 1, 0, 0, 0, 0]], bool)
    found = compare(a, b, groups=np.array([7, 7, 9, 9, 3, 3, 3, 3]))
    assert found.test == "groups"
    assert found.ratio == pytest.approx(0.5)
    error = np.sqrt(1.5**2 * (150 / 218 + 150 / 158) / 2 / 3)
    freedom = 225 / 83 - 1
    assert found.p == pytest.approx(2 * stats.t.sf(np.log(2) / error, freedom))
    assert found.high == pytest.approx(0.5 * np.exp(stats.t.ppf(0.975, freedom) * error))


def test_one_group_with_all_errors_decides_nothing_of_others():
    a, b = np.zeros((2, 3, 400), bool)
    a[:, :5] = b[:, :20] = True
    found = compare(a, b, groups=np.arange(400) // 40)
    assert np.isfinite(found[:4]).all()
    assert 0 < found.low < found.ratio < found.high


def test_equal_groups_have_one_degree_of_freedom_less_than_they_are():
    """As Student's t of the groups' own log ratios."""
    random = np.random.default_rng(0)
    wrong = np.zeros((2, 1, 800), bool)
    groups = np.arange(800) // 100
    for group in range(8):  # 20 errors in each, of A and of B together
        k = random.integers(8, 13)
        wrong[0, 0, 100 * group : 100 * group + k] = True
        wrong[1, 0, 100 * group + 50 : 100 * group + 70 - k] = True
    found = compare(*wrong, groups=groups)
    error = np.log(found.high / found.low) / 2 / stats.t.ppf(0.975, 7)
    assert found.p == pytest.approx(2 * stats.t.sf(abs(np.log(found.ratio)) / error, 7))


def test_a_group_an_image_is_as_no_groups():
    a, b = predictions(np.random.default_rng(8), 3, 500, (0.1, 0.2))
    alone, grouped_ = compare(a, b), compare(a, b, groups=np.arange(500)[::-1])
    assert grouped_.ratio == pytest.approx(alone.ratio)
    assert grouped_.low == pytest.approx(alone.low, rel=0.01)


def test_one_group_is_refused():
    a, b = predictions(np.random.default_rng(8), 3, 50, (0.1, 0.2))
    with pytest.raises(ValueError, match="one group"):
        compare(a, b, groups=np.zeros(50, int))


def test_exchanging_the_mixes_inverts_the_ratio():
    one = compare(*predictions(np.random.default_rng(3), 3, 500, (0.1, 0.2)))
    other = compare(*predictions(np.random.default_rng(3), 3, 500, (0.1, 0.2))[::-1])
    assert other.p == pytest.approx(one.p)
    assert [other.ratio, other.low, other.high] == pytest.approx(
        [1 / one.ratio, 1 / one.high, 1 / one.low]
    )


@pytest.mark.parametrize("own", [0, 0.1, 0.3])
def test_three_replicates_without_a_difference_seldom_decide(own):
    # 1,000 draws: the rate's standard error at 5 % is 0.7 points. The test is allowed to be
    # cautious where replicates do not differ, but not to exceed 5 % by three standard errors.
    p = np.array([found.p for found in compared(1, 1000, 3, (0.05, 0.05), own=own)])
    assert 0.005 < np.mean(p < 0.05) < 0.071
    # Far out it is more lenient than it says, which a prior mends, but not arbitrarily.
    assert np.mean(p < 0.001) < 0.02


def test_differences_between_replicates_are_not_taken_for_one_between_mixes():
    """Pooled over replicates, as if each were another test image, far more would be decided."""
    pooled = []
    random = np.random.default_rng(5)
    for _ in range(300):
        a, b = predictions(random, 3, 1500, (0.2, 0.2), own=0.3)
        pooled.append(compare(a.reshape(1, -1), b.reshape(1, -1)).p)
    assert np.mean(np.array(pooled) < 0.05) > 0.3
    p = np.array([found.p for found in compared(5, 300, 3, (0.2, 0.2), own=0.3)])
    assert np.mean(p < 0.05) < 0.09  # three standard errors of 300 draws


def test_a_known_ratio_is_found_and_covered():
    found = compared(2, 500, 5, (0.05, 0.1))
    assert np.mean([f.p < 0.05 for f in found]) > 0.95
    assert np.mean([f.ratio for f in found]) == pytest.approx(0.5, rel=0.03)
    # 500 draws: the standard error at 95 % is 1 point.
    assert 0.92 < np.mean([f.low < 0.5 < f.high for f in found]) < 0.99


def test_pairing_replicates_makes_a_small_difference_visible():
    """What the replicates share, good or bad real images, does not count as a difference."""
    random = np.random.default_rng(4)
    paired, crossed = [], []
    for _ in range(100):
        bad = 0.5 * random.standard_normal((5, 1))
        a, b = (random.standard_normal((5, 1500)) + bad < stats.norm.ppf(q) for q in (0.07, 0.1))
        paired.append(compare(a, b).p)
        crossed.append(compare(a, np.roll(b, 1, axis=0)).p)
    assert np.mean(np.array(paired) < 0.05) > 0.8 > 0.3 > np.mean(np.array(crossed) < 0.05)


def test_without_errors_the_interval_is_wide():
    none = np.zeros((3, 200), bool)
    one = none.copy()
    one[:, 7] = True
    some = none.copy()
    some[:, :4] = True
    both = compare(none, none)
    assert (both.ratio, both.p) == (1, 1)
    assert both.low < 0.2 < 5 < both.high
    assert compare(none, one).p > 0.3
    # Against four images that are wrong in every replicate; McNemar's p would be 2 / 2^4 = 0.125.
    assert 0.05 < compare(none, some).p < 0.3
    assert compare(none, some).ratio == pytest.approx(1 / 8)
    assert compare(none, ~none).p < 0.001
    assert compare(~none, ~none) == (1, 1, 1, 1, "replicates x images")


def test_replicates_that_happen_to_agree_do_not_decide():
    """With the same ratio in all, rows alone would show no spread at all."""
    random = np.random.default_rng(0)
    a, b = (np.array([random.permutation(np.arange(100) < k) for _ in range(3)]) for k in (8, 9))
    found = compare(a, b)
    assert found.ratio == pytest.approx(8 / 9)
    assert found.p > 0.3
    assert found.low < 0.8 < 1.1 < found.high


def test_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"\(3, 5\), \(2, 5\)"):
        compare(np.zeros((3, 5), bool), np.zeros((2, 5), bool))
    with pytest.raises(ValueError, match="differing replicates or images"):
        compare(np.zeros((3, 5), bool), np.zeros((3, 1), bool))


def test_adjusted_by_hand():
    # Times 4 / rank: 0.04, 0.06, 0.04, 0.5; no smaller rank may have more than a larger one.
    adjusted = adjust(np.array([0.01, 0.03, 0.03, 0.5]))
    np.testing.assert_allclose(adjusted, [0.04, 0.04, 0.04, 0.5])
    assert len(adjust(np.array([]))) == 0


def test_of_what_is_decided_in_a_family_few_are_wrong():
    """Half of 40 comparisons without a difference: without `adjust`, more would be wrong."""
    random = np.random.default_rng(6)
    wrong, unadjusted, power = [], [], []
    for _ in range(30):
        p = np.array(
            [
                compare(*predictions(random, 5, 1000, (0.1, 0.05 if i < 20 else 0.1))).p
                for i in range(40)
            ]
        )
        decided = adjust(p) < 0.05
        wrong.append(decided[20:].sum() / max(decided.sum(), 1))
        unadjusted.append(np.mean(p[20:] < 0.05))
        power.append(decided[:20].mean())
    # 30 families: the standard error of the mean is about 0.8 points.
    assert np.mean(wrong) < 0.05
    assert np.mean(power) > 0.8
    # Nulls alone, all p even: one family in twenty has a decided one, standard error 0.7 points.
    even = random.random((1000, 40))
    assert 0.03 < np.mean([adjust(p).min() < 0.05 for p in even]) < 0.071


def test_three_replicates_of_a_family_decide_without_being_wrong():
    """Comparisons that differ by a factor of 4 in how much replicates spread, few of them real."""
    random = np.random.default_rng(7)
    wrong = {"alone": [], "pooled": []}
    power = {"alone": [], "pooled": []}
    for _ in range(25):
        pairs = [
            predictions(random, 3, 800, (0.2, 0.07 if i < 8 else 0.2), own=0.1 if i % 2 else 0.2)
            for i in range(40)
        ]
        priors = pool([log_ratios(*pair) for pair in pairs], [55] * 40)
        for name, given in (("alone", [None] * 40), ("pooled", priors)):
            p = [compare(*pair, prior=prior).p for pair, prior in zip(pairs, given, strict=True)]
            decided = adjust(np.array(p)) < 0.05
            wrong[name].append(decided[8:].sum() / max(decided.sum(), 1))
            power[name].append(decided[:8].mean())
    # 25 families: the standard error of the mean is about 1 point.
    assert np.mean(wrong["pooled"]) < 0.07
    assert np.mean(wrong["alone"]) > np.mean(wrong["pooled"])
    assert np.mean(power["pooled"]) > 0.9 > 0.7 > np.mean(power["alone"])


def samples(ratios, chance=0.0):
    return [Sample(logs, chance) for logs in ratios]


def test_the_prior_is_the_distribution_that_spreads_are_drawn_from():
    random = np.random.default_rng(2)
    ratios = 0.2 * random.standard_normal((2000, 3))
    alike = pool(samples(ratios), [55] * 2000)[0]
    assert alike.variance == pytest.approx(0.04, rel=0.1)
    assert alike.freedom > 30
    scale = np.sqrt(6 / random.chisquare(6, (2000, 1)))
    # One replicate says nothing, but learns from the others.
    differing = pool([*samples(ratios * scale), Sample(np.zeros(1), 0.0)], [55] * 2001)[-1]
    assert differing.variance == pytest.approx(0.04, rel=0.15)
    assert differing.freedom == pytest.approx(6, rel=0.3)
    assert pool(samples(ratios[:2]), [55] * 2) == [None] * 2
    assert pool(samples(ratios[:9, :1]), [55] * 9) == [None] * 9
    assert pool(samples(0 * ratios[:9]), [55] * 9) == [None] * 9
    assert pool([], []) == []
    assert np.isfinite(pool(samples([*ratios[:5], np.zeros(3)]), [55] * 6)).all()  # by luck


def test_few_samples_are_worth_no_more_than_they_know():
    """Three that spread alike, of two degrees of freedom each: six, of which half are shared."""
    alike = samples([np.array([-0.1, 0.0, 0.1])] * 3)
    assert pool(alike, [55] * 3)[0].freedom == pytest.approx(3, rel=0.01)


def test_the_prior_follows_the_count():
    random = np.random.default_rng(4)
    counts = np.repeat([55, 385, 5500, 38_500], 500)
    spread = 0.2 * (counts / 55) ** -0.12
    found = pool(samples(spread[:, None] * random.standard_normal((2000, 3))), counts)
    for n in (55, 385, 5500, 38_500):
        prior = found[list(counts).index(n)]
        assert prior.variance == pytest.approx(0.04 * (n / 55) ** -0.24, rel=0.12)
        assert prior.freedom > 30
    # Too few to see a line, or counts that cannot show one.
    few = pool(samples(random.standard_normal((6, 3))), [55, 385, 5500] * 2)
    assert len({prior.variance for prior in few}) == 1
    two = pool(samples(random.standard_normal((20, 3))), [55, 385] * 10)
    assert len({prior.variance for prior in two}) == 1


def test_the_prior_adds_the_chance_of_single_images_to_what_follows_the_count():
    """Where the draw no longer matters, a straight line would go on falling."""
    random = np.random.default_rng(5)
    counts = np.repeat([55, 385, 5500, 38_500], 500)
    chance = np.repeat([0.001, 0.004, 0.01, 0.02], 500)
    variance = 0.04 * (counts / 55) ** -0.6 + chance
    logs = np.sqrt(variance)[:, None] * random.standard_normal((2000, 3))
    found = pool([Sample(*own) for own in zip(logs, chance, strict=True)], counts)
    for place in range(0, 2000, 500):
        assert found[place].variance == pytest.approx(variance[place], rel=0.12)


def test_chance_is_what_replicates_of_the_same_rate_differ_by():
    random = np.random.default_rng(6)
    a, b = random.random((2, 4, 20_000)) < 0.1  # no replicate is better than another
    # A log error of k wrong ones has the variance (1 - 0.1) / k; a ratio that of both.
    alone, both = log_errors(a), log_ratios(a, b)
    assert alone.chance == pytest.approx(0.9 / 2000, rel=0.05)
    assert both.chance == pytest.approx(1.8 / 2000, rel=0.05)
    assert log_errors(a[:1]).chance == pytest.approx(0.9 / 2000, rel=0.1)
    np.testing.assert_allclose(alone.logs, np.log(a.mean(axis=1)))
    np.testing.assert_allclose(both.logs, np.log(a.mean(axis=1) / b.mean(axis=1)))
    # Where groups of images are read alike, they are as many chances as there are groups.
    groups = np.arange(20_000) // 20
    together = log_ratios(a[:, groups], b[:, groups], groups)
    assert together.chance == pytest.approx(20 * both.chance, rel=0.2)


def test_a_prior_weighs_by_its_degrees_of_freedom():
    a, b = predictions(np.random.default_rng(0), 3, 800, (0.1, 0.2), own=0.3)
    prior = pool([log_ratios(a, b)] * 3, [55] * 3)[0]
    usual, same = compare(a, b), compare(a, b, prior=prior._replace(freedom=0.0))
    assert same.p == pytest.approx(usual.p)
    wide = compare(a, b, prior=prior._replace(variance=1.0, freedom=1e6))
    # Three log ratios whose variance is 1: their mean has the standard error 1 / sqrt(3), and
    # test images add little.
    assert np.log(wide.high / wide.low) == pytest.approx(2 * 1.96 / np.sqrt(3), rel=0.05)
    assert wide.ratio == usual.ratio


def test_mean_interval():
    # Student's quantile for two degrees of freedom is 4.3027; the standard error 0.01 / sqrt(3).
    found = mean_interval(np.array([0.09, 0.10, 0.11]))
    np.testing.assert_allclose(found, [0.1, 0.1 - 0.024841, 0.1 + 0.024841], atol=1e-6)
    # As statsmodels 0.15 has it.
    found = mean_interval(np.array([0.0151, 0.0163, 0.0149, 0.0158]))
    np.testing.assert_allclose(found[1:], [0.0144988975158, 0.0165511024842], rtol=1e-10)
    assert mean_interval(np.array([0.3, 0.3])) == (0.3, 0.3, 0.3)
    one = mean_interval(np.array([0.2]))
    assert one.value == 0.2
    assert np.isnan([one.low, one.high]).all()
    assert mean_interval(np.array([0.1, 0.9])) == (0.5, 0, 1)


def test_mean_interval_covers():
    random = np.random.default_rng(0)
    found = [mean_interval(0.2 + 0.02 * random.standard_normal(3)) for _ in range(1000)]
    # 1,000 draws: the standard error at 95 % is 0.7 points.
    assert 0.929 < np.mean([f.low < 0.2 < f.high for f in found]) < 0.971


def power_law(n):
    """Error of a baseline that halves whenever the real images quadruple."""
    return 2 / np.sqrt(n)


def equivalent(errors, baseline=None, **more):
    """With a prior from all cells at hand."""
    if baseline is None:
        baseline = {n: np.full(3, power_law(n)) for n in COUNTS}
    cells = [*baseline.items(), (300, errors)]
    logs = [np.log(np.maximum(own, 1e-4)) for _, own in cells]
    priors = pool(samples(logs), [n for n, _ in cells])
    found = [Errors(own, prior) for own, prior in zip(logs, priors, strict=True)]
    places = dict(zip(baseline, found, strict=False))
    return equivalent_count(places, 300, found[len(baseline)], **{"seed": 0} | more)


def test_a_count_between_two_of_a_power_law_is_exact():
    found = equivalent([power_law(300)] * 3)
    np.testing.assert_allclose(found, 300)  # no spread, so no interval either
    assert equivalent([power_law(400)]).value == pytest.approx(400)


def test_counts_beyond_the_curve_are_said_to_be_beyond():
    assert equivalent([power_law(801)] * 3) == (np.inf, np.inf, np.inf)
    assert equivalent([power_law(49)] * 3) == (0, 0, 0)
    assert equivalent([power_law(50)]).value == pytest.approx(50)
    assert equivalent([power_law(800)]).value == pytest.approx(800)


def test_a_baseline_that_rises_is_levelled():
    # Geometric means of 0.1 and 0.4 (their order is wrong) are 0.2 at both counts; so 0.4 lies
    # halfway, in logarithms, between 0.8 at 50 and 0.2 at 100.
    baseline = {50: np.array([0.8]), 100: np.array([0.1]), 200: np.array([0.4]), 400: [0.05]}
    assert equivalent([0.4], baseline).value == pytest.approx(np.sqrt(50 * 100))
    # Where the curve is level, it is reached at the first of the two.
    assert equivalent([0.2], {n: baseline[n] for n in (50, 100, 200)}).value <= 100.001
    assert equivalent([0], {50: np.array([0.1]), 100: [0], 200: [0]}).value == pytest.approx(100)


def test_one_replicate_everywhere_has_no_interval():
    found = equivalent([power_law(300)], {n: np.array([power_law(n)]) for n in COUNTS})
    assert found.value == pytest.approx(300)
    assert np.isnan([found.low, found.high]).all()


def test_the_interval_of_a_count_covers_it():
    random = np.random.default_rng(1)

    def replicates(n):
        return power_law(n) * np.exp(0.1 * random.standard_normal(3))

    found = [
        equivalent(replicates(300), {n: replicates(n) for n in COUNTS}, draws=400)
        for _ in range(300)
    ]
    # 300 studies: the standard error at 95 % is 1.3 points.
    covered = np.mean([f.low < 300 < f.high for f in found])
    assert 0.91 < covered < 0.99
    assert np.median([f.value for f in found]) == pytest.approx(300, rel=0.05)
    assert all(f.low <= f.value <= f.high for f in found)
    # Not by being wide: a mean of three has a standard error of 0.058, two of them differ by
    # 0.08, and the curve's slope doubles that: a factor of exp(2.2 x 0.16) to either side.
    assert np.median([f.high / f.low for f in found]) < 2.2


def test_few_redraws_cover_as_often_as_many():
    """The lowest and the highest of 40 redraws: one more lies outside in 2 of 41 cases."""
    random = np.random.default_rng(4)
    known = Prior(0.01, 1e6)
    counts = (50, 800)
    covered = []
    for seed in range(800):
        curve = {n: Errors(np.log([power_law(n)]) + random.normal(0, 0.1), known) for n in counts}
        errors = Errors(np.log([power_law(200)]) + random.normal(0, 0.1), known)
        found = equivalent_count(curve, 200, errors, seed=seed, draws=40)
        covered.append(found.low <= 200 <= found.high)
    # 800 studies: the standard error is 0.8 points.
    assert np.mean(covered) == pytest.approx(39 / 41, abs=0.02)


def test_the_share_of_the_draws_is_found():
    """Log errors half of whose variance is that of nested draws, in 200 replicates."""
    random = np.random.default_rng(3)
    counts = [50, 100, 400]
    images = random.standard_normal((200, 400))
    draws = np.stack([images[:, :n].mean(axis=1) * np.sqrt(n) for n in counts])
    own = random.standard_normal((4, 3, 200))
    logs = np.sqrt(0.5) * (draws + own).reshape(-1, 200)
    priors = pool(samples(logs), counts * 4)
    known = [Errors(*own) for own in zip(logs, priors, strict=True)]
    assert drawn_share(known, counts * 4) == pytest.approx(0.5, abs=0.07)
    apart = [cell._replace(logs=random.standard_normal(200)) for cell in known]
    assert drawn_share(apart, counts * 4) < 0.05
    assert drawn_share([cell._replace(prior=None) for cell in known], counts * 4) == 0
    assert drawn_share(known[:1], counts[:1]) == 0


def test_draws_that_are_shared_narrow_the_interval():
    """A mix as good as its baseline at the same count: what both draw alike does not matter."""
    random = np.random.default_rng(1)
    noise = 0.1 * random.standard_normal((5, 3))
    baseline = {n: power_law(n) * np.exp(own) for n, own in zip(COUNTS, noise, strict=True)}
    alone, shared = (equivalent(baseline[200], baseline, share=share) for share in (0, 0.9))
    assert shared.value == alone.value == pytest.approx(200)
    assert np.log(shared.high / shared.low) < 0.9 * np.log(alone.high / alone.low)


def test_a_seed_repeats_the_redrawing():
    errors = [0.1, 0.12, 0.15]
    assert equivalent(errors, seed=3) == equivalent(errors, seed=3)
    assert equivalent(errors, seed=3) != equivalent(errors, seed=4)

"""What a few further labels may bring, by how a study's errors fell with the number of labels."""

import math
from typing import NamedTuple

import pandas as pd


class Further(NamedTuple):
    """What further labels are expected to bring, of pictures drawn at random.

    mix : what is trained on
    n_real : labels that the study had
    error : its mean test error with these, a fraction
    least : error with the further ones, should errors fall as they did between the last two counts
    before, before_error : the smaller one of these counts, and the error there
    """

    mix: str
    n_real: int
    error: float
    least: float
    before: int
    before_error: float


def expected(summary: pd.DataFrame, mix: str, n_real: int, more: int) -> Further | None:
    """Carry a mix's errors on by the power of N that joins the last two counts.

    Errors fall as a power of the number of labels (Hestness et al. 2017, arXiv:1712.00409), until
    they come near a floor, which two counts cannot show: so it is the most that is to be expected.

    Parameters
    ----------
    summary : with the columns mix, n_real and test_error
    mix, n_real : what is advised at the largest count, and this count
    more : further labels

    Returns
    -------
    None where the mix has no smaller count with any label, or no errors.
    """
    own = summary[(summary["mix"] == mix) & (summary["n_real"] > 0)]
    own = own[own["n_real"] <= n_real].sort_values("n_real")
    if len(own) < 2 or own["n_real"].iloc[-1] != n_real or own["test_error"].iloc[-2:].min() <= 0:
        return None
    (before, before_error), (_, error) = own[["n_real", "test_error"]].iloc[-2:].to_numpy()
    power = math.log(error / before_error) / math.log(n_real / before)
    least = error * (1 + more / n_real) ** min(power, 0)
    return Further(mix, n_real, float(error), float(least), int(before), float(before_error))

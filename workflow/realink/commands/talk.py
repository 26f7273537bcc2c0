"""Commands of rules/talk.smk: what becomes of the talk's statements, and why it saw what it saw."""

from pathlib import Path


def explain_talk(
    *,
    epochs: float,
    metrics: Path,
    predictions: Path,
    translators: Path,
    protocols: Path,
    hypotheses: Path,
    gains: Path,
) -> None:
    """Judge what the talk said, and why it may have seen it.

    Parameters
    ----------
    epochs : the study's budget
    """
    from realink.answer import talk
    from realink.store.files import read_table, write_table
    from realink.store.predictions import read_reads

    table, reads = read_table(metrics), read_reads(predictions)
    write_table(protocols, talk.protocols(table, reads, read_table(translators), epochs))
    write_table(hypotheses, talk.hypotheses(table, reads))
    write_table(gains, talk.gains(table))


def plot_talk(*, epochs: float, metrics: Path, gains: Path, svg: Path, png: Path) -> None:
    """Draw what a budget of epochs does to the talk's curves.

    Parameters
    ----------
    epochs : the study's budget
    gains : what `explain_talk` wrote
    """
    from realink.page import figures, talk
    from realink.page.saved import save
    from realink.store.files import read_table

    figures.style()
    drawn = talk.plot_talk(read_table(metrics), read_table(gains).fillna({"instead": ""}), epochs)
    save(drawn, svg, png)

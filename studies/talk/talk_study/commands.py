"""The commands behind the rules of this study, as `realink.commands` has them."""

from pathlib import Path

from cyclopts import App


def judge_claims(*, summary: Path, comparisons: Path, translators: Path, output: Path) -> None:
    """Hold the talk's claims to what a study of MNIST measured.

    Parameters
    ----------
    summary, comparisons, translators : tables of the study
    """
    from realink.store.files import read_table, write_table
    from talk_study.claims import claims, from_tables

    tables = map(read_table, (summary, comparisons, translators))
    write_table(output, claims(from_tables(*tables)))


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
    from realink.store.files import read_table, write_table
    from realink.store.predictions import read_predictions
    from realink.store.tables import read_metrics
    from talk_study import protocols as by_budget
    from talk_study import reasons

    table, predicted = read_metrics(metrics), read_predictions(predictions)
    judged = by_budget.protocols(table, predicted, read_table(translators), epochs)
    write_table(protocols, judged)
    write_table(hypotheses, reasons.hypotheses(table, predicted))
    write_table(gains, reasons.gains(table))


def plot_talk(*, epochs: float, metrics: Path, gains: Path, svg: Path, png: Path) -> None:
    """Draw what a budget of epochs does to the talk's curves.

    Parameters
    ----------
    epochs : the study's budget
    gains : what `explain_talk` wrote
    """
    from realink.page import figures
    from realink.page.saved import save
    from realink.store.files import read_table
    from realink.store.tables import read_metrics
    from talk_study import figure

    figures.style()
    left = read_table(gains).fillna({"instead": ""})
    save(figure.plot_talk(read_metrics(metrics), left, epochs), svg, png)


app = App(name="talk_study", help="The talk's claims.", result_action="return_value")
for command in (judge_claims, explain_talk, plot_talk):
    app.command(command)

"""The commands behind the rules, one module a file of rules: they alone read and write files.

A command has the name of its rule, and parameters with the names of the rule's inputs, outputs and
params. Heavy libraries are imported by the command that needs them, because every job pays for its
start; and `realink.running.provenance` hashes a command's function with what it imports, so what a
command runs has to be imported inside it.
"""

import gc
import logging
import os
import signal
import sys
from pathlib import Path

from cyclopts import App, Group, Parameter

from realink.commands import (
    alike,
    answer,
    classifier,
    classify,
    doses,
    doubted,
    encode,
    figures,
    final,
    gap,
    gather,
    harm,
    init,
    judge,
    next,
    real,
    rendered,
    sheets,
    studies,
    takeaway,
    translator,
    trust,
)
from realink.commands.support import check_code
from realink.errors import InputError
from realink.running import locales, outputs

PEOPLES = [
    init.init,
    classify.classify,
    next.next,
    takeaway.export,
    studies.compare,
    studies.regret,
    studies.backtest,
    figures.plot_studies,
    gather.gather,
]
JOBS = [
    real.prepare_real,
    real.split_real,
    real.split_features,
    real.draw_real,
    real.draw_unlabelled,
    rendered.catalogue_fonts,
    rendered.prepare_rendered,
    translator.train_translator,
    translator.translate,
    judge.train_judge,
    judge.judge,
    gap.measure_gap,
    encode.encode,
    classifier.train_classifier,
    doubted.cross_fit,
    doubted.doubt_labels,
    alike.find_alike,
    answer.collect,
    answer.analyse,
    answer.check_pseudo_labels,
    doses.collect_doses,
    doses.analyse_doses,
    trust.measure_trust,
    trust.measure_unknown,
    harm.explain_harm,
    answer.report,
    final.train_final,
    takeaway.export_classifier,
    figures.plot_error,
    figures.plot_rendered_error,
    figures.plot_gain,
    sheets.plot_triptych,
    sheets.plot_examples,
    harm.plot_harm,
    figures.collect_training,
    figures.map_domains,
    sheets.plot_rendered,
    sheets.plot_translations,
]

app = App(
    name="realink",
    help="Do rendered images, made to look real, train a better classifier?",
    default_parameter=Parameter(consume_multiple=True, negative=()),
    result_action="return_value",  # not to exit, since the sums of a job's outputs come after it
)
jobs = Group("Jobs, which Snakemake calls", sort_key=1)
# Each group in the order in which one uses it.
for place, command in enumerate(PEOPLES):
    app.command(command, sort_key=place)
for place, command in enumerate(JOBS):
    app.command(command, sort_key=place, group=jobs)


def main(other: App | None = None, package: Path | None = None) -> None:
    """Run one command; a person's mistake ends in one line on stderr and exit status 1.

    Parameters
    ----------
    other, package : commands of another package, such as a study's own, and its directory
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    # Looking for garbage among torch's many objects, again and again while they are imported and
    # once more at the end, takes a third of a job's start.
    gc.disable()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        for number in (signal.SIGINT, signal.SIGALRM):
            signal.signal(number, _interrupt)
    locales.show_all(sys.stdout)
    try:
        locales.check()
        check_code(sys.argv[1:], package)
        if writes := outputs.assigned():
            outputs.clear(writes)
            outputs.check_inputs(sys.argv[1:])
        (other or app)(sys.argv[1:])
        if writes:
            # What was read may have been changed since it was looked at.
            outputs.check_inputs(sys.argv[1:])
            outputs.record(writes)
    except InputError as error:
        sys.exit(f"error: {error}")
    except FloatingPointError as error:
        sys.exit(f"error: training diverged: {error}; lower its learning_rate in the config")
    except BrokenPipeError:
        # What reads the output, such as `head`, has seen enough; Python would complain once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    finally:
        # Else libraries that count their objects (nanobind) call those that are never looked at
        # leaked, in fifty lines after the error.
        gc.unfreeze()
        signal.setitimer(signal.ITIMER_REAL, 0)


def _interrupt(*_: object) -> None:
    # Libraries swallow what is raised while they are imported, one Ctrl-C in a hundred: so it
    # comes again, until `main` has seen it.
    signal.setitimer(signal.ITIMER_REAL, 1.0)
    raise KeyboardInterrupt

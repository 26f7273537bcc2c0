"""A Snakemake logger that says, one line a job: how far, how long still, and what went wrong.

Snakemake finds it by its name; the profiles choose it with ``logger: realink``.
"""

import sys
import time
from collections import Counter, defaultdict
from logging import WARNING, LogRecord
from pathlib import Path
from statistics import mean

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

LOG_TAIL = 20  # lines of a failed job's log that are shown
SILENT = {LogEvent.WORKFLOW_STARTED, LogEvent.JOB_STARTED, LogEvent.RESOURCES_INFO}


class LogHandler(LogHandlerBase):
    """Write to stderr; whatever is not about a job's progress keeps Snakemake's own format."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = False
    has_formatter = False
    needs_rulegraph = False

    def __post_init__(self) -> None:
        self.remaining: Counter[str] = Counter()
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.running: dict[int, tuple[str, str, float]] = {}
        self.failed: list[str] = []
        self.slots = 1
        self.total = 0
        self.done = 0

    def emit(self, record: LogRecord) -> None:
        event = getattr(record, "event", None)
        exception = getattr(record, "exception", None)
        if exception == "RuleException" and not self.common_settings.verbose:
            return  # the whole shell command; `job_error` says what failed and why
        try:
            if self.common_settings.dryrun or event not in self.handlers:
                text = "" if event in SILENT else self.format(record)
                # Snakemake's remarks on its own doings (storage, locks, complete log) are noise.
                if not self.common_settings.dryrun and event is None and record.levelno < WARNING:
                    text = text if self.common_settings.verbose or not self.total else ""
            else:
                text = self.handlers[event](self, record)
            if text.strip():
                self._print(text)
        except BrokenPipeError:
            raise
        except Exception:
            self.handleError(record)

    def run_info(self, record: LogRecord) -> str:
        stats = {rule: n for rule, n in record.stats.items() if rule != "total"}
        self.remaining, self.total = Counter(stats), sum(stats.values())
        return f"{self.total} jobs: " + ", ".join(f"{n} {rule}" for rule, n in stats.items())

    def job_info(self, record: LogRecord) -> str:
        axes = " ".join(
            f"{name}={value}" for name, value in (record.wildcards or {}).items() if name != "study"
        )
        self.running[record.jobid] = (record.rule_name, axes, time.monotonic())
        self.slots = max(self.slots, len(self.running))
        if not record.output:  # rules like `all` only name targets
            return ""
        return f"{self._progress()}  start   {record.rule_name} {axes}"

    def job_finished(self, record: LogRecord) -> str:
        rule, axes, started = self.running.pop(record.job_id, ("", "", time.monotonic()))
        seconds = time.monotonic() - started
        self.seconds[rule].append(seconds)
        self.remaining[rule] -= 1
        self.done += 1
        return f"{self._progress()}  done    {rule} {axes} ({_duration(seconds)})"

    def job_error(self, record: LogRecord) -> str:
        rule, axes, _ = self.running.pop(record.jobid, (record.rule_name, "", 0.0))
        self.remaining[rule] -= 1
        lines = [f"{self._progress()}  FAILED  {rule} {axes}"]
        for path in record.log or []:
            try:
                tail = Path(path).read_text(errors="replace").splitlines()[-LOG_TAIL:]
            except OSError:
                tail = []
            tail = tail or ["(the log is empty: the job may have been killed)"]
            lines += [f"    {line}" for line in tail] + [f"    whole log: {path}"]
            self.failed.append(f"    {rule} {axes}: {tail[-1]}")
        return "\n".join(lines)

    def close(self) -> None:
        # Others went on after a failure, so its message has long scrolled away.
        if self.failed:
            self._print(
                "\n".join([f"{len(self.failed)} of {self.total} jobs failed:", *self.failed])
            )
            self.failed = []
        super().close()

    def nothing(self, record: LogRecord) -> str:
        return ""

    handlers = {  # noqa: RUF012 (a table of methods, never changed)
        LogEvent.RUN_INFO: run_info,
        LogEvent.JOB_INFO: job_info,
        LogEvent.JOB_FINISHED: job_finished,
        LogEvent.JOB_ERROR: job_error,
        LogEvent.PROGRESS: nothing,
    }

    def _print(self, text: str) -> None:
        print(text, file=sys.stdout if self.common_settings.stdout else sys.stderr, flush=True)

    def _progress(self) -> str:
        width = len(str(self.total))
        return f"[{self.done:{width}}/{self.total}  {self._left():>12}]"

    def _left(self) -> str:
        """Time left: each rule's remaining jobs at its mean so far, over the jobs that run at once.

        At least so much, where no job of a rule has finished yet.
        """
        means = {rule: mean(seconds) for rule, seconds in self.seconds.items()}
        if not means:
            return ""
        spent = sum(
            min(time.monotonic() - started, means.get(rule, 0))
            for rule, _, started in self.running.values()
        )
        work = sum(n * means.get(rule, 0) for rule, n in self.remaining.items()) - spent
        if work / self.slots < 1:
            return ""
        known = all(rule in means for rule, n in self.remaining.items() if n > 0)
        return f"{'' if known else '> '}{_duration(work / self.slots)} left"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"

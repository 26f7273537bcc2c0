"""A Snakemake logger that says, one line a job: how far, how long still, and what went wrong.

Of a dry run it says how many jobs of which kinds, how long they take, which come first, and why.

Snakemake finds it by its name; the profiles choose it with ``logger: realink``.
"""

import re
import shutil
import sys
import time
from logging import ERROR, WARNING, LogRecord
from pathlib import Path

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from . import plan, surroundings
from .configs import fault
from .left import EXPECTED, TYPICAL, TimeLeft

__all__ = ["EXPECTED", "TYPICAL", "LogHandler"]

LOG_TAIL = 20  # lines of a failed job's log that are shown
SLURM_LOGS = "/slurm_logs/"  # in the paths of the logs that SLURM writes, beside the jobs' own
SILENT = {LogEvent.WORKFLOW_STARTED, LogEvent.JOB_STARTED}
# Snakemake's last words of a dry run, and what it says before them of why jobs run.
DRY_RUN_END = "This was a dry-run"
OF_REASONS = ("Reasons:", "Some jobs were triggered by prov", "Rules with provenance triggered")
INTERRUPTED = "Terminating processes on user request"  # Snakemake's words, after Ctrl-C
# What libraries say after the error, as their objects are taken down.
NOISE = re.compile(r"^(nanobind: | - leaked | - \.\.\. skipped|See https://nanobind)")
JUST_NOW = 3  # seconds
STEP = re.compile(rb"^step (\d+) of (\d+) ", re.MULTILINE)  # in the log of a training
LOOKED_AT = 4  # running jobs whose logs are looked at for their steps
LAST = 2000  # bytes of such a log
NOTES = 10  # lines of a job's notes that are shown


class LogHandler(LogHandlerBase):
    """Write to stderr; whatever is not about a job's progress keeps Snakemake's own format."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = False
    has_formatter = False
    needs_rulegraph = False

    def __post_init__(self) -> None:
        surroundings.settle()  # nothing of Snakemake has asked for it yet
        self.left = TimeLeft()
        self.running: dict[int, tuple[str, str]] = {}  # rule, axes
        self.logs: dict[int, list[str]] = {}
        self.failed: dict[int, str] = {}
        self.ended: dict[int, float] = {}  # when those failed
        self.lost: set[int] = set()  # failed, or in one SLURM job with one that failed
        self.slurm_log = ""  # of the failed SLURM job whose members are being told
        self.parsed = False  # whether Snakemake got beyond the command line, as far as we know
        self.interrupted = False
        self.fault = ""  # of the command line or the machine, for which nothing can be run
        self.planned: list[LogRecord] = []
        # Whether a dry run lists all jobs.
        self.listing = self.common_settings.printshellcmds or self.common_settings.verbose
        self.total = 0
        self.done = 0

    def emit(self, record: LogRecord) -> None:
        event = getattr(record, "event", None)
        exception = getattr(record, "exception", None)
        if exception == "RuleException" and not self.common_settings.verbose:
            return  # the whole shell command; `job_error` says what failed and why
        if exception == "WorkflowError" and self.interrupted:
            return  # that not all jobs are done
        try:
            if record.levelno >= ERROR and not self.parsed:
                self.fault = self.fault or fault(sys.argv[1:]) or surroundings.fault() or ""
                if self.fault:
                    self.parsed = True
                    self._print(f"error: {self.fault}")
            if self.fault:
                return  # what follows from it
            if INTERRUPTED in record.getMessage():
                text = self.interrupt()
            elif self.common_settings.dryrun and not self.listing:
                text = self.dry_run(record, event)
            elif self.common_settings.dryrun or event not in self.handlers:
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

    def interrupt(self) -> str:
        self.interrupted = True
        # Jobs may end of Ctrl-C before Snakemake speaks of it.
        before = time.monotonic() - JUST_NOW
        self.failed = {job: said for job, said in self.failed.items() if self.ended[job] < before}
        waits = f"; waiting for {_jobs(len(self.running))}" if self.running else ""
        return f"{self._progress()}  interrupted{waits}"

    def dry_run(self, record: LogRecord, event: LogEvent | None) -> str:
        if event == LogEvent.JOB_INFO:
            self.planned.append(record)
            return ""
        if event == LogEvent.RUN_INFO:
            again = self.parsed
            self.run_info(record)
            return "" if again else self.format(record)
        if event in SILENT or event == LogEvent.GROUP_INFO:
            return ""
        text = self.format(record)
        if text.startswith(DRY_RUN_END):
            return self.summary()
        return "" if text.startswith(OF_REASONS) else text

    def summary(self) -> str:
        self.left.know(next((job.benchmark for job in self.planned if job.benchmark), None))
        work = self.left.work()
        listed = {"First:": plan.first(self.planned), "Why:": plan.why(self.planned)}
        lines = [f"Time: about {_duration(work)} on one core, {_duration(work / 2)} on two"]
        for title, said in listed.items():
            lines += [title, *(f"    {line}" for line in said)] if said else []
        return "\n".join([*lines, "Nothing was made. With -p, a dry run lists each job."])

    def resources_info(self, record: LogRecord) -> str:
        self.left.cores = getattr(record, "cores", None) or self.left.cores
        return self.format(record) if self.common_settings.verbose else ""

    def run_info(self, record: LogRecord) -> str:
        stats = {rule: n for rule, n in record.stats.items() if rule != "total"}
        self.parsed = True
        self.left.plan(stats)
        self.total = sum(stats.values())
        return f"{_jobs(self.total)}: " + ", ".join(f"{n} {rule}" for rule, n in stats.items())

    def job_info(self, record: LogRecord) -> str:
        axes = plan.axes(record)
        self.running[record.jobid] = record.rule_name, axes
        self.logs[record.jobid] = list(getattr(record, "log", None) or [])
        self.left.know(getattr(record, "benchmark", None))
        self.left.start(record.jobid, record.rule_name, getattr(record, "wildcards", None))
        if not record.output:  # rules like `all` only name targets
            return ""
        verb = "again" if record.jobid in self.lost else "start"
        if record.jobid in self.lost:
            self.lost.remove(record.jobid)
            self.failed.pop(record.jobid, None)
            self.left.remaining[record.rule_name] += 1
        return f"{self._progress()}  {verb}   {record.rule_name} {axes}"

    def job_finished(self, record: LogRecord) -> str:
        rule, axes = self.running.pop(record.job_id, ("", ""))
        seconds = self.left.end(record.job_id)
        self.done += 1
        said = [line for path in self.logs.pop(record.job_id, []) for line in _notes(path)]
        return "\n".join(
            [f"{self._progress()}  done    {rule} {axes} ({_duration(seconds)})", *said]
        )

    def job_error(self, record: LogRecord) -> str:
        rule, axes = self.running.pop(record.jobid, (record.rule_name, ""))
        self.left.fail(record.jobid, rule)
        own = [path for path in record.log or [] if SLURM_LOGS not in path]
        of_slurm = "".join(_read(path) for path in record.log or [] if SLURM_LOGS in path)
        if getattr(record, "indent", False):
            # One of those that share a SLURM job. They run one after another: the last one failed.
            of_slurm = self.slurm_log
            ran = re.findall(r"^    log: (\S+)", of_slurm, re.MULTILINE)
            if ran and ran[-1] not in own:
                return f"{self._progress()}  lost    {rule} {axes} (shared that SLURM job)"
        why = _why(getattr(record, "rule_msg", None), of_slurm)
        tail = [line for path in own for line in _tail(path)]
        if self.interrupted or tail[-1:] == ["KeyboardInterrupt"]:
            self.interrupted = True
            return f"{self._progress()}  stopped {rule} {axes}"
        self.lost.add(record.jobid)
        lines = [f"{self._progress()}  FAILED  {rule} {axes}{why and f' ({why})'}"]
        for path in own:
            shown = _tail(path) or [f"(the log is empty: {_why_empty(path)})"]
            lines += [f"    {line}" for line in shown] + [f"    whole log: {path}"]
        said = "; ".join(filter(None, [why, *(tail or shown if own else [])[-1:]]))
        self.ended[record.jobid] = time.monotonic()
        self.failed[record.jobid] = f"    {rule} {axes}: {said}"
        return "\n".join(lines)

    def group_error(self, record: LogRecord) -> str:
        self.slurm_log = "".join(map(_read, record.aux_logs))
        return ""

    def close(self) -> None:
        if self.interrupted:
            self._print("interrupted; the same command goes on from here")
        # Others went on after a failure, so its message has long scrolled away.
        if self.failed:
            self._print(
                "\n".join(
                    [f"{len(self.failed)} of {self.total} jobs failed:", *self.failed.values()]
                )
            )
        self.failed, self.interrupted = {}, False
        super().close()

    def nothing(self, record: LogRecord) -> str:
        return ""

    handlers = {  # noqa: RUF012 (a table of methods, never changed)
        LogEvent.RESOURCES_INFO: resources_info,
        LogEvent.RUN_INFO: run_info,
        LogEvent.JOB_INFO: job_info,
        LogEvent.JOB_FINISHED: job_finished,
        LogEvent.JOB_ERROR: job_error,
        LogEvent.GROUP_INFO: nothing,
        LogEvent.GROUP_ERROR: group_error,
        LogEvent.PROGRESS: nothing,
    }

    def _print(self, text: str) -> None:
        print(text, file=sys.stdout if self.common_settings.stdout else sys.stderr, flush=True)

    def _progress(self) -> str:
        for job in list(self.running)[:LOOKED_AT]:
            for path in self.logs.get(job, []):
                if share := _share(path):
                    self.left.reached(job, share)
        width = len(str(self.total))
        seconds, known = self.left.seconds()
        left = f"{'' if known else '~ '}{_duration(seconds)} left"
        return f"[{self.done:{width}}/{self.total}  {left:>12}]"


def _jobs(n: int) -> str:
    return f"{n} job{'s' * (n != 1)}"


def _notes(path: str) -> list[str]:
    """What a job that went well has to say to a person."""
    notes = [line for line in _read(path).splitlines() if line.startswith("note: ")]
    more = [f"    ... {len(notes) - NOTES} more: {path}"] if len(notes) > NOTES else []
    return [f"    {line}" for line in notes[:NOTES]] + more


def _share(path: str) -> float:
    """How many of its steps a training has done, in 0..1, by its log; 0 where that tells none."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, file.seek(0, 2) - LAST))
            steps = STEP.findall(file.read())
    except OSError:
        return 0.0
    return int(steps[-1][0]) / int(steps[-1][1]) if steps else 0.0


def _tail(path: str) -> list[str]:
    lines = [line for line in _read(path).splitlines() if not NOISE.match(line)]
    while lines and not lines[-1].strip():
        lines.pop()
    return lines[-LOG_TAIL:]


def _read(path: str | Path) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def _why_empty(path: str) -> str:
    try:
        full = shutil.disk_usage(Path(path).parent).free < 2**20
    except OSError:
        full = False
    return "the disk is full" if full else "the job may have been killed"


def _why(message: str | None, slurm_log: str) -> str:
    """What SLURM says of a failed job, in its state or in its log; and what a signal did."""
    state = re.match(r"SLURM-job '\d+' failed.*?'\w+'", message or "")
    said = re.findall(
        # `srun: error: n1: task 0: …` only repeats how the job's own process ended.
        r"^(?:slurmstepd\S*|srun): error: [* ]*+(?!STEP |\S+: tasks? )(.+?)[* ]*$",
        slurm_log,
        re.MULTILINE,
    )
    statuses = map(int, re.findall(r"non-zero exit status (\d+)", slurm_log))
    signals = [f"killed by signal {status - 128}" for status in statuses if status > 128]
    reasons = [state[0] if state else message.splitlines()[0]] if message else []
    return "; ".join(dict.fromkeys([*reasons, *said, *signals]))


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"

"""What happens around a run: changed results are refused, orphans ended, finished jobs kept."""

SLURM_RUN = RESULTS / "logs/slurm_run"


# Not in `onstart`, which is not called where nothing is to be done.
if workflow.is_main_process and not {"--unlock", "--delete-all-output"} & set(sys.argv):
    if changed := outputs.changed(RESULTS):
        raise WorkflowError(outputs.complaint(changed))


# Snakemake holds the lock of this study's files by now, so no other one is at work on them: jobs
# that the last one left are orphans. All SLURM jobs of one snakemake bear the executor's `run_uuid`.
# Functions, since Snakemake runs these blocks of the main workflow only, not of a module.
def begin():
    """Before the first job starts."""
    try:
        configs.take(RESULTS / "logs/configs.txt", workflow.config_settings.configfiles)
    except InputError as error:
        raise WorkflowError(str(error)) from None
    # Each job that ends while others wait would leave one more timer that wakes the scheduler every
    # second until the end: after 170 jobs these took 0.4 of a core (Snakemake 9.27).
    workflow.scheduler.job_rate_limiter = None
    # A SIGTERM is handled in the main thread, which may hold this lock: with one that a thread cannot
    # take twice, snakemake would hang for good (Snakemake 9.27).
    workflow.scheduler._lock = threading.RLock()
    try:
        slurm.take_over(SLURM_RUN, getattr(workflow.scheduler._executor, "run_uuid", None))
    except slurm.ClusterError as error:
        raise WorkflowError(str(error)) from None
    orphans.end(RESULTS)


def succeed():
    """After all jobs ended well."""
    SLURM_RUN.unlink(missing_ok=True)
    if changed := outputs.changed(RESULTS):
        raise WorkflowError(outputs.complaint(changed))
    for what, path in ("answer", "report.html"), ("classifier", "final"):
        if (RESULTS / path).exists():
            print(f"The {what}: {RESULTS / path}", file=sys.stderr)


def fail():
    """After a job failed, or Ctrl-C."""
    # The plugin cancels nothing if Ctrl-C comes while it looks at the queue.
    try:
        slurm.take_over(SLURM_RUN, None)
    except slurm.ClusterError as error:  # the next run will ask again
        print(error, file=sys.stderr)
    # After Ctrl-C Snakemake waits for running jobs, and then forgets those that it saw finish: it
    # would make their results anew (Snakemake 9.27).
    with workflow.scheduler._lock:
        if workflow.scheduler._tofinish:
            workflow.scheduler._finish_jobs()


onstart:
    begin()


onsuccess:
    succeed()


onerror:
    fail()

"""Disturb a small study at random moments, start it again, and compare with an undisturbed one.

    python -m tests.chaos [--rounds 16] [--seed 0] [--faults "disk full for seconds" ...]

Faults take turns; each round is a JSON file of FOLDER/records. Ends with status 1 if a round did
not end as the undisturbed study: its folder stays; --faults FAULT --first NUMBER --rounds 1 repeats
it.
"""

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from tests.chaos.faults import FAULTS
from tests.chaos.rounds import Round, Way, good
from tests.chaos.study import Reference
from tests.cluster.test_cluster import ARGUMENTS, Cluster


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.chaos", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=len(FAULTS))
    parser.add_argument("--first", type=int, default=0, help="number of each fault's first round")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--faults", nargs="+", default=list(FAULTS), metavar="FAULT", choices=FAULTS
    )
    parser.add_argument("--workers", type=int, default=1, help="rounds at a time, on a core each")
    parser.add_argument("--slurm", action="store_true", help="on a SLURM that this starts (Debian)")
    parser.add_argument("--folder", type=Path, help="where the undisturbed study is, or is made")
    asked = parser.parse_args()
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="chaos-"))
    folder = folder.resolve()
    (folder / "records").mkdir(parents=True, exist_ok=True)
    reference = Reference(folder / "reference")
    print(f"{folder}: {len(reference.jobs)} jobs, {len(reference.files)} files", flush=True)

    def play(place: int) -> dict[str, Any]:
        fault = asked.faults[place % len(asked.faults)]
        number = asked.first + place // len(asked.faults)
        name = f"{fault.replace(' ', '-')}-{number}"
        one = Round(reference, folder / name, way, fault, asked.seed, number)
        try:
            record = one.play()
        except Exception:
            record = one.told | {"error": traceback.format_exc()}
        right = "error" not in record and good(record)
        (folder / "records" / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")
        if right:
            shutil.rmtree(one.root)
        print(
            f"{'good ' if right else 'WRONG'} {name} ({record.get('seconds', '?')} s)", flush=True
        )
        return record

    with (
        slurm(folder) if asked.slurm else nullcontext(Way()) as way,
        ThreadPoolExecutor(asked.workers) as pool,
    ):
        records = []
        try:
            for record in pool.map(play, range(asked.rounds)):
                records.append(record)
        except KeyboardInterrupt:  # those under way end first
            pool.shutdown(cancel_futures=True)
    print(table(records))
    sys.exit(not all("error" not in record and good(record) for record in records))


@contextmanager
def slurm(folder: Path) -> Iterator[Way]:
    """A SLURM of four nodes on this machine, which see what is mounted in the folder later."""
    # Not in the folder: paths of Unix sockets must be short.
    with tempfile.TemporaryDirectory(prefix="slurm-") as root:
        cluster = Cluster(root)
        subprocess.run(["mount", "--bind", folder, folder], check=True)
        try:
            subprocess.run(["mount", "--make-shared", folder], check=True)
            cluster.do("start")
            yield Way(ARGUMENTS, cluster.environment)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)
            cluster.do("stop")


def table(records: list[dict[str, Any]]) -> str:
    """Counts by fault, as Markdown."""
    head = ["fault", "rounds", "same", "unlocked", "files named", "jobs made again", "left behind"]
    lines = [head, ["---"] * len(head)]
    for fault in [name for name in FAULTS if any(name == r["fault"] for r in records)] + ["all"]:
        own = [record for record in records if fault in ("all", record["fault"])]
        counts = [
            len(own),
            sum("error" not in record and good(record) for record in own),
            *(sum(len(record.get(key, [])) for record in own) for key in ("named", "made_again")),
            sum(len(record.get(key, [])) for record in own for key in ("hidden", "processes")),
        ]
        counts.insert(2, sum(record.get("unlocked", 0) for record in own))
        lines.append([fault, *map(str, counts)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    # A shell has its background jobs ignore Ctrl-C, which their children inherit.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main()

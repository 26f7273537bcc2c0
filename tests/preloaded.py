"""Run jobs of realink in forks of a process that has imported torch and its like already.

A job of ten steps would spend seconds on these imports, a fifth of one on the rest. So `python` on
the jobs' PATH is CLIENT, which hands a job's arguments, environment and open files over to this
process and waits for its exit status. All else, snakemake and the command that a job runs, is as it
always is.
"""

import gc
import importlib
import json
import os
import runpy
import shutil
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

PROJECT = Path(__file__).parents[1]
CLIENT = """\
#!{python} -IS
import json, os, socket, sys
if sys.argv[1:3] != ["-m", "realink"]:
    os.execv({python!r}, [{python!r}, *sys.argv[1:]])
with socket.socket(socket.AF_UNIX) as server:
    server.connect({socket!r})
    socket.send_fds(server, [b"."], [0, 1, 2])
    server.sendall(json.dumps([sys.argv[3:], os.getcwd(), dict(os.environ)]).encode())
    server.shutdown(socket.SHUT_WR)
    sys.exit((server.recv(1) or b"\\1")[0])
"""


@contextmanager
def serving(root: Path, workflow: Path) -> Iterator[tuple[Path, psutil.Process]]:
    """Make a virtual environment whose `python` is CLIENT, and serve it as long as this lasts.

    Jobs run the code in the folder `workflow`. Gives its `python3`, the interpreter itself, and the
    process that jobs are forks of.
    """
    # Paths of Unix sockets must be short.
    with tempfile.TemporaryDirectory(prefix="forks-") as place:
        socket = Path(place) / "socket"
        interpreter = _environment(root, socket)
        paths = os.pathsep.join(map(str, (workflow, PROJECT)))
        server = psutil.Popen(
            [str(interpreter), "-m", __spec__.name, str(socket)],
            env=os.environ | {"PYTHONPATH": paths},
            stdout=subprocess.PIPE,
        )
        try:
            if server.stdout.readline() != b"ready\n":
                raise RuntimeError("the process that jobs are forks of did not start")
            yield interpreter, server
        finally:
            server.terminate()
            server.wait()
            server.stdout.close()


def _environment(root: Path, socket: Path) -> Path:
    shutil.rmtree(root, ignore_errors=True)
    own = Path(sys.prefix)
    (root / "bin").mkdir(parents=True)
    (root / "lib").symlink_to(own / "lib")
    (root / "pyvenv.cfg").write_text((own / "pyvenv.cfg").read_text())
    interpreter = root / "bin/python3"
    interpreter.symlink_to(Path(sys.executable).resolve())
    client = root / "bin/python"
    client.write_text(CLIENT.format(python=str(interpreter), socket=str(socket)))
    client.chmod(0o755)
    return interpreter


def serve(path: str) -> None:
    """Fork a process for each job that comes, for ever."""
    # All commands, and what these load when they are called.
    for name in ("pandas", "seaborn", "timm", "realink.commands", "realink.learners.small.model"):
        importlib.import_module(name)

    gc.freeze()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(64)
        print("ready", flush=True)
        alive = 0
        while True:
            asked, _ = server.accept()
            alive += 1
            if os.fork() == 0:
                server.close()
                _job(asked)
            asked.close()
            while alive and os.waitpid(-1, os.WNOHANG)[0]:
                alive -= 1


def _job(asked: socket.socket) -> None:
    """Be one job, to its end."""
    status = 1
    try:
        _, files, _, _ = socket.recv_fds(asked, 1, 3)
        told = b"".join(iter(lambda: asked.recv(1 << 16), b""))
        arguments, folder, variables = json.loads(told)
        for number, file in enumerate(files):
            os.dup2(file, number)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(variables)
        sys.argv = ["realink", *arguments]
        runpy.run_module("realink", run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):  # as Python does at its end
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        with suppress(OSError):  # whoever asked is gone
            asked.sendall(bytes([status & 255]))
        os._exit(status & 255)


if __name__ == "__main__":
    serve(sys.argv[1])

"""Python processes that are forked from one in which what is slow to import is imported already.

`WarmPython.run` takes what `python` takes: `-c CODE …`, `-m MODULE …` or `SCRIPT …`. Nothing of this package is
imported beforehand, so each process imports it anew, or not at all. What libraries read when they are imported, such
as the Hub's address, is given once, to `WarmPython`.
"""

import atexit
import gc
import json
import os
import runpy
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[2]
IMPORTED = ("torch", "transformers.pipelines", "transformers.models.bert.modeling_bert", "datasets", "evaluate")
PATIENCE = 240
"""Seconds after which a process counts as hanging, however busy the machine is."""


class WarmPython:
    """Use it as a context.

    Args:
        environment: variables of all processes.
        folder: for what processes write to standard output and standard error.
        imported: names of modules that are imported beforehand.
    """

    def __init__(self, environment: Mapping[str, str], folder: Path, imported: Sequence[str] = IMPORTED) -> None:
        self._environment, self._folder, self._imported = dict(environment), folder, imported

    def __enter__(self) -> "WarmPython":
        command = [sys.executable, str(Path(__file__)), *self._imported]
        pipe = subprocess.PIPE
        self._server = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, env=self._environment, text=True, start_new_session=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server.stdin is not None
        self._server.stdin.close()
        self._server.wait()

    def run(
        self, arguments: Sequence[object], cwd: Path, variables: Mapping[str, str | None]
    ) -> subprocess.CompletedProcess[str]:
        """Run Python to its end.

        Args:
            arguments: as the command line has them.
            cwd: the folder it runs in, which is first on Python's path.
            variables: of its environment, beside those of all processes; `None` takes one away.

        Raises:
            TimeoutError: it hangs; all processes are killed.
        """
        assert self._server.stdin is not None and self._server.stdout is not None
        streams = [self._folder / name for name in ("stdout", "stderr")]
        asked = {
            "arguments": list(map(str, arguments)),
            "cwd": str(cwd),
            "variables": dict(variables),
            "streams": list(map(str, streams)),
        }
        self._server.stdin.write(json.dumps(asked) + "\n")
        self._server.stdin.flush()
        killing = threading.Timer(PATIENCE, os.killpg, (self._server.pid, signal.SIGKILL))
        killing.start()
        code = self._server.stdout.readline()
        killing.cancel()
        said = [path.read_text("utf-8") for path in streams]
        if not code:
            raise TimeoutError(f"{asked['arguments']} hangs: {said[1]}")
        return subprocess.CompletedProcess(asked["arguments"], int(code), *said)


def serve(imported: Sequence[str]) -> None:
    """Import what is slow to import; then fork a process for each line of standard input, and say how it ended."""
    for name in imported:
        import_module(name)
    gc.freeze()  # what is imported is not looked through again in each process
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _leave(_become(**json.loads(line)))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _become(arguments: list[str], cwd: str, variables: dict[str, str | None], streams: list[str]) -> int:
    """Run in this process what Python would run with these arguments; return its exit code."""
    for number, stream in enumerate(streams, start=1):
        os.dup2(os.open(stream, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for name, value in variables.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    os.chdir(cwd)
    sys.path[0] = cwd
    try:
        _run(arguments)
    except SystemExit as left:
        if isinstance(left.code, str):
            print(left.code, file=sys.stderr)
        return left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _leave(code: int) -> None:
    """End this process as `multiprocessing` does: taking down all that is imported would take two seconds."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _run(arguments: list[str]) -> None:
    first, *rest = arguments
    if first == "-c":
        sys.argv = ["-c", *rest[1:]]
        exec(compile(rest[0], "<string>", "exec"), {"__name__": "__main__"})
    elif first == "-m":
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(first, run_name="__main__")


if __name__ == "__main__":
    serve(sys.argv[1:])

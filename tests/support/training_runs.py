"""Training runs in processes of their own, which can be killed; small enough that one takes seconds."""

import json
import multiprocessing
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

from torch.distributed import TCPStore

from tests.support.documents import make_dataset_folder
from tests.support.tiny_models import make_encoder_folder

# Each run is forked from a server that has imported all it needs, and not from pytest, whose threads it would lack.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.support.warm_training", "tests.support.training_runs"])
PATIENCE = 120
"""Seconds after which a run counts as hanging, however busy the machine is."""
_TRIES = 10
"""How often a run is started until a signal meets it: on a busy machine it may come to its end before."""


@dataclass
class Run:
    """A training run under way or ended."""

    process: multiprocessing.process.BaseProcess
    folder: Path
    output: Path

    def wait(self) -> int:
        """Wait for its end; return its exit code, negative if it was killed by a signal."""
        self.process.join(PATIENCE)
        if self.process.is_alive():
            self.process.kill()
            raise TimeoutError(f"the run hangs: {self.said()}")
        return self.process.exitcode

    def wait_until(self, reached: Callable[[], bool]) -> None:
        """Wait until something is seen to be so, or the run ends."""
        while self.process.is_alive() and not reached():
            time.sleep(0.001)

    def send(self, number: int) -> int:
        """Send a signal; return the exit code that comes of it, or that of a run that has ended before."""
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, number)
        return self.wait()

    def said(self) -> str:
        """What it wrote to standard output and standard error so far."""
        return self.output.read_text(encoding="utf-8")

    def log(self) -> list[dict]:
        """Whole lines of its training log so far."""
        path = self.folder / "training_log.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.is_file() else []
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def result(self) -> tuple[str, list[dict]]:
        """A digest of the trained weights, and the whole log: equal for equal runs."""
        return sha256((self.folder / "model.safetensors").read_bytes()).hexdigest(), self.log()

    def checkpoints(self) -> list[int]:
        """Steps of its checkpoints."""
        return sorted(int(path.name.split("-")[1]) for path in self.folder.glob("checkpoint-*"))


class RunMaker:
    """Starts training runs on the same small data."""

    def __init__(self, folder: Path, **settings: object) -> None:
        (folder / "data").mkdir(parents=True)
        self._folder = folder
        self.settings = {
            "dataset": make_dataset_folder(folder / "data", 24),
            "encoder": make_encoder_folder("bert", folder / "encoder"),
            "num_train_epochs": 3,
            "learning_rate": 1e-3,
            "logging_steps": 1,
            "cpu_threads": 1,
            **settings,
        }

    def without_dropout(self) -> "RunMaker":
        """Leave dropout out, which each process draws for itself: so runs on one and on several can be compared."""
        path = Path(str(self.settings["encoder"])) / "config.json"
        rates = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
        path.write_text(json.dumps(json.loads(path.read_text()) | rates))
        self.settings["classifier_dropout"] = 0.0
        return self

    def flags(self, name: str, **settings: object) -> list[str]:
        """Settings of a run as they are given on the command line."""
        settings = {"output_dir": self._folder / name, **self.settings, **settings}
        return [f"--{key}={value}" for key, value in settings.items()]

    def start(self, name: str, prepare: Callable[[], None] | None = None, **settings: object) -> Run:
        """Start `train` as the command line does, after `prepare` in the new process."""
        return self._start(name, {}, prepare, settings)

    def _start(
        self, name: str, environment: dict[str, str], prepare: Callable[[], None] | None, settings: dict[str, object]
    ) -> Run:
        output = self._folder / f"{name}{environment.get('RANK', '')}.txt"
        arguments = (self.flags(name, **settings), environment, output, prepare)
        process = _CONTEXT.Process(target=_train, args=arguments, daemon=True)
        process.start()
        return Run(process, Path(str(settings.get("output_dir", self._folder / name))), output)

    def finish(self, name: str, prepare: Callable[[], None] | None = None, **settings: object) -> Run:
        """Run to the end."""
        run = self.start(name, prepare, **settings)
        assert run.wait() == 0, run.said()
        return run

    def stop(
        self,
        name: str,
        number: int,
        moment: Callable[[Run], bool],
        prepare: Callable[[], None] | None = None,
        **settings: object,
    ) -> Run:
        """Start a run, send it a signal at a moment, and wait for its end."""

        def start() -> list[Run]:
            return [self.start(name, prepare, **settings)]

        return _stop(start, 0, number, moment)[0]

    def stop_ranks(
        self, name: str, rank: int, number: int, moment: Callable[[Run], bool], **settings: object
    ) -> list[Run]:
        """Start a distributed run, send one of its processes a signal at a moment, and wait for the end of all."""
        return _stop(lambda: self.start_ranks(name, **settings), rank, number, moment)

    def start_ranks(self, name: str, processes: int = 2, **settings: object) -> list[Run]:
        """Start one distributed run, as torchrun does."""
        # As torchrun's agent, this process has the store in which they meet: none else can take its port.
        self._store = TCPStore("localhost", 0, is_master=True, wait_for_workers=False)
        place = {"MASTER_ADDR": "localhost", "MASTER_PORT": str(self._store.port), "WORLD_SIZE": str(processes)}
        place |= {"TORCHELASTIC_USE_AGENT_STORE": "True", "TORCHELASTIC_RESTART_COUNT": "0"}
        place |= {"LOCAL_WORLD_SIZE": str(processes), "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
        return [
            self._start(name, place | {"RANK": str(rank), "LOCAL_RANK": str(rank)}, None, settings)
            for rank in range(processes)
        ]

    def finish_ranks(self, name: str, processes: int = 2, **settings: object) -> Run:
        """Run a distributed run to the end."""
        runs = self.start_ranks(name, processes, **settings)
        for run in runs:
            assert run.wait() == 0, run.said()
        return runs[0]


def _stop(start: Callable[[], list[Run]], rank: int, number: int, moment: Callable[[Run], bool]) -> list[Run]:
    for _ in range(_TRIES):
        runs = start()
        runs[0].wait_until(partial(moment, runs[0]))
        runs[rank].send(number)
        if any(run.wait() != 0 for run in runs):
            return runs
        shutil.rmtree(runs[0].folder)
    raise AssertionError(
        f"in {_TRIES} tries the run came to its end as if no signal had been sent: {runs[rank].said()}"
    )


def _train(flags: list[str], environment: dict[str, str], output: Path, prepare: Callable[[], None] | None) -> None:
    from spert_hf.cli.main import run_command

    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with output.open("w", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    if prepare is not None:
        prepare()
    sys.exit(run_command("train", flags))

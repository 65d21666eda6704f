"""The Ray engine: actors that hold the pipeline are given shards, one at a time, and a new one when they die.

Ray itself would repeat the call on the same actor. That one may never come back, as that of a lost machine; so a shard
goes to whichever actor is free, and it is counted here how often its process has died.
"""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from ..files.ownership import is_owned
from ..model.messages import must_be
from .actor_plan import ActorPlan, Node, count_fitting, plan_actors
from .attempts import Attempts
from .engines import RunResult, ShardProgress
from .extraction import TAKEN, ShardResult, TooManyErrorsError
from .job import Job
from .manifest import MANIFEST
from .ray_actors import Extractor, Reports
from .ray_instance import check_local_actors, connected, import_ray
from .shards import Shard
from .stores import exists, is_url, join, lock_of, remove_leftovers

_MOST_STARTS = 3
"""Processes of an actor that may die while they load the model, before it is given up."""

_SECONDS_BETWEEN_LOOKS = 1.0
_SECONDS_TO_WAIT = 2.0
"""Before a shard that another process is writing is tried again: it may be one of ours that was thought dead."""

_MOST_WAITS = 15
_SECONDS_WITHOUT_ACTORS = 60.0
_SECONDS_TO_END = 1.0

Tell = Callable[[str], None]


def run_ray(
    job: Job,
    shards: Iterable[Shard],
    address: str | None = None,
    actors: int | None = None,
    gpus_per_actor: float | None = None,
    progress: ShardProgress | None = None,
    tell: Tell | None = None,
    overwrite: bool = False,
) -> RunResult:
    """Extract from shards by actors of Ray.

    Args:
        job: What is asked for.
        shards: The shards.
        address: Of a cluster; default: a local instance, which ends with the run.
        actors: How many there are; default: with GPUs, as many as fit; else one for every four CPUs of a machine.
        gpus_per_actor: The share of a GPU for each; default: 1 if the cluster has GPUs and the job is not for a CPU.
        progress: Told how far it is.
        tell: Told what is worth knowing: processes that died, actors that do not fit.
        overwrite: Whether outputs that are there are replaced.

    Returns:
        What was done.

    Raises:
        ValueError: Ray is not installed, an argument is invalid, or no actor can load the model.
        TooManyErrorsError: More records have errors than the job puts up with.
        OSError: An output cannot be written.
    """
    ray = import_ray()
    tell = tell or (lambda _: None)
    left: deque[Shard | _Task] = deque(shards)
    if not left:
        return RunResult()
    if address is None:
        check_local_actors(actors)
    run = None
    try:
        with connected(ray, address):
            job, plan = _plan(ray, job, actors, gpus_per_actor, address, tell)
            run = _Run(ray, _absolute_job(job), left, plan, progress, tell, overwrite)
            return run.go()
    finally:
        if run is not None:
            run.clear_up()


def _plan(
    ray: Any, job: Job, actors: int | None, gpus_per_actor: float | None, address: str | None, tell: Tell
) -> tuple[Job, ActorPlan]:
    """The actors, and the job with the device that they compute on."""
    resources = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    nodes = [Node(given.get("CPU", 0.0), given.get("GPU", 0.0)) for given in resources]
    has_gpus = any(node.gpus for node in nodes)
    for_cpu = job.device == "cpu" or job.backend != "torch"
    gpus = gpus_per_actor if gpus_per_actor is not None else float(has_gpus and not for_cpu)
    if gpus and (for_cpu or (address is None and not has_gpus)):
        reason = "a job for the CPU" if for_cpu else "a machine without a GPU"
        raise ValueError(must_be("--gpus-per-actor", f"0 for {reason}", gpus))
    plan = plan_actors(nodes, actors, gpus)
    fitting = count_fitting(nodes, plan.cpus, plan.gpus)
    if fitting < plan.actors:
        tell(f"{fitting} of {plan.actors} actors fit into the cluster now; the others start when it has grown")
    return (job if gpus or job.device else replace(job, device="cpu")), plan


@dataclass(eq=False)
class _Task:
    """A shard, and what is known of the attempts at it."""

    shard: Shard
    attempts: Attempts = field(default_factory=Attempts)
    not_before: float = 0.0
    waits: int = 0
    told: int = 0


@dataclass(eq=False)
class _Actor:
    """An actor, and what it is about: a task, or, without one, to load the model."""

    number: int
    handle: Any
    task: _Task | None = None


class _Run:
    """A run: the tasks that are left, the actors, and the answers that are awaited."""

    def __init__(
        self,
        ray: Any,
        job: Job,
        shards: deque[Shard | _Task],
        plan: ActorPlan,
        progress: ShardProgress | None,
        tell: Tell,
        overwrite: bool,
    ) -> None:
        self._ray, self._job, self._tell, self._overwrite = ray, job, tell, overwrite
        self._progress = progress or (lambda records, finished: None)
        self._left = shards
        self._result = RunResult()
        self._idle: list[_Actor] = []
        self._awaited: dict[Any, _Actor] = {}
        self._tasks: dict[str, _Task] = {}
        self._problems: list[str] = []
        self._looked = self._had_actors = monotonic()
        self._reports = _start_reports(ray)
        self._actors = _start_actors(ray, job, plan, min(plan.actors, len(shards)))
        for actor in self._actors:
            self._await_start(actor)

    def go(self) -> RunResult:
        """Give out tasks and take in results until none are left."""
        try:
            while self._left or self._tasks:
                self._hand_out()
                for answer in self._wait():
                    self._take(answer, self._awaited.pop(answer))
                self._look()
            return self._result
        finally:
            for handle in [*(actor.handle for actor in self._actors), self._reports]:
                with suppress(self._ray.exceptions.RayError):
                    self._ray.kill(handle)

    def clear_up(self) -> None:
        """Remove what actors have left behind that were ended while they wrote."""
        targets = [self._job.target(task.shard) for task in self._tasks.values()]
        if targets and not is_url(self._job.output):
            sleep(_SECONDS_TO_END)  # their processes end a little later
            remove_leftovers(targets)
            for lock in map(lock_of, targets):
                if not is_owned(lock):
                    lock.unlink(missing_ok=True)

    def _wait(self) -> list[Any]:
        """The next answer, if there is one soon."""
        if not self._awaited:  # all that is left is to be tried later
            sleep(_SECONDS_BETWEEN_LOOKS)
            return []
        answered: list[Any]
        answered, _ = self._ray.wait(list(self._awaited), num_returns=1, timeout=_SECONDS_BETWEEN_LOOKS)
        return answered

    def _hand_out(self) -> None:
        now = monotonic()
        for _ in range(len(self._left)):
            if not self._idle:
                return
            given = self._left.popleft()
            task = given if isinstance(given, _Task) else _Task(_absolute(given))
            if task.not_before > now:
                self._left.append(task)
                continue
            actor = self._idle.pop()
            answer = actor.handle.extract.remote(
                task.shard, task.attempts.deaths, self._result.errors, task.attempts.caution, self._overwrite
            )
            actor.task = self._tasks[task.shard.name] = task
            self._awaited[answer] = actor

    def _await_start(self, actor: _Actor) -> None:
        """Have an actor load the model, now or once it is started again, however often its process dies of it."""
        start = actor.handle.start.options(max_task_retries=-1)
        self._awaited[start.remote(actor.number, self._reports)] = actor

    def _take(self, answer: Any, actor: _Actor) -> None:
        """Take in an answer: of an actor that has loaded the model, or has extracted from a shard, or has died."""
        task, actor.task = actor.task, None
        try:
            value = self._ray.get(answer)
        except self._ray.exceptions.RayTaskError:
            raise
        except self._ray.exceptions.RayError as error:
            if task is None:
                self._give_up(actor, " ".join(str(error).split()))
                return
            self._note_death(self._tasks.pop(task.shard.name))
            self._await_start(actor)
            return
        if task is not None:
            self._note_result(self._tasks.pop(task.shard.name), value)
        elif value is not None:
            self._give_up(actor, value)
            return
        self._idle.append(actor)

    def _note_result(self, task: _Task, value: ShardResult | Exception) -> None:
        if isinstance(value, ValueError) and not isinstance(value, TooManyErrorsError):
            self._fail(task, str(value))
            return
        if isinstance(value, Exception):
            raise value
        if value.state == TAKEN and task.waits < _MOST_WAITS:
            task.waits += 1
            task.not_before = monotonic() + _SECONDS_TO_WAIT
            self._left.append(task)
            return
        self._result.add(value)
        self._progress(value.records - task.told, 1)
        if self._result.errors > self._job.max_errors:
            raise TooManyErrorsError(
                f"--max-errors: more records have errors than {self._job.max_errors}, such as "
                f"{self._result.first_error}"
            )

    def _note_death(self, task: _Task) -> None:
        name, attempts = task.shard.name, task.attempts
        attempts.died(self._ray.get(self._reports.last.remote(name, attempts.deaths)))
        self._progress(-task.told, 0)
        task.told = 0
        if attempts.is_hopeless:
            self._fail(task, f"the process that extracts from it died {attempts.deaths} times")
            return
        times = "" if attempts.deaths == 1 else f" (death {attempts.deaths})"
        self._tell(f"{name}: the process that extracted from it died{times}; it is tried again")
        self._left.appendleft(task)

    def _fail(self, task: _Task, reason: str) -> None:
        self._result.failed[task.shard.name] = reason
        self._progress(-task.told, 1)

    def _look(self) -> None:
        """See how far the actors are, and whether there are any."""
        now = monotonic()
        if now - self._looked < _SECONDS_BETWEEN_LOOKS:
            return
        self._looked = now
        records, starts = self._ray.get(self._reports.take.remote())
        for name, count in records.items():
            if (task := self._tasks.get(name)) is not None:
                self._progress(count - task.told, 0)
                task.told = count
        for actor in [actor for actor in self._actors if starts.get(actor.number, 0) > _MOST_STARTS]:
            self._awaited = {answer: other for answer, other in self._awaited.items() if other is not actor}
            self._give_up(actor, f"{_MOST_STARTS} processes died while they loaded the model; is there enough memory?")
        if self._tasks or self._idle or any(starts.values()):
            self._had_actors = now
        elif now - self._had_actors >= _SECONDS_WITHOUT_ACTORS:
            self._had_actors = now
            self._tell("waiting for an actor: the cluster has no room for one now")

    def _give_up(self, actor: _Actor, reason: str) -> None:
        """Go on without an actor.

        Raises:
            ValueError: It was the last one.
        """
        self._actors.remove(actor)
        self._ray.kill(actor.handle)
        if not self._actors:
            raise ValueError(f"no actor can extract: {reason}")
        if reason not in self._problems:
            self._problems.append(reason)
            self._tell(f"an actor is left out: {reason}")


def _start_reports(ray: Any) -> Any:
    """The actor that the others report to, on this machine, as it is lost with the driver anyway."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    return (
        ray.remote(Reports).options(num_cpus=0, scheduling_strategy=here, max_restarts=-1, max_task_retries=-1).remote()
    )


def _start_actors(ray: Any, job: Job, plan: ActorPlan, count: int) -> list[_Actor]:
    options = {"num_cpus": plan.cpus, "num_gpus": plan.gpus, "scheduling_strategy": "SPREAD", "max_restarts": -1}
    extractor = ray.remote(Extractor).options(**options)
    sees_output = not is_url(job.output) and exists(join(job.output, MANIFEST))
    return [_Actor(number, extractor.remote(pickle.dumps(job), plan.cpus, sees_output)) for number in range(count)]


def _absolute(shard: Shard) -> Shard:
    """The shard with a path that means the same in every process."""
    return replace(shard, source=_absolute_path(shard.source))


def _absolute_job(job: Job) -> Job:
    model = _absolute_path(job.model) if Path(job.model).is_dir() else job.model
    return replace(job, output=_absolute_path(job.output), model=model)


def _absolute_path(path: str) -> str:
    return path if is_url(path) else str(Path(path).absolute())

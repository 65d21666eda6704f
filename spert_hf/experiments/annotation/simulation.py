"""Carries the rounds of the simulation out: train on what is annotated so far, score on dev, choose what comes next."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...annotation.suggestion import select
from ...annotation.uncertainty import score_texts
from ...data.documents import Document
from ...data.loading import Splits, load_splits
from ...files.atomic import RUN_FILE
from ...hub.training_record import TrainingRecord
from ...model.pipeline_spert import SpertPipeline
from ...training.checkpoints import LATEST
from ...training.trainer import SpertTrainer
from ..running import write_result
from .plan import DATASET, MOST, RANDOM, ROUND, STRATEGIES, Round, Strategy, read_result

_COPIED = ("documents", "split", "scores", "steps", "resumed_at_step", "seconds", "device", "versions")
"""What a result takes from the record of its training."""


@dataclass(frozen=True)
class Simulation:
    """Where and how rounds are carried out.

    Attributes:
        splits: The data set; of `train` is chosen, on `dev` is scored.
        results_dir: Folder that results are kept in.
        work_dir: Folder of runs under way.
        threads: Of the CPU; 0 is all.
        save_steps: A checkpoint is saved each so many steps, and when a run is asked to stop.
        report: Called with a line when a round begins and when it is done.
        show_progress: Tell how far each training is.
    """

    splits: Splits
    results_dir: Path
    work_dir: Path
    report: Callable[[str], None]
    threads: int = 0
    save_steps: int = 500
    show_progress: bool = False

    def carry_out(self, rounds: Iterable[Round]) -> None:
        """Carry out the rounds that have no result yet, one after the other.

        Raises:
            ValueError: If the result of a round is not what it should be.
            TrainingInterruptedError: If the run was asked to stop; the next one goes on where it was.
        """
        missing = [one for one in rounds if not self.is_done(one)]
        for place, one in enumerate(missing, start=1):
            name = f"[{place}/{len(missing)}] {one.label}"
            if self.is_done(one):
                self.report(f"{name}: done by another command")
                continue
            self.report(f"{name}: training")
            result = self._carry_out(one)
            micro = {task: result["scores"][task]["micro"]["f1"] for task in ("ner", "rel_plus")}
            self.report(
                f"{name}: done in {result['seconds']:.0f} s; NER {micro['ner']:.2f}, REL+ {micro['rel_plus']:.2f}"
            )

    def is_done(self, one: Round) -> bool:
        """Whether there is a result, with the choices of all strategies that go on from it."""
        result = read_result(one.result_file(self.results_dir), one)
        return result is not None and {strategy.key for strategy in _going_on_from(one)} <= set(result["next"])

    def _carry_out(self, one: Round) -> dict[str, Any]:
        chosen = self.chosen(one)
        documents = [self.splits.train[index] for index in chosen]
        folder = self.work_dir / "annotation" / one.result_file(self.results_dir).stem
        pipe = self._train(one, documents, folder)
        record = TrainingRecord.from_file(folder / RUN_FILE).content
        result = {
            "settings": one.settings(),
            **{name: record[name] for name in _COPIED},
            "threads": record["settings"]["cpu_threads"],
            "words": sum(len(document.tokens) for document in documents),
            "entities": sum(len(document.entities) for document in documents),
            "relations": sum(len(document.relations) for document in documents),
            "chosen": chosen,
            "next": self._choose(one, pipe, chosen),
        }
        write_result(one.result_file(self.results_dir), result)
        shutil.rmtree(folder)
        return result

    def chosen(self, one: Round) -> list[int]:
        """The places in `train` of the sentences that a round trains on, in the order in which they were chosen."""
        if one.strategy is None or one.strategy.name == RANDOM:
            order = list(range(len(self.splits.train)))
            random.Random(one.seed).shuffle(order)
            return order[: one.sentences]
        before = one.before
        assert before is not None, "only the start has nothing before it"
        result = read_result(before.result_file(self.results_dir), before)
        if result is None or one.strategy.key not in result["next"]:
            raise ValueError(f"{one.label} must come after {before.label}, which has no result")
        return [*result["chosen"], *result["next"][one.strategy.key]]

    def _train(self, one: Round, documents: Sequence[Document], folder: Path) -> SpertPipeline:
        arguments = replace(
            one.arguments,
            output_dir=str(folder),
            cpu_threads=self.threads,
            save_steps=self.save_steps,
            save_total_limit=1,
            resume_from_checkpoint=LATEST,
        )
        splits = replace(self.splits, train=list(documents), test=[])
        trainer = SpertTrainer(args=arguments, train_dataset=splits, show_progress=self.show_progress)
        model = trainer.train().model
        pipe = SpertPipeline(model=model, tokenizer=trainer.tokenizer, device=model.device)
        trainer.close()
        return pipe

    def _choose(self, one: Round, pipe: SpertPipeline, chosen: Sequence[int]) -> dict[str, list[int]]:
        """What each strategy that goes on from a round annotates next, by its key."""
        strategies = _going_on_from(one)
        if not strategies:
            return {}
        rest = sorted(set(range(len(self.splits.train))) - set(chosen))
        records: list[Mapping[str, Any]] = [{"tokens": self.splits.train[index].tokens} for index in rest]
        temperatures = {strategy.doubt.temperature for strategy in strategies}
        scored = {one: [*score_texts(pipe, records, temperature=one)] for one in temperatures}
        return {
            strategy.key: [
                rest[candidate.index]
                for candidate in select(
                    scored[strategy.doubt.temperature], ROUND, strategy.name, one.seed, doubt=strategy.doubt
                )
            ]
            for strategy in strategies
        }


def load_data(data_dir: str | None) -> Splits:
    """The data set of the simulation."""
    return load_splits(DATASET, data_dir=None if data_dir is None else Path(data_dir))


def _going_on_from(one: Round) -> list[Strategy]:
    """The strategies whose next round is chosen by a round's model; chance needs none."""
    if one.sentences >= MOST:
        return []
    candidates = STRATEGIES if one.strategy is None else (one.strategy,)
    return [
        strategy
        for strategy in candidates
        if strategy.name != RANDOM and one.seed in strategy.seeds and one.sentences < strategy.largest
    ]

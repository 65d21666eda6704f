"""`spert-hf calibrate`: fit temperatures, so that scores are the probability of being right."""

import argparse
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..data.adapter_files import adapter_in, keep_adapter
from ..evaluation.calibration import Calibration, calibrate, reliabilities
from ..evaluation.observation import LOW_SCORE
from ..evaluation.reliability_diagram import write_reliability_diagram
from ..evaluation.svg_plots import check_plot_file
from ..files.atomic import RUN_FILE
from ..files.model_folder import is_same_folder, model_output, write_model
from ..model.configuration_spert import SpertConfig
from ..model.messages import must_be
from .options import (
    check_output,
    load_documents,
    load_pipeline,
    load_stored,
)

_ROWS = {
    "entities": "entities",
    "relations": "relations",
    "scored_relations": f"  scored {LOW_SCORE} or more",
}


def run(options: argparse.Namespace) -> int:
    """Run the command; return its exit code."""
    if options.split == options.measure_on:
        raise ValueError(must_be("--measure-on", "another split than the one that is fitted on", repr(options.split)))
    check_output("--output", options.output, is_folder=True)
    check_output("--plot", options.plot)
    if options.plot:
        check_plot_file(options.plot)
    if not options.output:
        _calibrate(options)
        return 0
    output = Path(options.output)
    with model_output("--output", output, overwrite=options.overwrite, own=Path(options.model)):
        _save(options, _calibrate(options), output)
    sys.stderr.write(f"Calibrated model saved in {output}\n")
    return 0


def _calibrate(options: argparse.Namespace) -> SpertConfig:
    """Fit the temperatures and show the result; return the config with them."""
    pipe = load_pipeline(options)
    splits = {"--split": options.split} | ({"--measure-on": options.measure_on} if options.measure_on else {})
    documents = load_documents(options, pipe.model.config, splits)
    calibration = calibrate(
        pipe.model, pipe.spert_processor, dict(zip(splits.values(), documents, strict=True)), options.batch_size
    )
    result = calibration.to_dict()
    sys.stdout.write((json.dumps(result, indent=2) if options.json else "\n".join(_table(result))) + "\n")
    for note in calibration.notes():
        sys.stderr.write(f"Note: {note}\n")
    if options.plot:
        _plot(options.plot, calibration)
        sys.stderr.write(f"Diagram written to {options.plot}\n")
    return pipe.model.config


def _table(result: dict[str, Any]) -> Iterator[str]:
    """Format the result as text, with at most 80 columns."""
    before, after = result["before"], result["after"]
    yield f"Temperatures fitted on the {result['fitted_on']} split"
    for name, value in before.items():
        yield f"  {name.replace('_', ' '):<22}{value:.4g} -> {after[name]:.4g}"
    for split, measured in result["measured_on"].items():
        same = ", used for fitting: the errors afterwards are too optimistic" if split == result["fitted_on"] else ""
        yield ""
        yield f"On the {split} split{same}"
        yield f"  {'':<22}{'found':>7}{'right %':>9}{'mean score %':>18}{'calibration error %':>22}"
        for name, label in _ROWS.items():
            yield _row(label, measured[name]["before"], measured[name]["after"])


def _row(label: str, before: dict[str, Any], after: dict[str, Any]) -> str:
    right = _percent(before["share_right"])
    score = f"{_percent(before['mean_score'])} -> {_percent(after['mean_score'])}"
    error = " -> ".join("-" if part["ece"] is None else f"{part['ece']:.1f}" for part in (before, after))
    return f"  {label:<22}{before['count']:>7}{right:>9}{score:>18}{error:>22}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"


def _plot(path: str, calibration: Calibration) -> None:
    """Draw the split that was not used for fitting, if there is one."""
    split, observed = list(calibration.observations.items())[-1]
    fitted_on = "the same sentences" if split == calibration.fitted_on else calibration.fitted_on
    before, after = (reliabilities(observed, part) for part in (calibration.before, calibration.after))
    write_reliability_diagram(path, before, after, f"Reliability on {split}, temperatures fitted on {fitted_on}")


def _save(options: argparse.Namespace, config: SpertConfig, output: Path) -> None:
    """Save the checkpoint with another config."""
    stored = load_stored(options)
    for name in ("entity_temperature", "relation_temperature", "relation_threshold"):
        setattr(stored.model.config, name, getattr(config, name))
    own = Path(options.model)
    adapter = adapter_in(own)
    record = own / RUN_FILE
    scores_stay = config.overlap != "best"  # the predictions are the same

    def write(folder: Path) -> None:
        stored.save_pretrained(folder)
        keep_adapter(adapter, folder)
        if scores_stay and record.is_file():
            shutil.copyfile(record, folder / RUN_FILE)

    write_model(output, write, own=own)
    if not scores_stay and is_same_folder(output, own):
        record.unlink(missing_ok=True)

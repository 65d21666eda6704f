"""`spert-hf evaluate`: scores of a model on annotated documents, as a table, as JSON and as a page."""

import argparse
import sys
from collections.abc import Sequence

from ..data.loading import load_splits
from ..data.named_datasets import dataset_folder
from ..data.schema import TypeSchema
from ..evaluation import format_table, to_json, write_html_report
from ..evaluation.model_evaluation import predict_documents, score_predictions
from ..model.configuration_spert import SpertConfig
from .options import add_model_options, load_pipeline


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    options = _parser().parse_args(arguments)
    pipe = load_pipeline(options)
    config = pipe.model.config
    splits = load_splits(
        dataset_folder(options.dataset),
        data_dir=options.data_dir,
        config_name=options.dataset_config_name,
        types=_schema_of(config),
        token=options.token,
    )
    documents = getattr(splits, options.split)
    if not documents:
        raise ValueError(f"--split: given {options.split!r}, which {options.dataset} has no documents for")
    predictions = predict_documents(pipe.model, pipe.spert_processor, documents, options.batch_size)
    result = score_predictions(pipe.model, documents, predictions, options.no_overlapping)
    sys.stdout.write((to_json(result) if options.json else format_table(result)).rstrip("\n") + "\n")
    if options.html:
        write_html_report(
            options.html,
            [document.to_record() for document in documents],
            predictions,
            no_overlapping=options.no_overlapping,
            symmetric_relation_types=config.symmetric_relation_types,
        )
        sys.stderr.write(f"Report written to {options.html}\n")
    return 0


def _schema_of(config: SpertConfig) -> TypeSchema:
    """The model's types: documents with others can't be scored and are refused."""
    return TypeSchema.from_names(config.entity_types, config.relation_types, config.symmetric_relation_types)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="spert-hf evaluate",
        description="Score a model on annotated documents: entities (NER), relations by spans and type (REL), and with "
        "entity types too (REL+); precision, recall and F1 in percent.",
    )
    add_model_options(parser)
    parser.add_argument(
        "--dataset",
        required=True,
        help="`quickstart`, a folder with a loading script, a folder or file of documents, or a Hub id",
    )
    parser.add_argument("--dataset-config-name", help="configuration of the data set, where it has several")
    parser.add_argument("--data-dir", help="folder with local copies of the data set's sources")
    parser.add_argument("--split", choices=("train", "dev", "test"), default="test", help="(default: %(default)s)")
    parser.add_argument(
        "--no-overlapping", action="store_true", help="drop entities that overlap, in gold and predictions"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--html", metavar="FILE", help="write a page that shows each sentence with its errors")
    return parser

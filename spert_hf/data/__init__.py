"""Annotated documents: their schema and checks, file formats and data sets."""

from .documents import Document, Entity, Relation, check_record
from .faults import DocumentError, Fault, FaultError, LocatedFault, Location, SchemaError
from .formats import check_file, documents_from_rows, read_documents, write_documents
from .inputs import read_inputs
from .loading import Splits, load_splits
from .prediction_features import prediction_features
from .schema import EntityType, RelationType, TypeSchema
from .sources import DatasetError

__all__ = [
    "DatasetError",
    "Document",
    "DocumentError",
    "Entity",
    "EntityType",
    "Fault",
    "FaultError",
    "LocatedFault",
    "Location",
    "Relation",
    "RelationType",
    "SchemaError",
    "Splits",
    "TypeSchema",
    "check_file",
    "check_record",
    "documents_from_rows",
    "load_splits",
    "prediction_features",
    "read_documents",
    "read_inputs",
    "write_documents",
]

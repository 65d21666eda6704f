"""Annotated documents: their schema and checks, file formats and data sets.

The names below are imported lazily.
"""

from typing import TYPE_CHECKING

from ..lazy_names import lazy_names

if TYPE_CHECKING:
    from .annotation.alignment import to_documents
    from .annotation.annotated_text import AnnotatedText, TextEntity, TextRelation
    from .annotation.reading import read_annotations
    from .documents import Document, Entity, Relation, check_record
    from .faults import DocumentError, Fault, FaultError, LocatedFault, Location, SchemaError
    from .formats import check_file, documents_from_rows, read_documents, write_documents
    from .inputs import read_inputs
    from .loading import Splits, load_documents, load_splits
    from .prediction_columns import prediction_features
    from .schema import EntityType, RelationType, TypeSchema
    from .sources import DatasetError

_MODULES = {
    "AnnotatedText": "annotation.annotated_text",
    "DatasetError": "sources",
    "Document": "documents",
    "DocumentError": "faults",
    "Entity": "documents",
    "EntityType": "schema",
    "Fault": "faults",
    "FaultError": "faults",
    "LocatedFault": "faults",
    "Location": "faults",
    "Relation": "documents",
    "RelationType": "schema",
    "SchemaError": "faults",
    "Splits": "loading",
    "TypeSchema": "schema",
    "check_file": "formats",
    "check_record": "documents",
    "documents_from_rows": "formats",
    "load_documents": "loading",
    "load_splits": "loading",
    "prediction_features": "prediction_columns",
    "TextEntity": "annotation.annotated_text",
    "TextRelation": "annotation.annotated_text",
    "read_annotations": "annotation.reading",
    "read_documents": "formats",
    "read_inputs": "inputs",
    "to_documents": "annotation.alignment",
    "write_documents": "formats",
}
"""Where the names are."""

__all__ = [
    "AnnotatedText",
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
    "TextEntity",
    "TextRelation",
    "TypeSchema",
    "check_file",
    "check_record",
    "documents_from_rows",
    "load_documents",
    "load_splits",
    "prediction_features",
    "read_annotations",
    "read_documents",
    "read_inputs",
    "to_documents",
    "write_documents",
]

__getattr__, __dir__ = lazy_names(__name__, _MODULES)

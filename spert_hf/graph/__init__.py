"""From what `extract` found in a corpus to a knowledge graph: entities, triples, evidence, and files to open them.

The names below are imported when they are used.
"""

from typing import TYPE_CHECKING

from ..lazy_names import lazy_names

if TYPE_CHECKING:
    from .building import build_graph
    from .formats import FORMATS
    from .rules import MERGES
    from .summary import GraphSummary

_MODULES = {"FORMATS": "formats", "GraphSummary": "summary", "MERGES": "rules", "build_graph": "building"}

__all__ = ["FORMATS", "MERGES", "GraphSummary", "build_graph"]

__getattr__, __dir__ = lazy_names(__name__, _MODULES)

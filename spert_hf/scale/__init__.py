"""Extraction from corpora: shards, each written whole by one owner, a manifest, and the engines that compute them.

The names below are imported lazily.
"""

from typing import TYPE_CHECKING

from ..lazy_names import lazy_names

if TYPE_CHECKING:
    from .corpus import Corpus, open_corpus
    from .engines import RunResult, run_local
    from .extraction import Caution, ShardResult, extract_shard
    from .job import Job
    from .manifest import Manifest
    from .shards import Shard, list_shards, part_of

_MODULES = {
    "Caution": "extraction",
    "Corpus": "corpus",
    "Job": "job",
    "Manifest": "manifest",
    "RunResult": "engines",
    "Shard": "shards",
    "ShardResult": "extraction",
    "extract_shard": "extraction",
    "list_shards": "shards",
    "open_corpus": "corpus",
    "part_of": "shards",
    "run_local": "engines",
}
"""Where the names are."""

__all__ = [
    "Caution",
    "Corpus",
    "Job",
    "Manifest",
    "RunResult",
    "Shard",
    "ShardResult",
    "extract_shard",
    "list_shards",
    "open_corpus",
    "part_of",
    "run_local",
]

__getattr__, __dir__ = lazy_names(__name__, _MODULES)

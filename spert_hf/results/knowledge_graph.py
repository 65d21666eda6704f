"""Entities and relations as a networkx graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .records import each_result

if TYPE_CHECKING:
    import networkx


def to_networkx(found: Any) -> networkx.MultiDiGraph:
    """Make a graph of all results, with a node for each name and type, and an edge for each relation.

    Args:
        found: A result of the pipeline, or several.

    Returns:
        A `networkx.MultiDiGraph`. Nodes are pairs of text (with normalized whitespace) and type, with the attributes
        ``text``, ``type``, ``count`` (number of mentions) and ``documents`` (number of results). Edges are directed
        from head to tail, with the attributes ``type``, ``score`` and ``document`` (index of the result, from 0).

    Raises:
        ImportError: networkx is not installed; the message contains the command to install it.
        ValueError: ``found`` is neither a result nor a collection of them.
    """
    try:
        import networkx
    except ImportError as error:
        raise ImportError(f'networkx is not installed: pip install "spert-hf[graph]" ({error})') from error

    graph = networkx.MultiDiGraph()
    for document, result in enumerate(each_result(found)):
        nodes = [(" ".join(entity["text"].split()), entity["type"]) for entity in result["entities"]]
        for node in nodes:
            if node not in graph:
                graph.add_node(node, text=node[0], type=node[1], count=0, documents=0)
            graph.nodes[node]["count"] += 1
        for node in set(nodes):
            graph.nodes[node]["documents"] += 1
        for relation in result["relations"]:
            ends = nodes[relation["head"]], nodes[relation["tail"]]
            graph.add_edge(*ends, type=relation["type"], score=relation["score"], document=document)
    return graph

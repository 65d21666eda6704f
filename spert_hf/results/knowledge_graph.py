"""What is found, as a graph of networkx."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .records import each_result

if TYPE_CHECKING:
    import networkx


def to_networkx(found: Any) -> networkx.MultiDiGraph:
    """Make one graph of all results: a node for each name and type, an edge for each relation that was found.

    Args:
        found: A result of the pipeline, or several.

    Returns:
        Nodes are pairs of text (with one space for each run of white space) and type, and have ``text``, ``type``,
        ``count``, how often they were found, and ``documents``, in how many results. Edges go from head to tail and
        have ``type``, ``score`` and ``document``, the result's place among those given, from 0.

    Raises:
        ImportError: networkx is not installed; says what to install.
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

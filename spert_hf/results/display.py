"""Drawings of results in notebooks, and as self-contained SVG and HTML files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..data.type_colours import type_hues
from ..files.atomic import write_atomically
from ..model.messages import must_be
from ..model.setting_checks import check_number
from .annotated import Annotated, annotate
from .colours import BACKGROUND, BORDER, QUIET, TEXT
from .drawing import MOST_ARCS, Hues, clean, draw, svg_root
from .records import each_result
from .text_width import FONT

MOST_ROWS = 500
"""The maximum number of rows of the table below a drawing."""

_HEAD = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Entities and relations</title>'
_FIGURE = (  # with a light background, since a notebook's own may be dark
    f"margin:0 0 16px;width:fit-content;max-width:100%;font:14px {FONT};color:{QUIET};background:{BACKGROUND}"
)
_WIDTHS = (200, 10_000)
_CELL = f"padding:3px 16px 3px 0;border-bottom:1px solid {BORDER};text-align:left;background:{BACKGROUND};color:{TEXT}"


class Drawing:
    """A drawing of texts with their entities and relations, which notebooks display.

    Args:
        texts: the texts with their results.
        hues: the hues of the types.
        width: width in pixels.
    """

    def __init__(self, texts: Sequence[Annotated], hues: Hues, width: float) -> None:
        self._texts = list(texts)
        self._hues = hues
        self._width = width

    def svg(self) -> str:
        """Return an SVG image with all texts."""
        parts: list[str] = []
        height = 0.0
        for one in self._texts:
            drawn, own = draw(one, self._hues, self._width)
            parts += [f'<g transform="translate(0 {height:.1f})">', *drawn, "</g>"]
            height += own
        counted = [_count(one) for one in self._texts]
        label = counted[0] if len(counted) == 1 else f"{len(counted)} texts"
        return svg_root(parts, self._width, height, label, " ".join(map(_in_words, self._texts)))

    def html(self) -> str:
        """Return an HTML page with a table of the relations below each drawing."""
        body = f'<body style="margin:16px;background:{BACKGROUND}">{self._repr_html_()}</body>'
        return f'<!DOCTYPE html>\n<html lang="en"><head>{_HEAD}</head>{body}</html>\n'

    def save(self, path: str | Path) -> None:
        """Write the drawing to a file in the format of its suffix.

        Args:
            path: the file, `.svg` or `.html`.

        Raises:
            ValueError: the suffix is not supported.
            OSError: the file can't be written.
        """
        forms = {".svg": self.svg, ".html": self.html, ".htm": self.html}
        form = forms.get(Path(path).suffix.lower())
        if form is None:
            raise ValueError(must_be("path", "a file name that ends in .svg or .html", repr(str(path))))
        write_atomically(path, [form()])

    def _repr_html_(self) -> str:
        return "".join(map(self._figure, self._texts))

    def _figure(self, one: Annotated) -> str:
        drawn, height = draw(one, self._hues, self._width)
        svg = svg_root(drawn, self._width, height, _count(one), _in_words(one))
        note = ""
        if len(one.relations) > MOST_ARCS:
            note = f"{MOST_ARCS} of {len(one.relations):,} relations are drawn, the best of each type."
        return (
            f'<figure style="{_FIGURE}">{svg}<figcaption style="padding:0 12px 8px">{note}'
            f'<details><summary style="cursor:pointer">{_count(one)}</summary>{_table(one)}</details>'
            "</figcaption></figure>"
        )


def display(found: Any, text: Any = None, *, model: Any = None, width: float = 760) -> Drawing:
    """Draw results like the demo: entities highlighted in the text, relations as arcs above it.

    Args:
        found: a result of the pipeline, or several.
        text: the input of the pipeline, a string or a list of words; for several results, a list of inputs. Not needed
            for records with a `text` or `tokens`, such as the output of `spert-hf extract`.
        model: pipeline or model, whose types determine the colours, as in the demo. By default, colours are assigned to
            the types in the results, in alphabetical order.
        width: width in pixels.

    Returns:
        A drawing that notebooks display, with `svg()`, `html()` and `save(path)`.

    Raises:
        ValueError: `found` is not a result, or the text is missing or does not match it.
    """
    check_number("width", width, *_WIDTHS)
    results = list(each_result(found))
    if isinstance(found, Mapping):
        texts = [annotate(results[0], text, "text")]
    else:
        given = [None] * len(results) if text is None else _texts(text, len(results))
        texts = [annotate(one, its, f"text.{n}") for n, (one, its) in enumerate(zip(results, given, strict=True))]
    return Drawing(texts, _hues(texts, model), width)


def _texts(given: Any, count: int) -> list[Any]:
    """Return the texts of several results as a list.

    Raises:
        ValueError: if the number of texts differs from that of results.
    """
    texts = None if isinstance(given, str) or not isinstance(given, Iterable) else list(given)
    if texts is None or len(texts) != count:
        shown = repr(given)[:80] if texts is None else f"{len(texts)} texts"
        raise ValueError(must_be("text", f"a list with a text for each of the {count} results", shown))
    return texts


def _hues(texts: Sequence[Annotated], model: Any) -> Hues:
    """Return the hues of the model's types and of other types in the results."""
    config = getattr(getattr(model, "model", model), "config", None)
    if model is not None and not hasattr(config, "entity_types"):
        raise ValueError(must_be("model", "a SpERT model or its pipeline", type(model).__name__))
    names = []
    for kind in ("entities", "relations"):
        found = sorted({item["type"] for one in texts for item in getattr(one, kind)})
        known = list(getattr(config, "entity_types" if kind == "entities" else "relation_types", ()))
        names.append([*known, *(name for name in found if name not in known)])
    return type_hues(*names)


def _count(one: Annotated) -> str:
    entities, relations = len(one.entities), len(one.relations)
    return f"{entities:,} {'entity' if entities == 1 else 'entities'}, {relations:,} relation{'s' * (relations != 1)}"


def _in_words(one: Annotated) -> str:
    """Describe the text and its predictions in words, for screen readers."""
    entities = ", ".join(f"{_name(entity)} ({entity['type']})" for entity in one.entities)
    relations = [
        f"{_name(one.entities[relation['head']])} – {relation['type']} → {_name(one.entities[relation['tail']])}"
        for relation in one.relations[:MOST_ROWS]
    ]
    parts = (
        " ".join(one.text.split()),
        f"Entities: {entities or 'none'}.",
        f"Relations: {'; '.join(relations) or 'none'}.",
    )
    return " ".join(parts)


def _name(entity: Mapping[str, Any]) -> str:
    return " ".join(entity["text"].split())


def _table(one: Annotated) -> str:
    """Return the relations as a table, those with the highest scores first."""
    if not one.relations:
        return f'<p style="color:{QUIET}">No relation.</p>'
    best = sorted(one.relations, key=lambda relation: -relation["score"])
    rows = []
    for relation in best[:MOST_ROWS]:
        head, tail = (one.entities[relation[end]] for end in ("head", "tail"))
        names = (f"{_name(head)} ({head['type']})", relation["type"], f"{_name(tail)} ({tail['type']})")
        cells = (*names, f"{relation['score']:.2f}")
        rows.append("<tr>" + "".join(f'<td style="{_CELL}">{clean(cell)}</td>' for cell in cells) + "</tr>")
    heads = "".join(f'<th scope="col" style="{_CELL}">{name}</th>' for name in ("Head", "Relation", "Tail", "Score"))
    more = f"<p>… and {len(best) - MOST_ROWS:,} more</p>" if len(best) > MOST_ROWS else ""
    body = f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return f'<table style="border-collapse:collapse;font-size:14px">{body}</table>{more}'

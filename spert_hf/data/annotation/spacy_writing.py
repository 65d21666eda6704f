"""Writing docs of spaCy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ...files.atomic import replacing
from ...model.words import import_extra
from ..word_spans import split_at
from .annotated_text import AnnotatedText
from .options import WritingOptions
from .report import Report
from .spacy_forms import GROUP, ID, REL, RELATIONS


def write_docs(texts: Iterable[AnnotatedText], path: Path, options: WritingOptions, report: Report) -> None:
    """Write texts; see `write` of the format."""
    spacy: Any = import_extra("spacy", "format 'spacy'", "spacy")
    names = list(options.relation_types)
    if not names:
        texts = list(texts)
        names = sorted({each.type for text in texts for each in text.relations if each.type is not None})
    stored = spacy.tokens.DocBin(store_user_data=True)
    language = spacy.blank("xx")
    for text in texts:
        stored.add(_Writer(spacy, language, text, report).doc(names))
    with replacing(path) as beside:
        beside.write_bytes(stored.to_bytes())


class _Writer:
    """Makes a doc of a text.

    Args:
        spacy: The library.
        language: A pipeline with nothing but a tokenizer.
        text: The text.
        report: Takes the counts.
    """

    def __init__(self, spacy: Any, language: Any, text: AnnotatedText, report: Report) -> None:
        self._spacy, self._language, self._text, self._report = spacy, language, text, report

    def doc(self, relation_types: Sequence[str]) -> Any:
        """The doc.

        Args:
            relation_types: Those that the numbers of `doc._.rel` are given for.
        """
        text, report = self._text, self._report
        report.read("texts")
        report.read("entities", len(text.entities))
        report.read("relations", len(text.relations))
        doc, firsts, lasts = self._tokens()
        spans, numbers = self._spans(doc, firsts, lasts)
        group = self._spacy.tokens.SpanGroup(doc, name=GROUP, spans=spans)
        scores = [text.entities[number].score for number in numbers]
        if spans and None not in scores:
            group.attrs["scores"] = scores
        doc.spans[GROUP] = group
        ents = self._spacy.util.filter_spans([each for each in spans if each.label])
        doc.set_ents(ents)
        if text.id is not None:
            doc.user_data[ID] = text.id
        first_of: dict[int, Any] = {}
        for number, span in zip(numbers, spans, strict=True):
            first_of.setdefault(number, span)
        self._add_relations(doc, ents, first_of, relation_types)
        report.written["texts"] += 1
        report.written["entities"] += len(spans)
        return doc

    def _tokens(self) -> tuple[Any, dict[int, int], dict[int, int]]:
        """A doc whose tokens begin and end where entities do; the tokens by their first characters and by their ends.

        A blank behind a token belongs to it, but not where an entity begins or ends with it.
        """
        content, entities = self._text.text, self._text.entities
        starts, ends = {each.start for each in entities}, {each.end for each in entities}
        ranges = []
        for token in self._language.tokenizer(content):
            last = token.idx + len(token)
            ranges.append((token.idx, last))
            if token.whitespace_ and (last in starts or last + 1 in ends):
                ranges.append((last, last + 1))
        ranges = split_at(ranges, starts | ends)
        following = [*(start for start, _ in ranges), len(content)][1:]
        doc = self._spacy.tokens.Doc(
            self._language.vocab,
            words=[content[start:end] for start, end in ranges],
            spaces=[end < start for (_, end), start in zip(ranges, following, strict=True)],
        )
        numbers = range(len(ranges))
        firsts = dict(zip((start for start, _ in ranges), numbers, strict=True))
        return doc, firsts, dict(zip((end for _, end in ranges), numbers, strict=True))

    def _spans(self, doc: Any, firsts: dict[int, int], lasts: dict[int, int]) -> tuple[list[Any], list[int]]:
        """The spans of entities, with ids, and for each the number of its entity."""
        spans: list[Any] = []
        numbers: list[int] = []
        report = self._report
        for number, entity in enumerate(self._text.entities):
            field = f"entities[{number}]"
            if entity.fragments:
                what = "in several parts: what lies between them is in the mention, too"
                report.change("entities", what, self._text.source, field)
            for label in (entity.type, *entity.more_types):
                start, end = firsts[entity.start], lasts[entity.end] + 1
                identifier = f"e{len(spans)}"
                spans.append(self._spacy.tokens.Span(doc, start, end, label=label or "", span_id=identifier))
                numbers.append(number)
            report.add(
                "entities", "several labels: a span for each", self._text.source, field, count=len(entity.more_types)
            )
        return spans, numbers

    def _add_relations(self, doc: Any, ents: list[Any], span_of: dict[int, Any], names: Sequence[str]) -> None:
        """Add the relations: all by the ids of spans, those between `doc.ents` by their first tokens, too."""
        report, where = self._report, self._text.source
        triples = []
        starts = {ent.id_: ent.start for ent in ents}
        rel = {(head, tail): dict.fromkeys(names, 0.0) for head in starts.values() for tail in starts.values()}
        for number, relation in enumerate(self._text.relations):
            pairs = [(relation.head, relation.tail)]
            if relation.both_ways:
                pairs.append((relation.tail, relation.head))
                report.add("relations", "drawn both ways: one for each direction", where, f"relations[{number}]")
            if relation.score is not None:
                report.note("scores of relations are not written")
            for head, tail in pairs:
                ends = span_of[head].id_, span_of[tail].id_
                triples.append((*ends, relation.type))
                if relation.type is not None and relation.type in names and all(end in starts for end in ends):
                    rel[starts[ends[0]], starts[ends[1]]][relation.type] = 1.0
                elif relation.type is not None:
                    place = f"doc.user_data['{RELATIONS}']"
                    report.note(f"relations of spans that are not in doc.ents are in {place} alone, not in doc._.rel")
        doc.user_data[RELATIONS] = triples
        doc.user_data[REL] = rel
        report.written["relations"] += len(triples)

"""The text that Label Studio's HyperText counts in: HTML as the browser has it, without its tags."""

from __future__ import annotations

from html.parser import HTMLParser

_UNSEEN = ("head", "script", "template")
"""Elements whose text is no part of the page's body, or is taken out of it."""


def rendered_text(html: str) -> str:
    """The text in which `globalOffsets` count: that of all text nodes, as it stands in the source, a line end for each
    `<br>`, and nothing at the ends of other elements.
    """
    parser = _TextNodes()
    parser.feed(html.replace("\r\n", "\n").replace("\r", "\n"))
    parser.close()
    return "".join(parser.parts)


class _TextNodes(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen: list[str] = []
        self._begins_preformatted = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen.append(tag)
        elif tag == "br" and not self._unseen:
            self.parts.append("\n")
        self._begins_preformatted = tag in ("pre", "textarea", "listing")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._unseen:
            del self._unseen[self._unseen.index(tag) :]
        self._begins_preformatted = False

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data.removeprefix("\n") if self._begins_preformatted else data)
        self._begins_preformatted = False

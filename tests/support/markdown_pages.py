"""The project's Markdown pages: their code blocks, inline code, links and anchors."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_INLINE_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block of code: its language, its text, and the number of its first line."""

    language: str
    text: str
    line: int


def documentation_pages() -> list[Path]:
    """README, CONTRIBUTING, RELEASE, and the pages in `docs/`."""
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "RELEASE.md", *sorted(DOCS.glob("*.md"))]


def all_pages() -> list[Path]:
    """Every Markdown page of the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [ROOT / name for name in sorted(set(listed.splitlines())) if (ROOT / name).is_file()]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks_of(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [Block(match[2], match[3], text.count("\n", 0, match.start(3)) + 1) for match in _FENCE.finditer(text)]


def prose_of(page: Path) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def inline_code_of(page: Path) -> list[str]:
    """Code within lines, each on one line."""
    return [" ".join(match.split()) for match in _INLINE_CODE.findall(prose_of(page))]


def links_of(page: Path) -> list[str]:
    """Targets of links and pictures."""
    return _LINK.findall(_INLINE_CODE.sub("", prose_of(page)))


def anchors_of(page: Path) -> list[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(prose_of(page))]

"""For the site: links from a page to files outside `docs/`, which GitHub and the Hub follow, but no site has."""

import posixpath
import re
from typing import Any

_OUTSIDE = re.compile(r"\[([^\]]+)\]\((\.\./[^)#\s]+)(#[^)\s]*)?\)")


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Point links to files outside `docs/` at the repository, or name the file where no `repo_url` is configured.

    Args:
        markdown: a page.
        page: where it is.
        config: of the site; its `repo_url`, if any, is the address of the repository.
        files: of the site.

    Returns:
        The page for the site.
    """
    folder = posixpath.dirname(posixpath.join("docs", page.file.src_uri))

    def rewritten(link: re.Match[str]) -> str:
        words, target, anchor = link.groups(default="")
        path = posixpath.normpath(posixpath.join(folder, target))
        if config.repo_url:
            return f"[{words}]({config.repo_url.rstrip('/')}/blob/main/{path}{anchor})"
        return words if words == path else f"{words} (`{path}`)"

    return _OUTSIDE.sub(rewritten, markdown)

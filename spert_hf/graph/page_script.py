"""One script of the modules that draw the graph: a page that is one file has no place to import from."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from ..resources import package_folder, shipped_folder

_IMPORT = re.compile(r'^import (?:\{(?P<names>[^}]*)\}|(?P<default>\w+)) from "\./(?P<module>[\w.]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) (?P<name>\w+))", re.MULTILINE)
_DEFAULT_EXPORT = re.compile(r"export ?\{(?P<name>\w+) as default\};?\s*$")


@cache
def page_script() -> str:
    """The page's scripts with what they import, the demo's and Cytoscape among it, in the order they need."""
    order: dict[str, str] = {}
    _add("main.js", order)
    return "\n".join(order.values())


def page_styles() -> str:
    """The demo's style sheet and what the page has besides."""
    return "\n".join(_find(name).read_text(encoding="utf-8") for name in ("page.css", "network.css"))


def _add(name: str, order: dict[str, str]) -> None:
    """Add a module after those that it imports, as a function of its own, so that no names meet."""
    if name in order:
        return
    source = _find(name).read_text(encoding="utf-8")
    for imported in _IMPORT.finditer(source):
        _add(imported["module"], order)
    exported = [found["name"] for found in _EXPORT.finditer(source)]
    default = _DEFAULT_EXPORT.search(source)
    if default:
        exported.append(f"default: {default['name']}")
    body = _DEFAULT_EXPORT.sub("", _EXPORT.sub("", _IMPORT.sub(_take, source)))
    module = f"const {_variable(name)} = (() => {{\n{body}\nreturn {{ {', '.join(exported)} }};\n}})();"
    order[name] = _licence(name) + module


def _licence(name: str) -> str:
    """The licence of a library of others, which goes wherever its code goes; empty for the package's own modules."""
    path = _find(name).with_name(f"{name.partition('.')[0]}.LICENSE")
    return f"/*!\n{path.read_text(encoding='utf-8').strip()}\n*/\n" if path.is_file() else ""


def _take(imported: re.Match[str]) -> str:
    names = imported["names"] or f"default: {imported['default']}"
    return f"const {{{names}}} = {_variable(imported['module'])};"


def _variable(name: str) -> str:
    return "module_" + re.sub(r"\W", "_", name)


def _find(name: str) -> Path:
    view = shipped_folder("space") / "view"
    places = (package_folder() / "graph" / "page" / name, view / name, view / "vendor" / name)
    return next(place for place in places if place.is_file())

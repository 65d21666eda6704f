"""Reading of YAML files with settings: small, flat, and without duplicate keys."""

import re
from pathlib import Path
from typing import Any

import yaml

from ..data.faults import Fault, plain_name
from ..data.textfiles import read_text
from ..model.messages import must_be

LARGEST_FILE = 100_000
"""In bytes; settings need a few hundred, and YAML is slow to read."""


class _UniqueKeyLoader(yaml.SafeLoader):
    """A loader of plain values that refuses duplicate keys, of which YAML silently keeps one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for place, key in enumerate(keys):
            if key in keys[:place]:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{plain_name(key)} is given twice", node.start_mark
                )
        return super().construct_mapping(node, deep)


def load_yaml(path: Path) -> Any:
    """Return the value in a YAML file; `None` for an empty one.

    Raises:
        ValueError: if it is not valid; the message names the file and the fault.
        OSError: if the file can't be read.
    """
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise ValueError(must_be(str(path), f"at most {LARGEST_FILE:,} bytes long", f"{size:,}"))
    if not path.read_bytes().strip():
        return None
    text = read_text(path)
    if isinstance(text, Fault):
        raise ValueError(f"{path}: {text}")
    try:
        return yaml.load(text, _UniqueKeyLoader)
    except RecursionError as error:
        raise ValueError(must_be(str(path), "settings and values", "YAML nested hundreds of levels deep")) from error
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is not valid YAML: {_without_excerpt(error)}") from None
    except (ValueError, TypeError) as error:  # a number with too many digits, or a list as a key
        raise ValueError(f"{path} is not valid YAML: {error}") from error


def _without_excerpt(error: yaml.YAMLError) -> str:
    """Return the fault and its line number, but not the line itself, which may hold a token."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return type(error).__name__
    problem = re.sub("'[^']{4,}'", "…", error.problem or "cannot be read")
    return f"line {error.problem_mark.line + 1}: {problem}"

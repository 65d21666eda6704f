"""YAML as settings are written in: small, flat and without surprises."""

import re
from pathlib import Path
from typing import Any

import yaml

from ..data.faults import Fault, plain_name
from ..data.textfiles import read_text
from ..model.messages import must_be

LARGEST_FILE = 100_000
"""Bytes; settings need a few hundred, and YAML is read slowly."""


class _UniqueKeyLoader(yaml.SafeLoader):
    """Plain values only, and each key once: of two, one would silently win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for place, key in enumerate(keys):
            if key in keys[:place]:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{plain_name(key)} is given twice", node.start_mark
                )
        return super().construct_mapping(node, deep)


def load_yaml(path: Path) -> Any:
    """The value that a YAML file holds; `None` for an empty one.

    Raises:
        ValueError: naming the file and what is wrong with it.
        OSError: the file cannot be read.
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
    except (ValueError, TypeError) as error:  # a number of too many digits, a key that is a list
        raise ValueError(f"{path} is not valid YAML: {error}") from error


def _without_excerpt(error: yaml.YAMLError) -> str:
    """What is wrong and in which line, but nothing of the line itself: a token may be in it."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return type(error).__name__
    problem = re.sub("'[^']{4,}'", "…", error.problem or "cannot be read")
    return f"line {error.problem_mark.line + 1}: {problem}"

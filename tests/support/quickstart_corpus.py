"""What the tests of the quickstart corpus and of the plain sentences beside it share."""

import json
import re

ARGUMENT_TYPES = {
    "Live_In": ("Peop", "Loc"),
    "Work_For": ("Peop", "Org"),
    "OrgBased_In": ("Org", "Loc"),
    "Located_In": ("Loc", "Loc"),
    "Kill": ("Peop", "Peop"),
}


def words(tokens):
    return re.findall(r"\w+", " ".join(tokens).lower())


def runs(tokens, length=6):
    """The runs of that many words."""
    plain = words(tokens)
    return {tuple(plain[first : first + length]) for first in range(len(plain) - length + 1)}


def runs_of_conll04(folder):
    """Those of all its sentences."""
    found = set()
    for split in ("train", "dev", "test"):
        for record in json.loads((folder / "conll04" / f"conll04_{split}.json").read_text(encoding="utf-8")):
            found |= runs(record["tokens"])
    return found


def assert_signatures(documents):
    """Each relation joins the entity types that the guidelines say."""
    for document in documents:
        for relation in document.relations:
            head, tail = document.entities[relation.head], document.entities[relation.tail]
            assert (head.type, tail.type) == ARGUMENT_TYPES[relation.type], document.id

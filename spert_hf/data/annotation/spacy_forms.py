"""Where spaCy's docs hold what we read and write."""

from __future__ import annotations

GROUP = "sc"
"""The group of `doc.spans` with spans that may overlap, by spaCy's convention."""

ENTS = "ents"
"""The name of `doc.ents` among the groups."""

RELATIONS = "relations"
"""The key of `doc.user_data` for relations `(id of the head's span, id of the tail's span, label)`."""

REL = ("._.", "rel", None, None)
"""The key of `doc.user_data` for `doc._.rel` of spaCy's relation tutorial: for the first tokens of head and tail a
number for each label."""

THRESHOLD = 0.5
"""The number from which on a relation holds."""

ID = "id"
"""The key of `doc.user_data` for the text's id."""

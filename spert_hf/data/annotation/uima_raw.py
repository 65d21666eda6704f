"""A CAS file before cassis reads it: its offsets and references as they are written, each checked.

cassis stops at the first thing that is wrong, and converts the offsets of only those annotations that are in an index.
So offsets are taken from here, and what would stop it is taken out, as a fault.
"""

from __future__ import annotations

import json
import re
from collections.abc import Set
from dataclasses import dataclass, field
from typing import Any

from ...model.messages import integer
from ..faults import Location, short_repr
from .report import Report
from .uima_files import ALLOWED

ENDS = ("Governor", "Dependent")
"""Features of a relation: its head and its tail."""

_XMI = "{http://www.omg.org/XMI}"
_CAS = "{http:///uima/cas.ecore}"
_SOFA = "uima.cas.Sofa"
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_XML_1_1 = re.compile(rb"""<\?xml[^>]*version\s*=\s*["']1\.1["']""")
_RAW_LINE_END = re.compile(rb'sofaString="[^"]*[\r\n]')


@dataclass(slots=True)
class RawCas:
    """What is taken from a file itself.

    Attributes:
        content: The file as cassis is to read it: XML or JSON.
        places: For the id of each annotation its begin and end as they are written, in the order of the file.
        ends: For the id of each annotation with a Governor or Dependent what is written there, where that is at fault.
        without_sofa: Ids of the annotations that do not say which text they belong to.
    """

    content: bytes
    places: dict[int, tuple[object, object]] = field(default_factory=dict)
    ends: dict[tuple[int, str], object] = field(default_factory=dict)
    without_sofa: set[int] = field(default_factory=set)


def raw_xmi(data: bytes, etree: Any, location: Location, report: Report) -> RawCas | None:
    """Take offsets and references out of XMI.

    Args:
        data: The file.
        etree: lxml's module.
        location: Where it lies.
        report: Takes the faults.

    Returns:
        The file; `None`, and a fault, if it is no XMI.
    """
    if _XML_1_1.match(data.removeprefix(b"\xef\xbb\xbf").lstrip()):
        given = "XML 1.1: export as 'UIMA CAS XMI (XML 1.0)' or 'UIMA CAS JSON'"
        report.fault(location, "", given, "XML 1.0, as few libraries read 1.1")
        return None
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError) as error:
        report.fault(location, "", f"XML that is cut off or damaged ({_short(error)})", ALLOWED)
        return None
    if root.tag != f"{_XMI}XMI":
        report.fault(location, "", f"XML of another kind ({short_repr(root.tag)})", ALLOWED)
        return None
    if _RAW_LINE_END.search(data):
        report.note(f"{location}: line ends in sofaString are not escaped: XML makes a blank of each")
    raw = RawCas(b"")
    for element in [*root.iterchildren("*")]:
        if element.tag not in (f"{_CAS}NULL", f"{_CAS}View"):
            _take_element(element, raw, location, report)
    sofas = [each.get(f"{_XMI}id") for each in root.iterchildren(f"{_CAS}Sofa")]
    known = raw.places.keys() - {*map(_number, sofas)}
    for element in root.iterchildren("*"):
        if element.tag == f"{_CAS}View":
            members = [_number(each) for each in (element.get("members") or "").split()]
            element.set("members", " ".join(map(str, _known_members(members, known, location, report))))
            continue
        number = _number(element.get(f"{_XMI}id"))
        if number in raw.without_sofa and sofas:
            element.set("sofa", sofas[0])
        for end in ENDS:
            if end in element.attrib and _number(element.get(end)) not in known:
                raw.ends[number, end] = _number(element.attrib.pop(end))
    raw.content = etree.tostring(root)
    return raw


def raw_json(data: bytes, location: Location, report: Report) -> RawCas | None:
    """Take offsets and references out of CAS JSON; see [`raw_xmi`]."""
    try:
        cas = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        report.fault(location, "", f"JSON that is cut off or damaged ({_short(error)})", ALLOWED)
        return None
    structures = cas.get("%FEATURE_STRUCTURES") if isinstance(cas, dict) else None
    if isinstance(structures, dict):
        structures = [
            {**item, "%ID": _number(key)} if isinstance(item, dict) else item for key, item in structures.items()
        ]
    if not isinstance(structures, list) or not isinstance(cas.get("%TYPES"), dict):
        report.fault(location, "", "JSON of another kind, without %TYPES or %FEATURE_STRUCTURES", ALLOWED)
        return None
    raw = RawCas(b"")
    kept = [item for number, item in enumerate(structures) if _take_object(item, number, raw, location, report)]
    sofas = [item["%ID"] for item in kept if item.get("%TYPE") == _SOFA]
    for item in kept:
        if item["%ID"] in raw.without_sofa and sofas:
            item["@sofa"] = sofas[0]
        for end in ENDS:
            if f"@{end}" in item and not _is_known(item[f"@{end}"], raw):
                raw.ends[item["%ID"], end] = item.pop(f"@{end}")
    cas["%FEATURE_STRUCTURES"] = kept
    views = cas.get("%VIEWS")
    for view in views.values() if isinstance(views, dict) else ():
        if isinstance(view, dict) and isinstance(view.get("%MEMBERS"), list):
            view["%MEMBERS"] = _known_members(view["%MEMBERS"], raw.places.keys(), location, report)
    raw.content = json.dumps(cas).encode()
    return raw


def _take_element(element: Any, raw: RawCas, location: Location, report: Report) -> None:
    """Note an element's offsets and write others in their place; one without an id of its own is taken out."""
    given = element.get(f"{_XMI}id")
    number = _number(given)
    if not _is_new(number, raw, location, element.tag.rpartition("}")[2], report):
        element.getparent().remove(element)
        return
    raw.places[number] = (_number(element.get("begin", "0")), _number(element.get("end", "0")))
    if "begin" in element.attrib or "end" in element.attrib:
        if "sofa" not in element.attrib:
            raw.without_sofa.add(number)
        element.set("begin", "0")
        element.set("end", "0")


def _take_object(item: object, position: int, raw: RawCas, location: Location, report: Report) -> bool:
    """Note an object's offsets and write others in their place; whether it has an id of its own."""
    if not isinstance(item, dict):
        report.fault(location, f"%FEATURE_STRUCTURES[{position}]", short_repr(item), "an object")
        return False
    number: Any = item.get("%ID")
    if not _is_new(number, raw, location, f"%FEATURE_STRUCTURES[{position}]", report):
        return False
    raw.places[number] = (item.get("begin", 0), item.get("end", 0))
    if "begin" in item or "end" in item:
        if "@sofa" not in item:
            raw.without_sofa.add(number)
        item["begin"] = item["end"] = 0
    return True


def _is_new(number: object, raw: RawCas, location: Location, field: str, report: Report) -> bool:
    if not isinstance(number, int) or isinstance(number, bool):
        report.fault(location, f"{field}: the id", "nothing" if number is None else short_repr(number), integer(0))
    elif number in raw.places:
        report.fault(location, f"{field}: the id", f"{number}, which another one has", "one of its own")
    else:
        return True
    return False


def _known_members(members: list[Any], known: Set[int], location: Location, report: Report) -> list[Any]:
    """The ids of a view's members, without those that nothing has."""
    kept = []
    for each in members:
        if isinstance(each, int) and each in known:
            kept.append(each)
        else:
            report.fault(location, "the members of the view", short_repr(each), "ids of annotations in the file")
    return kept


def _is_known(number: object, raw: RawCas) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and number in raw.places


def _number(value: object) -> Any:
    """The integer that a string is; anything else as it is."""
    return int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else value


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]

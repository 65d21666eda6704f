"""Where the documents of a UIMA CAS export lie: a file, a folder, a ZIP archive, or the one of a whole project."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

from ..faults import Location, short_repr
from .report import Report
from .sample import UNREADABLE

ALLOWED = "a UIMA CAS as INCEpTION exports it: XMI with its TypeSystem.xml, CAS JSON, or a ZIP archive of either"
TYPES_KEY = "%TYPES"
"""The key by which a JSON file shows itself as CAS JSON."""

LARGEST_CAS = 1 << 28
"""Bytes of a file in an archive once it is unpacked: reading it takes several times as many."""

_START = 1 << 16
_TYPE_SYSTEM = "typesystem.xml"
_BY_SEVERAL = ("annotation", "curation")
"""Folders of a project's export: in each there is a folder for each document, with a file for each annotator."""
_OF_NOBODY = "INITIAL_CAS"


@dataclass(frozen=True, slots=True)
class CasFile:
    """A document as one annotator left it.

    Attributes:
        source: Where it lies, for messages; the path within an archive follows the archive's.
        name: The file's name without its ending.
        is_xmi: Whether it is XMI; else it is CAS JSON.
        content: Reads it.
        types: Reads the type system that goes with it; `None` if there is none.
        document: What all files of the same document share.
        curated: Whether it is the one that a curator made of several.
        time: When it was put into its archive, as far as is known.
    """

    source: str
    name: str
    is_xmi: bool
    content: Callable[[], bytes]
    types: Callable[[], bytes] | None
    document: str
    curated: bool = False
    time: tuple[int, ...] = ()


def cas_files(path: Path, report: Report, opened: ExitStack) -> list[CasFile]:
    """The documents of an export, not read yet; what cannot be opened is a fault.

    Args:
        path: The file or folder.
        report: Takes the faults.
        opened: Closes what has to stay open until they are read.

    Raises:
        OSError: The file or folder cannot be read.
    """
    if path.is_dir():
        return [*_in_folder(path)]
    if zipfile.is_zipfile(path):
        try:
            return [*_in_archive(opened.enter_context(zipfile.ZipFile(path)), str(path), report)]
        except UNREADABLE as error:
            report.fault(Location(str(path)), "", f"a ZIP archive that cannot be read ({error})", ALLOWED)
            return []
    with path.open("rb") as stream:
        start = stream.read(_START)
    if start.startswith(b"PK"):
        report.fault(Location(str(path)), "", "a ZIP archive that is cut off or damaged", ALLOWED)
        return []
    beside = next((each for each in _files(path.parent) if each.name.lower() == _TYPE_SYSTEM), None)
    return [_on_disk(path, not start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")), beside)]


def is_cas_json(start: str) -> bool:
    """Whether a JSON file with this start may be CAS JSON."""
    return start.lstrip("\ufeff \t\r\n").startswith("{") and f'"{TYPES_KEY}"' in start


def holds_cas(archive: zipfile.ZipFile) -> bool:
    """Whether there is a CAS in an archive, or one of a project's export."""
    names = archive.namelist()
    if any(name.lower().endswith(".xmi") for name in names):
        return True
    if any(name.startswith("exportedproject") and name.endswith(".json") for name in names):
        return True
    return any(_is_json(_start_in(archive, name)) for name in names if name.lower().endswith(".json"))


def holds_cas_files(folder: Path) -> bool:
    """Whether there is a CAS in a folder."""
    return next(_in_folder(folder), None) is not None


def _is_json(start: bytes) -> bool:
    return is_cas_json(start.decode("utf-8", "replace"))


def _files(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.is_file())


def _start_in(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        with archive.open(name) as stream:
            return stream.read(_START)
    except UNREADABLE:
        return b""


def _in_folder(folder: Path) -> Iterator[CasFile]:
    files = _files(folder)
    types = next((each for each in files if each.name.lower() == _TYPE_SYSTEM), None)
    for path in files:
        if path.suffix.lower() == ".xmi":
            yield _on_disk(path, True, types)
        elif path.suffix.lower() == ".json":
            with path.open("rb") as stream:
                start = stream.read(_START)
            if _is_json(start):
                yield _on_disk(path, False, None)


def _on_disk(path: Path, is_xmi: bool, types: Path | None) -> CasFile:
    return CasFile(str(path), path.stem, is_xmi, path.read_bytes, types.read_bytes if types else None, str(path))


def _in_archive(archive: zipfile.ZipFile, source: str, report: Report) -> Iterator[CasFile]:
    """The documents of an archive and of the archives in it, each of which holds one."""
    infos = [info for info in archive.infolist() if not info.is_dir()]
    paths = [PurePosixPath(info.filename) for info in infos]
    by_several = any(map(_is_by_several, paths))
    here = {each.source: each for each in _of_archive(archive, partial(_unpack, archive))}
    for info, path in zip(infos, paths, strict=True):
        if path.stem == _OF_NOBODY or (by_several and not _is_by_several(path)):
            continue
        document = path.parts[1] if by_several else info.filename
        read = partial(_unpack, archive, info.filename)
        if path.suffix.lower() == ".zip":
            try:
                with zipfile.ZipFile(io.BytesIO(read())) as inner:
                    found = [*_of_archive(inner, partial(_unpack_inner, read))]
            except UNREADABLE as error:
                report.fault(Location(f"{source}/{path}"), "", f"a ZIP archive that cannot be read ({error})", ALLOWED)
                continue
        else:
            found = [here[info.filename]] if info.filename in here else []
        for each in found:
            place = f"{source}/{path}" if each.source == info.filename else f"{source}/{path}/{each.source}"
            curated = by_several and path.parts[0] == "curation"
            yield replace(each, source=place, document=document, curated=curated, time=info.date_time)


def _is_by_several(path: PurePosixPath) -> bool:
    """Whether a file in an archive is one of a document's annotators."""
    return len(path.parts) > 2 and path.parts[0] in _BY_SEVERAL


def _unpack(archive: zipfile.ZipFile, name: str) -> bytes:
    """Read a file of an archive, of which a small one may hold very large ones.

    Raises:
        BadZipFile: It is too large.
    """
    size = archive.getinfo(name).file_size
    if size > LARGEST_CAS:
        raise zipfile.BadZipFile(f"{short_repr(name)} has {size:,} bytes, more than {LARGEST_CAS:,}")
    return archive.read(name)


def _unpack_inner(read: Callable[[], bytes], name: str) -> bytes:
    """Read a file of an archive within an archive."""
    with zipfile.ZipFile(io.BytesIO(read())) as inner:
        return _unpack(inner, name)


def _of_archive(archive: zipfile.ZipFile, read: Callable[[str], bytes]) -> Iterator[CasFile]:
    """The documents that lie in an archive itself, with their paths in it."""
    # By the names as they are in the archive: as paths, "./a.xmi" and "a.xmi" would be one.
    paths = {name: PurePosixPath(name) for name in archive.namelist() if not name.endswith("/")}
    types = {str(path.parent): name for name, path in paths.items() if path.name.lower() == _TYPE_SYSTEM}
    for name, path in paths.items():
        suffix = path.suffix.lower()
        if suffix == ".xmi" or (suffix == ".json" and _is_json(_start_in(archive, name))):
            own = types.get(str(path.parent), types.get("."))
            of_types = None if own is None else partial(read, own)
            yield CasFile(name, path.stem, suffix == ".xmi", partial(read, name), of_types, name)

"""Check of links in an untrusted folder that is published or converted."""

from pathlib import Path

from ..model.messages import must_be


def check_links(folder: Path) -> None:
    """Refuse a folder with links to files elsewhere, whose content would be copied.

    Links in the Hub's cache, which stores the files of `snapshots` in `blobs`, are allowed.

    Raises:
        ValueError: there is such a link; the message names the first one.
    """
    home = folder.resolve()
    allowed = [home, home.parents[1] / "blobs"] if home.parent.name == "snapshots" else [home]
    for path in sorted(folder.iterdir()):
        if not any(path.resolve().is_relative_to(place) for place in allowed):
            raise ValueError(must_be(str(path), f"a file in {folder}", "a link to a file elsewhere"))

"""Links in a folder of a stranger's that is to be published or converted."""

from pathlib import Path

from ..model.messages import must_be


def check_links(folder: Path) -> None:
    """Refuse a folder whose files are really elsewhere: their content is about to be copied.

    Links of the Hub's cache, which keeps a snapshot's files in `blobs` beside `snapshots`, are all right.

    Raises:
        ValueError: naming the first file that lies outside.
    """
    home = folder.resolve()
    allowed = [home, home.parents[1] / "blobs"] if home.parent.name == "snapshots" else [home]
    for path in sorted(folder.iterdir()):
        if not any(path.resolve().is_relative_to(place) for place in allowed):
            raise ValueError(must_be(str(path), f"a file in {folder}", "a link to a file elsewhere"))

"""What is printed to a terminal: nothing in texts or names steers it."""

import io

from rich.console import Console

from spert_hf.cli.console import print_extraction


def test_control_characters_are_shown_and_not_sent():
    out = io.StringIO()
    prediction = {
        "entities": [
            {"type": "Org", "start": 0, "end": 1, "score": 0.9},
            {"type": "Org", "start": 1, "end": 2, "score": 0.9},
        ],
        "relations": [{"type": "near\x1b[2J[/x]", "head": 0, "tail": 1, "score": 0.5}],
    }
    print_extraction(Console(file=out), ["\x1b[2JAcme", "[/bold]"], prediction, ["Org"])
    assert "\x1b" not in out.getvalue()
    assert out.getvalue().count("Acme") == 2
    assert "[/bold]" in out.getvalue()

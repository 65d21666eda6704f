"""How far something is: a bar in a terminal, a line a minute elsewhere, and one at the end."""

import io

import pytest

from spert_hf import progress
from spert_hf.progress import Progress


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_a_line_a_minute_with_rate_and_time_left(clock, capsys):
    shown = Progress("training", "sentences", total=1_200, done=200, clock=clock)
    for _ in range(10):
        clock.now += 15
        shown.advance(50, "loss 0.5")
    shown.close()
    assert capsys.readouterr().err.splitlines() == [
        "training: 400 of 1,200 (33%) sentences in 1:00, 3.3 a second, 4:00 left, loss 0.5",
        "training: 600 of 1,200 (50%) sentences in 2:00, 3.3 a second, 3:00 left, loss 0.5",
        "training: 700 of 1,200 (58%) sentences in 2:30, 3.3 a second, 2:30 left, loss 0.5",
    ]


def test_what_has_no_total_has_no_time_left(clock, capsys):
    items = Progress("extracting", "texts", clock=clock).follow(iter("abc"))
    next(items)
    clock.now += 3_661
    assert list(items) == ["b", "c"]
    first, last = capsys.readouterr().err.splitlines()
    assert first == "extracting: 1 texts in 1:01:01, 0.00027 a second"
    assert last == "extracting: 3 texts in 1:01:01, 0.00082 a second"


def test_what_is_done_sooner_is_told_once(clock, capsys):
    assert list(Progress("extracting", "texts", clock=clock).follow(range(1_000))) == list(range(1_000))
    assert capsys.readouterr() == ("", "extracting: 1,000 texts in 0:00, 0 a second\n")
    assert list(Progress("extracting", "texts", clock=clock).follow([])) == []
    assert capsys.readouterr().err == ""


def test_a_terminal_has_a_bar(monkeypatch):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr(progress.sys, "stderr", terminal)
    shown = Progress("training", "sentences", total=4)
    shown.advance(4, "loss 0.5")
    shown.close()
    assert "training: 100%" in terminal.getvalue()
    assert "loss 0.5" in terminal.getvalue()


def test_messages_are_lines(capsys):
    Progress("training", "sentences").message("epoch 1")
    Progress("training", "sentences", active=False).message("epoch 1")
    assert capsys.readouterr() == ("epoch 1\n", "")

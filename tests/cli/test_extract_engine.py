"""What is wrong with an engine is said in a line, before the model is loaded."""

import socket
import sys

import pytest

from spert_hf.cli.main import main
from spert_hf.cores import usable_cores
from tests.scale.corpora import write_lines


@pytest.fixture
def refused(tmp_path, capsys):
    """A function that runs the command and returns the line that it says."""
    corpus = write_lines(tmp_path / "in" / "a.jsonl", [{"text": "It rained."}])

    def run(*more):
        given = ["--model", str(tmp_path / "none"), "--input", str(corpus.parent), "--output", str(tmp_path / "found")]
        assert main(["extract", *given, *more]) == 1
        assert not (tmp_path / "found").exists()
        (line,) = capsys.readouterr().err.splitlines()
        return line.removeprefix("spert-hf extract: ")

    return run


@pytest.mark.parametrize("option", [("--address", "auto"), ("--actors", "2"), ("--gpus-per-actor", "0.5")])
def test_options_of_ray_need_it(refused, option):
    assert refused(*option) == f"--engine must be ray for {option[0]}, got local"


def test_ray_is_not_installed(refused, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert refused("--engine", "ray") == "--engine ray needs the package ray: pip install ray (or 'spert-hf[ray]')"


def test_nothing_is_at_the_address(refused):
    pytest.importorskip("ray")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    line = refused("--engine", "ray", "--address", f"127.0.0.1:{port}")
    assert line.startswith(f"--address must be auto or HOST:PORT of a running cluster, got '127.0.0.1:{port}': ")
    for address in ("somewhere", "host:port", "host:99999"):
        line = refused("--engine", "ray", "--address", address)
        assert line.startswith(f"--address must be auto or HOST:PORT of a running cluster, got '{address}'")


def test_more_actors_than_cores(refused):
    pytest.importorskip("ray")
    more = usable_cores() + 1
    assert refused("--engine", "ray", "--actors", str(more)) == (
        f"--actors must be at most {usable_cores()}, the cores of this machine, got {more}"
    )


@pytest.mark.parametrize("share", ["-1", "1.5", "many", "nan"])
def test_shares_of_gpus(share, capsys):
    with pytest.raises(SystemExit):
        main(["extract", "--model", "x", "--input", "x", "--engine", "ray", "--gpus-per-actor", share])
    assert f"must be a number from 0 to 1, or a whole number, got '{share}'" in capsys.readouterr().err

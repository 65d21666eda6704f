"""`spert-hf annotate`, as a user meets it."""

import pytest

from spert_hf.cli.main import main


def run(checkpoint, texts, output, format="json-lines"):
    places = ["--model", str(checkpoint), "--input", str(texts), "--output", str(output), "--format", format]
    return main(["annotate", *places])


def test_what_was_written_is_told_even_if_it_is_nothing(tiny_checkpoint, tmp_path, capsys):
    (tmp_path / "none.txt").write_text("")
    assert run(tiny_checkpoint, tmp_path / "none.txt", tmp_path / "a.jsonl") == 0
    assert capsys.readouterr().out == f"Written to {tmp_path / 'a.jsonl'}: 0 texts, 0 entities, 0 relations\n"


@pytest.mark.parametrize("format", ["brat", "inception"])
def test_a_folder_with_files_is_refused_before_the_model_is_loaded(tmp_path, format, capsys):
    (tmp_path / "texts.txt").write_text("It rained.")
    assert run("no/model", tmp_path / "texts.txt", tmp_path, format) == 1
    assert "--output must be an empty folder, or one that is not there yet, got" in capsys.readouterr().err


def test_standard_output_is_refused_rather_than_a_file_of_that_name_made(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "texts.txt").write_text("It rained.")
    assert run("no/model", "texts.txt", "-") == 1
    assert "--output must be a file or folder, got -, the standard output" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["texts.txt"]

"""What a training, and a command that writes a model, may replace in its output folder."""

import json
import os
from dataclasses import asdict

import pytest

from spert_hf.files.model_folder import model_output, write_model
from spert_hf.files.ownership import owned_folder
from spert_hf.training.arguments import SpertTrainingArguments
from spert_hf.training.checkpoints import TrainingState
from spert_hf.training.output_folder import check_training_folder, make_room

RUN = {"seed": 42, "training data": "abc"}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "model"


@pytest.fixture
def put_model(folder):
    """Puts what a finished training leaves into the folder."""

    def put(**settings):
        folder.mkdir()
        record = {"settings": asdict(arguments(folder, **settings))}
        (folder / "training_run.json").write_text(json.dumps(record))
        (folder / "config.json").write_text("{}")
        (folder / "model.safetensors").write_text("old")

    return put


@pytest.fixture
def put_checkpoint(folder):
    def put(step, run=RUN):
        checkpoint = folder / f"checkpoint-{step}"
        checkpoint.mkdir(parents=True)
        (checkpoint / "trainer_state.json").write_text(json.dumps(asdict(TrainingState(step=step, run=run))))
        return checkpoint

    return put


def arguments(folder, **settings):
    return SpertTrainingArguments(output_dir=str(folder), **settings)


def test_a_folder_without_a_model_is_free(folder):
    assert not check_training_folder(arguments(folder))
    folder.mkdir()
    (folder / "notes.txt").touch()
    assert not check_training_folder(arguments(folder))


@pytest.mark.parametrize("free", [{"cpu_threads": 3}, {"logging_steps": 7}, {"push_to_hub": True}, {}])
def test_the_same_command_may_be_run_again(folder, put_model, free):
    put_model(seed=7)
    assert check_training_folder(arguments(folder, seed=7, **free))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"seed": 8}, "trained with seed 42, not 8"),
        ({"dataset": "conll04"}, "trained with dataset 'quickstart', not 'conll04'"),
        ({"encoder": "other"}, "not 'other'"),
        ({"load_best_model_at_end": True}, "trained with load_best_model_at_end False, not True"),
    ],
)
def test_another_model_is_replaced_only_on_demand(folder, put_model, settings, said):
    put_model()
    with pytest.raises(ValueError, match=r"output_dir: .* holds another model.*or pass --overwrite") as caught:
        check_training_folder(arguments(folder, **settings))
    assert said in str(caught.value)
    assert not check_training_folder(arguments(folder, overwrite=True, **settings))


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "model-00001-of-00002.safetensors"])
def test_a_model_that_nothing_is_known_of_is_another_one(folder, name):
    folder.mkdir()
    (folder / name).touch()
    with pytest.raises(ValueError, match=r"whose settings are unknown without a valid training_run\.json"):
        check_training_folder(arguments(folder))


@pytest.mark.parametrize("record", ["", "[]", "{}", '{"settings": 3}'])
def test_a_record_that_cannot_be_read_tells_nothing(folder, record):
    folder.mkdir()
    (folder / "training_run.json").write_text(record)
    with pytest.raises(ValueError, match=r"whose settings are unknown without a valid training_run\.json"):
        check_training_folder(arguments(folder))


def test_a_run_goes_on_beside_whatever_model_is_there(folder, put_model, put_checkpoint):
    """It was allowed to replace that model when it began."""
    put_model(seed=7)
    checkpoint = put_checkpoint(5)
    for named in ("latest", str(checkpoint)):
        assert not check_training_folder(arguments(folder, resume_from_checkpoint=named))
        make_room(folder, arguments(folder, resume_from_checkpoint=named), RUN)
    assert checkpoint.is_dir()


def test_latest_of_no_checkpoints_begins_anew(folder, put_model):
    put_model(seed=7)
    with pytest.raises(ValueError, match="holds another model"):
        check_training_folder(arguments(folder, resume_from_checkpoint="latest"))


def test_checkpoints_of_another_run_are_removed_only_on_demand(folder, put_checkpoint):
    own, other, damaged = put_checkpoint(1), put_checkpoint(2, RUN | {"seed": 43}), put_checkpoint(3)
    (damaged / "trainer_state.json").write_text("")
    with pytest.raises(ValueError, match="holds checkpoint-2 of another run; name another folder"):
        make_room(folder, arguments(folder), RUN)
    assert other.is_dir()
    make_room(folder, arguments(folder, overwrite=True), RUN)
    assert own.is_dir() and damaged.is_dir() and not other.exists()
    make_room(folder, arguments(folder), RUN)


def test_a_folder_that_is_written_to_is_refused(folder):
    pytest.importorskip("fcntl")
    with owned_folder("output_dir", folder):
        for overwrite in (False, True):
            with pytest.raises(ValueError, match=r"output_dir: another run is writing into .*model;"):
                check_training_folder(arguments(folder, overwrite=overwrite))


def write_new(folder):
    (folder / "config.json").write_text("new")
    (folder / "model.safetensors").write_text("new")


def test_a_commands_model_replaces_another_only_on_demand(folder, put_model):
    put_model()
    refused = pytest.raises(ValueError, match=r"--output: .*model holds a model; name another folder")
    with refused, model_output("--output", folder, overwrite=False):
        raise AssertionError("the folder was given away")
    with model_output("--output", folder, overwrite=True):
        pass
    with model_output("--output", folder, overwrite=False, own=folder):
        pass


def test_of_a_model_that_is_replaced_nothing_stays(folder, put_model):
    put_model()
    for name in ("openvino_encoder_int8.bin", "vocab.txt", "notes.txt", "model-00001-of-00002.safetensors"):
        (folder / name).write_text("old")
    write_model(folder, write_new)
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        "config.json": "new",
        "model.safetensors": "new",
        "notes.txt": "old",
    }


def test_of_a_model_that_is_changed_the_rest_stays(folder, put_model):
    put_model()
    write_model(folder, write_new, own=folder)
    assert {path.name for path in folder.iterdir()} == {"config.json", "model.safetensors", "training_run.json"}


def test_links_and_modes_in_a_model_folder_stay(folder, put_model, tmp_path):
    put_model()
    (folder / "config.json").chmod(0o640)
    (tmp_path / "weights").write_text("old")
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to("../weights")
    (tmp_path / "link").symlink_to("model")
    write_model(tmp_path / "link", write_new)
    assert (tmp_path / "link").is_symlink() and (folder / "model.safetensors").is_symlink()
    assert (tmp_path / "weights").read_text() == (folder / "config.json").read_text() == "new"
    assert os.name != "posix" or (folder / "config.json").stat().st_mode & 0o777 == 0o640


def test_a_link_to_a_folder_that_is_not_there_makes_it(tmp_path):
    (tmp_path / "link").symlink_to("real")
    with model_output("--output", tmp_path / "link", overwrite=False):
        write_model(tmp_path / "link", write_new)
    assert sorted(path.name for path in (tmp_path / "real").iterdir()) == ["config.json", "model.safetensors"]

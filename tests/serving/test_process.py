"""`spert-hf serve` as people run it: a process, its workers, its signals, and what it says when it can't start."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import torch
from transformers import pipeline
from transformers.utils import logging

from spert_hf import SpertModel
from spert_hf.cli.main import main
from spert_hf.cli.serve import default_threads
from tests.space.test_own_process import GROWTH_ALLOWED, REQUESTS, assert_answers_are_of_their_texts, texts_to_send
from tests.support.serve_process import Client, send_requests, serve, start_server, workers_of
from tests.support.serving import PATIENCE, until
from tests.support.tiny_models import SENTENCES, make_tiny_checkpoint

TEXT = " ".join(SENTENCES[0])
LONG_TEXT = " ".join(TEXT for _ in range(40))


def refused(capsys, *arguments):
    """What a command that does not start says, in one line."""
    assert main(["serve", *arguments]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    return line


def test_a_port_in_use_is_one_line_before_anything_is_loaded(capsys, tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refused(capsys, f"--model={tmp_path}", f"--port={port}")
    assert line == (f"spert-hf serve: --port must be one that is free at 127.0.0.1, got {port}: Address already in use")
    line = refused(capsys, f"--model={tmp_path}", "--host=203.0.113.7")
    assert line.startswith(
        "spert-hf serve: --host must be an address of this machine, got '203.0.113.7': Cannot assign"
    )
    assert "--host must be an address" in refused(capsys, f"--model={tmp_path}", "--host=no host")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model=/no/such/folder"], "--model must be a folder that exists, or the id of a model on the Hub, got"),
        (["--backend=onnx", "--dtype=bfloat16"], "--dtype must be float32 or int8 with --backend onnx, got bfloat16"),
        (["--backend=onnx", "--device=cpu:0"], "--device must be cpu with --backend onnx, got cpu:0"),
        (["--dtype=int8"], "--backend must be openvino, or onnx to extract, for --dtype int8, got torch"),
        (["--backend=onnx"], "model must be a folder that `spert-hf export` has written, got"),
        ([], "config.json"),
    ],
)
def test_what_can_not_be_served_is_one_line(capsys, tmp_path, arguments, message):
    before = logging.is_progress_bar_enabled(), logging.get_verbosity()
    line = refused(capsys, f"--model={tmp_path}", "--port=0", *arguments)
    assert line.startswith("spert-hf serve: ")
    assert message in line
    assert (logging.is_progress_bar_enabled(), logging.get_verbosity()) == before


def test_what_is_not_installed_is_said_at_once_and_by_the_extra(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("spert_hf.cli.serve.find_spec", lambda name: None)
    wanted = "pip install 'spert-hf-onnx[serve]'"
    assert refused(capsys, f"--model={tmp_path}") == (
        f"spert-hf serve: the server needs starlette, uvicorn, prometheus-client: {wanted}"
    )


def test_threads_are_shared_out(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    cores = len(os.sched_getaffinity(0))
    assert default_threads("onnx", 1) == cores
    assert default_threads("onnx", cores + 1) == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "8")
    assert [default_threads(backend, 2) for backend in ("torch", "openvino", "onnx")] == [4, 4, 4]
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    with pytest.raises(ValueError, match="OMP_NUM_THREADS must be an integer of 1 or more, got 'many'"):
        default_threads("torch", 1)


@pytest.fixture(scope="module")
def exported(exported_checkpoint):
    return exported_checkpoint / "onnx"


def onnx(folder):
    """Arguments that serve an export, which starts soonest."""
    return f"--model={folder}", "--backend=onnx"


@pytest.mark.e2e
@pytest.mark.parametrize("damage", ["cut off", "stale", "no tokenizer"])
def test_a_damaged_or_stale_export_is_one_line_before_the_server_listens(exported, tmp_path, capsys, damage):
    folder = shutil.copytree(exported, tmp_path / "copy" / "onnx")
    if damage == "cut off":
        graph = folder / "model.onnx"
        graph.write_bytes(graph.read_bytes()[:-100])
        message = "model.onnx is not what was exported: missing, cut off or changed"
    elif damage == "no tokenizer":
        (folder / "tokenizer.json").unlink()
        message = "tokenizer.json is not what was exported: missing, cut off or changed"
    else:
        (folder.parent / "model.safetensors").write_bytes(b"other weights")
        message = "was exported from other weights than those of"
    assert message in refused(capsys, f"--model={folder}", "--backend=onnx", "--port=0")
    assert message in refused(capsys, f"--model={folder}", "--backend=onnx", "--port=0", "--workers=2")


@pytest.mark.e2e
def test_onnx_needs_neither_torch_nor_transformers(exported, tmp_path):
    """Nor what else an installation without torch lacks, in the server and in its worker processes."""
    absent = ("torch", "transformers", "psutil", "datasets", "pandas", "accelerate", "gradio", "fastapi")
    for name in absent:
        (tmp_path / f"{name}.py").write_text(f"raise ImportError('there is no {name} here')")
    path = os.pathsep.join([str(tmp_path), *sys.path])
    expected = pipeline("spert-extraction", model=str(exported.parent))(TEXT)
    for workers in (1, 2):
        arguments = f"--model={exported}", "--backend=onnx", f"--workers={workers}"
        with serve(tmp_path / "log", *arguments, PYTHONPATH=path) as server:
            status, answer = Client(server.port).extract(TEXT)
            assert status == 200
            assert answer == json.loads(json.dumps(expected), parse_float=lambda one: pytest.approx(float(one), 1e-5))
            assert server.stop() == 0
        assert server.written().count("\n") == 1, "nothing but the line that says where it serves"


@pytest.mark.e2e
def test_a_signal_ends_it_when_what_it_accepted_is_answered(exported, tmp_path):
    for number in (signal.SIGTERM, signal.SIGINT):
        with serve(tmp_path / "log", *onnx(exported)) as server, ThreadPoolExecutor(4) as threads:
            answers = [threads.submit(Client(server.port).extract, LONG_TEXT) for _ in range(4)]
            with httpx.Client(base_url=server.url) as http:
                until(lambda: "spert_batch_size_sum 0" not in http.get("/metrics").text)
            assert server.stop(number) == 0
            done = [answer.result() for answer in answers]
        assert [status for status, _ in done] == [200] * 4
        assert all(answer["entities"] for _, answer in done)
        with pytest.raises(ConnectionError):
            Client(server.port).extract(TEXT)
        assert "Traceback" not in server.written()


@pytest.mark.e2e
@pytest.mark.parametrize("workers", [1, 2])
def test_who_is_cut_off_is_told_and_the_exit_code_says_so(exported, tmp_path, workers):
    arguments = *onnx(exported), "--grace-seconds=1", "--max-characters=3000000", f"--workers={workers}"
    with serve(tmp_path / "log", *arguments) as server, ThreadPoolExecutor(2) as threads:
        answer = threads.submit(Client(server.port).extract, " ".join(f"w{n}" for n in range(60_000)))
        with httpx.Client(base_url=server.url) as http:
            until(lambda: "spert_batch_size_sum 0" not in http.get("/metrics").text)
        assert server.stop() == 1
        assert answer.result() == (503, {"detail": "the server is stopping"})
    assert "Traceback" not in server.written()


@pytest.mark.e2e
def test_a_worker_that_is_killed_is_started_again(exported, tmp_path):
    expected = pipeline("spert-extraction", model=str(exported.parent))(TEXT)
    with serve(tmp_path / "log", *onnx(exported), "--workers=2") as server:
        before = workers_of(server)
        assert len(before) == 2
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.2)
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(lambda _: Client(server.port).extract(TEXT), range(8)))
        assert [status for status, _ in answers].count(200) >= 6, "one text at most is suspected for each worker"
        status, answer = Client(server.port).extract(TEXT)
        assert status == 200
        assert answer == json.loads(json.dumps(expected), parse_float=lambda one: pytest.approx(float(one), 1e-5))
        assert not before & workers_of(server)
        assert "it is started again" in server.written()
        assert server.stop() == 0


@pytest.mark.e2e
def test_workers_end_with_their_server_however_it_ends(exported, tmp_path):
    with serve(tmp_path / "log", *onnx(exported), "--workers=2") as server:
        workers = workers_of(server)
        server.process.kill()
        server.process.wait(PATIENCE)
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


@pytest.mark.e2e
def test_a_signal_while_the_model_is_loaded_ends_it(exported, tmp_path):
    for workers in (1, 2):
        server = start_server(tmp_path / "log", *onnx(exported), f"--workers={workers}")
        try:
            time.sleep(0.7)
            code = server.stop()
            listens = "Serving " in server.written()  # on a fast machine it is no longer loading
            assert (code == 0) == listens
        except subprocess.TimeoutExpired:
            server.process.kill()
            raise


@pytest.fixture(scope="module")
def telling(tmp_path_factory):
    """A checkpoint and its pipeline, which take every word for an entity: texts of different words are told apart."""
    folder = tmp_path_factory.mktemp("telling")
    checkpoint = make_tiny_checkpoint("bert", folder, max_span_size=1)
    model = SpertModel.from_pretrained(checkpoint)
    with torch.no_grad():
        model.entity_classifier.bias[0] = -1e3
    model.save_pretrained(checkpoint)
    return checkpoint, pipeline("spert-extraction", model=str(checkpoint))


@pytest.mark.e2e
@pytest.mark.parametrize(("backend", "workers"), [("torch", 2), ("openvino", 1), ("onnx", 2)])
def test_each_of_several_clients_gets_its_own_answers(telling, request, tmp_path, backend, workers):
    checkpoint, pipe = telling
    if backend == "openvino":
        pytest.importorskip("openvino")
    if backend == "onnx":
        checkpoint = request.getfixturevalue("exported")
        pipe = pipeline("spert-extraction", model=str(checkpoint.parent))
    texts = texts_to_send(60)
    with serve(tmp_path / "log", f"--model={checkpoint}", f"--backend={backend}", f"--workers={workers}") as server:
        report = send_requests(server, texts, clients=6, every=10)
        assert server.stop() == 0
    assert_answers_are_of_their_texts(report.answers, texts, pipe)


def cores_of_workers(server):
    """The cores that threads of a server's workers may run on now, as Linux lists them."""
    found = set()
    for pid in workers_of(server) or {server.process.pid}:
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):  # it has ended
                found.add((task / "status").read_text().partition("Cpus_allowed_list:")[2].split()[0])
    return found


@pytest.mark.e2e
@pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="whether threads are pinned is seen on Linux, with two cores",
)
def test_workers_of_openvino_are_pinned_to_no_core(tiny_checkpoint, tmp_path):
    """It counts cores from the first one in every process: pinned workers would all compute on the same ones."""
    pytest.importorskip("openvino")
    arguments = f"--model={tiny_checkpoint}", "--backend=openvino", "--workers=2"
    with serve(tmp_path / "log", *arguments) as server, ThreadPoolExecutor(4) as threads:
        answers = [threads.submit(Client(server.port).extract, LONG_TEXT) for _ in range(8)]
        seen = cores_of_workers(server)
        while not all(answer.done() for answer in answers):
            seen |= cores_of_workers(server)
        assert {answer.result()[0] for answer in answers} == {200}
    assert len(seen) == 1  # those of this process


@pytest.mark.nightly
@pytest.mark.parametrize(("workers", "requests"), [(1, 8 * REQUESTS), (2, REQUESTS)])
def test_thousands_of_requests_from_eight_clients(telling, tmp_path, workers, requests):
    checkpoint, pipe = telling
    texts = (texts_to_send(200) * (requests // 200 + 1))[:requests]
    with serve(tmp_path / "log", f"--model={checkpoint}", f"--workers={workers}") as server:
        report = send_requests(server, texts, clients=8, every=len(texts) // 20)
        assert server.stop() == 0
    resident = [round(value / 1e6) for value in report.resident]
    print(
        f"{len(texts)} requests in {report.seconds:.0f} s, {report.growth_a_request():.0f} bytes a request of the "
        f"second half; resident MB at every {report.every}: {resident}"
    )
    assert_answers_are_of_their_texts(report.answers, texts, pipe)
    assert report.growth_a_request() < GROWTH_ALLOWED

"""Threads that wait for each other sleep while other processes need the cores, and nothing is computed otherwise."""

import subprocess
import sys
import threading
import time

import pytest
import torch

from spert_hf import SpertTrainer, SpertTrainingArguments
from spert_hf.training import busy_cores
from spert_hf.training.busy_cores import BusyCores, OpenMPWaits, seconds_without_core
from tests.support.documents import make_records
from tests.support.tiny_models import make_encoder_folder


class Recorded:
    """How threads wait, as it was asked for."""

    def __init__(self):
        self.asked = []

    def be_passive(self):
        self.asked.append("passive")

    def be_active(self):
        self.asked.append("active")


class Machine:
    """A clock and what threads have waited for a core; time goes on in steps."""

    def __init__(self):
        self.now = self.waited = 0.0
        self.waits = Recorded()
        self.cores = BusyCores(self.waits, lambda: self.waited, lambda: self.now)

    def run(self, seconds, share, step=0.25):
        """Let steps be taken in which threads wait for a share of the time."""
        for _ in range(int(seconds / step)):
            self.now += step
            self.waited += share * step
            self.cores.look()
        return self.waits.asked


def test_free_cores_change_nothing():
    assert Machine().run(60, share=0.01) == []


def test_threads_sleep_while_cores_are_busy_and_are_active_afterwards():
    machine = Machine()
    assert machine.run(1, share=0.7) == ["passive"]
    assert machine.run(60, share=0.5) == ["passive"]
    assert machine.run(2, share=0.0) == ["passive"]  # a pause need not be the end
    assert machine.run(1, share=0.5) == ["passive"]
    assert machine.run(4, share=0.0) == ["passive", "active"]
    assert machine.run(1, share=0.7) == ["passive", "active", "passive"]


def test_between_busy_and_free_all_stays_as_it_is():
    machine = Machine()
    assert machine.run(20, share=0.1) == []
    assert machine.run(20, share=0.5) == ["passive"]
    assert machine.run(20, share=0.1) == ["passive"]


def test_the_end_of_a_run_is_the_end_of_it():
    machine = Machine()
    with machine.cores:
        machine.run(5, share=0.7)
    assert machine.waits.asked == ["passive", "active"]


def test_what_the_system_does_not_tell_changes_nothing():
    waits, now = Recorded(), iter(range(1000))
    cores = BusyCores(waits, lambda: None, lambda: next(now))
    for _ in range(20):
        cores.look()
    assert waits.asked == []


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_idle_threads_come_and_go(threads):
    before, count = set(threading.enumerate()), torch.get_num_threads()
    waits = OpenMPWaits(threads)
    for _ in range(2):
        waits.be_passive()
        assert (set(threading.enumerate()) > before) == (threads > 1)
        assert torch.get_num_threads() == count
        waits.be_active()
        waits.be_active()
        assert set(threading.enumerate()) == before


def test_how_threads_wait_does_not_change_the_weights(tmp_path, monkeypatch):
    encoder = make_encoder_folder("bert", tmp_path / "encoder")

    def train(name):
        settings = {"num_train_epochs": 1, "learning_rate": 1e-3, "cpu_threads": 2}
        args = SpertTrainingArguments(output_dir=str(tmp_path / name), **settings)
        trainer = SpertTrainer(model=encoder, args=args, train_dataset=make_records())
        trainer.train()
        return trainer.model.state_dict()

    plain = train("plain")
    turns, waited = [], iter(range(0, 10**6, 10))
    monkeypatch.setattr(busy_cores, "_WINDOW", 0.0)
    monkeypatch.setattr(busy_cores, "seconds_without_core", lambda: next(waited))
    monkeypatch.setattr(OpenMPWaits, "be_passive", _told(turns, OpenMPWaits.be_passive))
    passive = train("passive")
    assert turns == [True]
    assert plain.keys() == passive.keys()
    assert all(torch.equal(weight, passive[name]) for name, weight in plain.items())


def _told(turns, method):
    def told(self):
        turns.append(True)
        method(self)

    return told


@pytest.mark.e2e
@pytest.mark.skipif(seconds_without_core() is None, reason="the system does not tell how long threads wait for a core")
def test_it_is_known_how_long_threads_wait_for_a_core():
    """With two other processes for each core, a thread waits for most of the time."""
    command = [sys.executable, "-S", "-c", "while True: pass"]
    others = [subprocess.Popen(command) for _ in range(2 * busy_cores.usable_cores())]
    try:
        deadline = time.monotonic() + 60
        share = 0.0
        while share < 0.2 and time.monotonic() < deadline:
            begun, before = time.monotonic(), seconds_without_core()
            while time.monotonic() - begun < 1:
                pass
            share = (seconds_without_core() - before) / (time.monotonic() - begun)
        assert share >= 0.2
    finally:
        for other in others:
            other.kill()
            other.wait()

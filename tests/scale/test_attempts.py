"""The record that kills its process is found, and others are not taken for it."""

from dataclasses import replace

import pytest

from spert_hf.scale.attempts import POISON, Attempts
from spert_hf.scale.corpus import open_corpus
from spert_hf.scale.extraction import extract_shard
from tests.scale.corpora import fake_pipe, job_for, rows_of, write_lines


class DeadError(BaseException):
    """The end of a process."""


def try_until_done(shard, job, deadly, attempts, most=40):
    """Attempt a shard until it is done; return the number of deaths."""

    def dies_of(texts, **settings):
        if any(text in deadly for text in texts):
            raise DeadError
        return fake_pipe(texts)

    about = []
    for deaths in range(most):
        about.clear()
        try:
            extract_shard(job, shard, dies_of, caution=replace(attempts.caution, before=lambda *one: about.append(one)))
        except DeadError:
            attempts.died(about[-1])
        else:
            return deaths
    raise AssertionError("it is tried for ever")


@pytest.mark.parametrize(("deadly", "deaths"), [([], 0), ([0], 3), ([39], 3), ([3, 4], 4), ([7, 30], 6)])
def test_records_that_kill_are_named(tmp_path, deadly, deaths):
    texts = [f"Text {number}" for number in range(40)]
    corpus = open_corpus([str(write_lines(tmp_path / "a.jsonl", [{"text": text} for text in texts]))])
    job = job_for(corpus, tmp_path / "found", settings={"batch_size": 1})
    (shard,) = corpus.shards()
    assert try_until_done(shard, job, [texts[number] for number in deadly], Attempts()) == deaths
    rows = rows_of(tmp_path / "found")
    assert [row["text"] for row in rows] == texts
    assert {number: row["error"] for number, row in enumerate(rows) if row["error"]} == dict.fromkeys(deadly, POISON)


def test_deaths_by_chance_name_no_record():
    attempts = Attempts()
    for start in (0, 16, 0):
        attempts.died((start, start + 16))
    assert attempts.caution.alone == frozenset(range(16))
    assert not attempts.caution.poison
    attempts.died((3, 4))
    assert attempts.caution.poison == {3: POISON}


def test_deaths_of_no_record_give_a_shard_up():
    attempts = Attempts()
    for _ in range(4):
        attempts.died(None)
    assert not attempts.is_hopeless
    attempts.died(None)
    assert attempts.is_hopeless

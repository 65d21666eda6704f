"""What waits together is predicted together, in bounds, and whoever is accepted gets an answer."""

import asyncio
from concurrent.futures import Future

import pytest

from spert_hf.serving import batching
from spert_hf.serving.batching import Batcher, RefusedError
from spert_hf.serving.calls import Call
from spert_hf.serving.metrics import Metrics
from spert_hf.serving.settings import ServerLimits
from spert_hf.serving.workers import WORKER_ENDED, LoadingError
from tests.support.serving import PATIENCE


class Hand:
    """A worker whose batches are finished by the test, or at once."""

    def __init__(self, at_once=False, deadly=(), reloads=None):
        self.batches, self._futures = [], []
        self._at_once, self._deadly = at_once, deadly
        self._reloads = iter(reloads or ())
        self.restarts = 0

    def submit(self, calls):
        future = Future()
        self.batches.append([call.text for call in calls])
        self._futures.append((future, calls))
        if any(call.text in self._deadly for call in calls):
            future.set_exception(WORKER_ENDED())
        elif self._at_once:
            self.finish()
        return future

    @property
    def has_batch(self):
        """Whether there is one that is not finished."""
        return bool(self._futures) and not self._futures[-1][0].done()

    def finish(self):
        future, calls = self._futures[-1]
        future.set_result([{"of": call.text} for call in calls])

    def restart(self):
        self.restarts += 1
        future = Future()
        future.set_result(next(self._reloads, None))
        return future

    def close(self):
        pass

    def kill(self):
        return True


async def finish(hand):
    """Finish the batch of a worker, which may still linger before it takes it."""
    while not hand.has_batch:
        await asyncio.sleep(0.001)
    hand.finish()
    await settle()


async def settle():
    for _ in range(20):
        await asyncio.sleep(0)


def run(test, *workers, **limits):
    """Run a test, a coroutine function, with a batcher that is started."""

    async def within():
        batcher = Batcher(workers, ServerLimits(**limits), Metrics("some/model", "torch"))
        batcher.start()
        try:
            await asyncio.wait_for(test(batcher), PATIENCE)
        finally:
            await batcher.close()

    asyncio.run(within())


def ask(batcher, *texts):
    return [asyncio.ensure_future(batcher.extract(Call(text))) for text in texts]


def test_what_waits_when_a_worker_becomes_free_is_one_batch():
    hand = Hand()

    async def test(batcher):
        first = ask(batcher, "a")
        await settle()
        rest = ask(batcher, "b", "c", "d")
        await settle()
        assert hand.batches == [["a"]]
        await finish(hand)
        assert hand.batches == [["a"], ["b", "c", "d"]]
        await finish(hand)
        assert await asyncio.gather(*first, *rest) == [{"of": text} for text in "abcd"]

    run(test, hand)


def test_batches_are_bounded_by_texts_and_by_characters():
    hand = Hand()

    async def test(batcher):
        ask(batcher, "first")
        await settle()
        asked = ask(batcher, *"abcde", "x" * 80, "y" * 20, "z")
        await settle()
        for _ in range(4):
            await finish(hand)
        assert hand.batches[1:] == [list("abc"), ["d", "e", "x" * 80], ["y" * 20, "z"]]
        await asyncio.gather(*asked)

    run(test, hand, batch_size=3, max_characters=100)


def test_workers_beside_each_other_take_what_there_is():
    hands = Hand(), Hand()

    async def test(batcher):
        await settle()
        asked = ask(batcher, "a")
        await settle()
        asked += ask(batcher, "b")
        await settle()
        assert [hand.batches for hand in hands] == [[["a"]], [["b"]]]
        for hand in hands:
            await finish(hand)
        assert await asyncio.gather(*asked) == [{"of": "a"}, {"of": "b"}]

    run(test, *hands)


def test_a_worker_waits_a_moment_for_as_many_as_it_just_answered(monkeypatch):
    monkeypatch.setattr(batching, "LINGERING", 1e6)
    monkeypatch.setattr(batching, "LONGEST_LINGERING", 10)
    hand = Hand()

    async def test(batcher):
        asked = ask(batcher, "a")
        await settle()
        asked += ask(batcher, "b", "c", "d")
        await settle()
        await finish(hand)
        asked += ask(batcher, "e")
        await finish(hand)
        assert len(hand.batches) == 2, "it waits, as three were answered, and one is there"
        asked += ask(batcher, "f", "g")
        await settle()
        assert hand.batches[2:] == [["e", "f", "g"]]
        await finish(hand)
        await asyncio.gather(*asked)

    run(test, hand)


def test_it_does_not_wait_for_long(monkeypatch):
    monkeypatch.setattr(batching, "LONGEST_LINGERING", 0.001)

    async def test(batcher):
        assert len(await asyncio.gather(*ask(batcher, "a", "b"))) == 2
        assert await batcher.extract(Call("c")) == {"of": "c"}

    run(test, Hand(at_once=True))


def test_the_queue_is_bounded_and_whoever_leaves_frees_a_place():
    hand = Hand()

    async def test(batcher):
        ask(batcher, "running")
        await settle()
        waiting = ask(batcher, "a", "b")
        await settle()
        with pytest.raises(RefusedError, match=r"the queue is full, with 2 waiting: try again in 1 s") as caught:
            await batcher.extract(Call("c"))
        assert caught.value.status == 503
        waiting[0].cancel()
        await settle()
        ask(batcher, "d")
        await settle()
        await finish(hand)
        assert hand.batches == [["running"], ["b", "d"]]
        await finish(hand)

    run(test, hand, queue_size=2)


def test_what_ends_a_worker_costs_itself_only():
    hand = Hand(at_once=True, deadly=("deadly",))

    async def test(batcher):
        a, deadly, b = await asyncio.gather(*ask(batcher, "a", "deadly", "b"), return_exceptions=True)
        assert (a, b) == ({"of": "a"}, {"of": "b"})
        assert (deadly.status, deadly.detail) == (500, "the extraction failed")
        assert hand.batches == [["a", "deadly", "b"], ["a"], ["deadly"], ["b"]]
        assert hand.restarts == 2
        assert batcher.is_ready and not batcher.cut_off

    run(test, hand)


def test_a_worker_that_does_not_start_again_ends_the_server(monkeypatch):
    monkeypatch.setattr(batching, "RESTART_PAUSES", (0, 0))
    hand = Hand(deadly=("deadly",), reloads=["no memory", "still none"])
    ended = []

    async def test(batcher):
        batcher.when_failed = lambda: ended.append(True)
        (deadly,) = await asyncio.gather(*ask(batcher, "deadly"), return_exceptions=True)
        assert deadly.status == 500
        await settle()
        assert ended and not batcher.is_ready
        assert isinstance(batcher.failure, LoadingError) and str(batcher.failure) == "still none"

    run(test, hand)


def test_no_more_time_is_told_to_all_that_wait():
    hand = Hand()

    async def test(batcher):
        running = ask(batcher, "a")
        await settle()
        waiting = ask(batcher, "b", "c")
        await settle()
        batcher.is_stopping = True
        with pytest.raises(RefusedError, match="the server is stopping"):
            await batcher.extract(Call("late"))
        assert not batcher.is_ready
        batcher.give_up()
        answers = await asyncio.gather(*running, *waiting, return_exceptions=True)
        assert [(answer.status, answer.detail) for answer in answers] == [(503, "the server is stopping")] * 3
        assert batcher.cut_off == 3
        await finish(hand)

    run(test, hand)


@pytest.mark.parametrize("fault", ["refuses", "loses a result"])
def test_a_batch_that_fails_in_no_known_way_is_answered_and_the_next_one_is_taken(fault):
    hand = Hand(at_once=True)
    submit = hand.submit

    def fail(calls):
        hand.submit = submit
        if fault == "refuses":
            raise RuntimeError("no more room")
        future = Future()
        future.set_result([])
        return future

    hand.submit = fail

    async def test(batcher):
        (first,) = await asyncio.gather(*ask(batcher, "a"), return_exceptions=True)
        assert isinstance(first, RefusedError) and first.status == 500
        assert await batcher.extract(Call("b")) == {"of": "b"}

    run(test, hand)

from hypothesis import given
from hypothesis import strategies as st

from spert_hf.evaluation.mention_index import MentionIndex, mentions_of

_entities = st.builds(lambda start, size: (start, start + size, "P"), st.integers(0, 12), st.integers(1, 4))
_relations = st.tuples(_entities, _entities, st.just("R"))


def _touch(first, second):
    return any(one[0] < other[1] and other[0] < one[1] for one in mentions_of(first) for other in mentions_of(second))


@given(st.one_of(st.lists(_entities, min_size=1), st.lists(_relations, min_size=1)))
def test_it_finds_what_shares_a_token_and_nothing_else(items):
    first, *others = items
    assert MentionIndex(others).touching(first) == {other for other in others if _touch(first, other)}


def test_the_mentions_of_a_relation_are_its_arguments():
    head, tail = (0, 1, "P"), (2, 3, "Q")
    assert mentions_of(head) == (head,)
    assert mentions_of((head, tail, "R")) == (head, tail)

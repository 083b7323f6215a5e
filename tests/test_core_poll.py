"""Poll: the two answers, how they match, and what they refuse."""

from __future__ import annotations

import pickle

import pytest

from mezame import Poll
from mezame.core.poll import PENDING, PendingType, make_ready


def match(answer: object) -> object:
    match answer:
        case Poll.Ready(value):
            return ("ready", value)
        case Poll.Pending:
            return "pending"
    return "no poll"


def test_both_answers_match_in_a_case() -> None:
    assert match(Poll.Ready(7)) == ("ready", 7)
    assert match(Poll.Ready()) == ("ready", None)
    assert match(Poll.Pending) == "pending"
    assert match(7) == "no poll"


def test_pending_is_one_object() -> None:
    assert Poll.Pending is PENDING
    assert isinstance(PENDING, PendingType)
    assert pickle.loads(pickle.dumps(Poll.Pending)) is Poll.Pending


def test_is_ready_and_is_pending_are_opposites() -> None:
    assert (Poll.Ready(0).is_ready(), Poll.Ready(0).is_pending()) == (True, False)
    assert (Poll.Pending.is_ready(), Poll.Pending.is_pending()) == (False, True)


def test_both_are_instances_of_poll_and_nothing_else_is() -> None:
    assert isinstance(Poll.Ready(1), Poll)
    assert isinstance(Poll.Pending, Poll)
    assert not isinstance(1, Poll)


@pytest.mark.parametrize("answer", [Poll.Ready(0), Poll.Ready(True), Poll.Pending], ids=repr)
def test_an_answer_has_no_truth_value(answer: object) -> None:
    with pytest.raises(TypeError, match="is_ready"):
        bool(answer)


def test_poll_itself_is_not_made() -> None:
    with pytest.raises(TypeError, match=r"Poll\.Ready\(value\)"):
        Poll(1)  # type: ignore[call-arg]


def test_map_changes_a_value_and_leaves_pending_alone() -> None:
    calls = []

    def double(value: int) -> int:
        calls.append(value)
        return 2 * value

    assert Poll.Ready(4).map(double) == Poll.Ready(8)
    assert Poll.Pending.map(double) is Poll.Pending
    assert calls == [4]


def test_ready_compares_and_hashes_by_value() -> None:
    assert Poll.Ready(1) == Poll.Ready(1) == make_ready(1)
    assert Poll.Ready(1) != Poll.Ready(2)
    assert Poll.Ready(1) != 1
    assert len({Poll.Ready("a"), Poll.Ready("a"), Poll.Ready("b")}) == 2


def test_repr_is_what_one_writes() -> None:
    assert repr(Poll.Ready("x")) == "Poll.Ready('x')"
    assert repr(Poll.Pending) == "Poll.Pending"


def test_ready_takes_no_stray_attribute() -> None:
    with pytest.raises(AttributeError):
        Poll.Ready(1).other = 2  # type: ignore[attr-defined]


def test_poll_can_be_subscribed_in_annotations() -> None:
    assert Poll[int] is Poll

"""What the processes of the endpoint tell each other about the workers."""

import os
import subprocess
import sys

import pytest

from serving.board import Board


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Board:
    monkeypatch.setenv("LITSERVE_WORKER_ID", "1")
    return Board(workers=2, slots=3)


def dead_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_a_worker_answers_from_when_it_says_so_until_it_takes_that_back_or_dies(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not board.able()
    board.report(able=True)
    assert board.able()
    board.report(able=False)
    assert not board.able()
    gone = dead_process()
    with monkeypatch.context() as other:
        other.setattr(os, "getpid", lambda: gone)
        board.report(able=True)
    assert not board.able()


def test_an_answer_is_lost_when_the_worker_that_took_it_dies(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    offer = board.offer(2)
    assert (board.taken(2), board.lost(2)) == (False, False)
    assert board.take(2, offer)
    assert (board.taken(2), board.lost(2)) == (True, False)
    gone = dead_process()
    monkeypatch.setattr(os, "getpid", lambda: gone)
    assert board.take(2, board.offer(2))
    assert board.lost(2)


def test_a_question_that_was_offered_again_is_void(board: Board) -> None:
    first = board.offer(0)
    second = board.offer(0)
    assert not board.take(0, first)
    assert board.take(0, second)

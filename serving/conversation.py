"""What of a request's messages goes to the assistant: the newest question, and as much before it as is taken."""

from collections.abc import Sequence

from tasks_lib.assistant.contract.answer import LONGEST_QUESTION

MOST_MESSAGES = 200
"""Messages that the assistant is given; of more, the oldest are left out."""
Turn = dict[str, str]
"""`role` and `content` of a message."""


def conversation(turns: Sequence[Turn]) -> list[Turn]:
    """The turns for the assistant, the last one being the question.

    What was refused once stays in a client's history, and must not end the conversation: earlier turns that are empty
    or too long are left out, as are the oldest beyond :data:`MOST_MESSAGES`; system messages stay.

    :raises ValueError: If the last turn is no question of the user, or it or a system message is too long.
    """
    if not turns:
        msg = "there are no messages; at least one is needed, the user's question"
        raise ValueError(msg)
    _check_question(turns[-1])
    _check_system_messages(turns)
    said = [turn for turn in turns if turn["content"].strip() and len(turn["content"]) <= LONGEST_QUESTION]
    return _newest(said)


def _check_question(last: Turn) -> None:
    if last["role"] != "user":
        msg = f"the last message must be the user's, not the {last['role']}'s"
        raise ValueError(msg)
    if not last["content"].strip():
        msg = "the last message is empty"
        raise ValueError(msg)
    _check_length("the last message", last)


def _check_system_messages(turns: Sequence[Turn]) -> None:
    for turn in turns:
        if turn["role"] == "system":
            _check_length("the system message", turn)


def _check_length(what: str, turn: Turn) -> None:
    length = len(turn["content"])
    if length > LONGEST_QUESTION:
        msg = f"{what} has {length:,} characters; at most {LONGEST_QUESTION:,} are taken"
        raise ValueError(msg)


def _newest(turns: list[Turn]) -> list[Turn]:
    """At most :data:`MOST_MESSAGES`: the oldest of the conversation go first, then the oldest system messages."""
    beyond = len(turns) - MOST_MESSAGES
    if beyond <= 0:
        return turns
    talk = [at for at, turn in enumerate(turns) if turn["role"] != "system"]
    system = [at for at, turn in enumerate(turns) if turn["role"] == "system"]
    out = set([*talk[:-1], *system][:beyond])
    return [turn for at, turn in enumerate(turns) if at not in out]

"""Conversations: what is accepted, and what a follow-up question refers to."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from tasks_lib.assistant.contract.answer import LONGEST_QUESTION, Message, Role
from tasks_lib.errors import InputError
from tasks_lib.text.follow_ups import is_follow_up, names_another_case
from tasks_lib.text.small_talk import is_small_talk


def messages_of(turns: Sequence[Mapping[str, Any]]) -> list[Message]:
    """Messages from plain data.

    :raises InputError: If a role is unknown or a content is no text.
    """
    for position, turn in enumerate(turns, start=1):
        if turn.get("role") not in get_args(Role):
            raise InputError(
                f"message {position} has the role {turn.get('role')!r}; roles: {', '.join(get_args(Role))}",
                hint="Send each message with one of these roles.",
            )
        if not isinstance(turn.get("content"), str):
            raise InputError(f"message {position} has no text as its content", hint="Send the content as text.")
    return [Message.model_validate(turn) for turn in turns]


def check_messages(messages: Sequence[Message]) -> None:
    """Accept a conversation.

    :raises InputError: If it is empty, does not end with a question of the user, or that question is too long.
    """
    if not messages:
        raise InputError("messages is empty", hint="Send at least one message with role 'user'.")
    last = messages[-1]
    if last.role != "user":
        raise InputError(
            f"the last message has role {last.role!r}; it must be the user's question",
            hint="End messages with one of role 'user'.",
        )
    if not last.content.strip():
        raise InputError("the question is empty", hint="Ask something in words.")
    if len(last.content) > LONGEST_QUESTION:
        raise InputError(
            f"the question has {len(last.content):,} characters; at most {LONGEST_QUESTION:,} are read",
            hint="Shorten it.",
        )


def standalone_question(messages: Sequence[Message], max_turns: int) -> str:
    """The last question, behind the earlier ones that it leans on.

    "And for part-timers?" leans on the user's question before it, which may lean on the one before that. Of several
    that only name another case, the last one stands for all; thanks and greetings are passed over.

    :param max_turns: Messages before the last that are read.
    """
    question = messages[-1].content.strip()
    asked = [m.content.strip() for m in messages[:-1][-max_turns:] if m.role == "user" and m.content.strip()]
    leaning = [question]
    while asked and is_follow_up(leaning[0]):
        earlier = asked.pop()
        replaced = names_another_case(question) and is_follow_up(earlier) and names_another_case(earlier)
        if not replaced and not is_small_talk(earlier):
            leaning.insert(0, earlier)
    return " ".join(leaning)

"""Who may see which content of a document, whatever state it is read from."""

import pytest

from tasks_lib.assistant.contract.access import (
    CLOSED,
    EVERYONE,
    NO_CONTROL,
    OPERATOR,
    Caller,
    DocumentAccess,
    as_groups,
    asked_by,
    caller,
    member_of,
)

HR = member_of(["hr"])


def seen(access: object, who: Caller, document: str, document_hash: str = "1", source: str = "s") -> bool:
    return access.shows(who, {"source": source, "document": document, "document_hash": document_hash})  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("named", "groups"),
    [(["hr", " legal "], ("hr", "legal")), ([], CLOSED), (["hr", "nobody"], CLOSED), (["public"], EVERYONE)],
)
def test_no_group_is_nobody_and_nobody_wins(named: list[str], groups: tuple[str, ...]) -> None:
    assert as_groups(named) == groups


def test_a_caller_who_says_to_be_nobody_sees_nothing_of_nobody() -> None:
    assert not member_of(["nobody"]).may(CLOSED)
    assert OPERATOR.may(CLOSED)


def test_a_source_under_access_control_hides_what_it_never_named() -> None:
    access = NO_CONTROL.with_sync("s", {"a.md": DocumentAccess(EVERYONE, "1")})
    assert seen(access, Caller(), "a.md")
    assert not seen(access, HR, "unknown.md")
    assert seen(access, Caller(), "unknown.md", source="never synchronised")


def test_what_came_with_a_message_is_seen_with_it() -> None:
    access = NO_CONTROL.with_sync("s", {"note.eml": DocumentAccess(("hr",), "1")})
    assert seen(access, HR, "note.eml/plan.pdf")
    assert not seen(access, Caller(), "note.eml/plan.pdf")


def test_closing_holds_for_earlier_contents_too() -> None:
    access = NO_CONTROL.with_sync("s", {"a.md": DocumentAccess(EVERYONE, "1")})
    access = access.with_sync("s", {"a.md": DocumentAccess(("hr",), "2")})
    assert not seen(access, Caller(), "a.md", "1")
    assert seen(access, HR, "a.md", "1")


def test_opening_holds_for_the_content_that_was_seen_only() -> None:
    access = NO_CONTROL.with_sync("s", {"a.md": DocumentAccess(("hr",), "1")})
    access = access.with_sync("s", {"a.md": DocumentAccess(EVERYONE, "2")})
    assert seen(access, Caller(), "a.md", "2")
    assert not seen(access, Caller(), "a.md", "1")
    access = access.with_sync("s", {"a.md": DocumentAccess(EVERYONE, "1")})
    assert seen(access, Caller(), "a.md", "1")


def test_a_renamed_source_holds_for_states_that_know_its_former_name() -> None:
    access = NO_CONTROL.with_sync("old", {"a.md": DocumentAccess(EVERYONE, "1")}).with_renamed("old", "new")
    access = access.with_sync("new", {"a.md": DocumentAccess(("hr",), "1")})
    assert not seen(access, Caller(), "a.md", source="old")
    assert seen(access, HR, "a.md", source="old")


def test_whoever_is_not_named_sees_what_is_public() -> None:
    assert caller() == Caller()
    with asked_by(HR):
        assert caller() == HR
    assert caller() == Caller()

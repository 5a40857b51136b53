"""Moves of the released state, on a real index: what is read, what is quarantined, and what a killed run leaves."""

from datetime import UTC, datetime, timedelta

import pytest

from tasks_lib.assistant.contract.index import contents
from tasks_lib.assistant.contract.states import IndexStates
from tasks_lib.assistant.stores.lancedb.index import LanceDBIndex
from tasks_lib.documents_gate import release as moves
from tasks_lib.documents_gate.decision import unasked
from tasks_lib.documents_gate.release import hold, propose, release, release_without, roll_back
from tasks_lib.errors import IndexUnavailableError, InputError
from tests.stubs.ingesting import held as texts
from tests.tasks_lib.conftest import SOURCE, Library

DAYS = 7.0


@pytest.fixture
def gated(library: Library) -> Library:
    """Two documents, released."""
    library.put("leave.md", "Leave is 27 days.")
    library.put("pay.md", "Pay comes on the 25th.")
    index = library.index
    index.save_states(index.states().with_released(index.version() or ""))
    return library


def read(library: Library) -> dict[str, str]:
    """Document → text, as readers of the released state see it."""
    return texts(library.index.at(library.index.states().released or ""))


def delete(library: Library, document: str) -> None:
    library.index.replace(SOURCE, [document], [])
    library.index.commit()


def test_a_proposal_is_the_latest_state_with_what_changed(gated: Library) -> None:
    released = gated.index.states().released
    gated.put("leave.md", "Leave is 28 days.")
    gated.put("new.md", "The canteen is new.")
    delete(gated, "pay.md")
    found = propose(gated.index, DAYS)
    assert (found.released, found.state) == (released, gated.index.version())
    assert [(each.document, each.kind) for each in found.changed] == [
        ("leave.md", "changed"),
        ("new.md", "added"),
        ("pay.md", "deleted"),
    ]
    assert gated.index.states().candidate == found.state
    assert release(gated.index, found) == ""
    assert read(gated) == {"leave.md": "Leave is 28 days.", "new.md": "The canteen is new."}


def test_without_a_change_nothing_is_proposed(gated: Library) -> None:
    released = gated.index.states().released
    gated.put("leave.md", "Leave is 28 days.")
    gated.put("leave.md", "Leave is 27 days.")
    found = propose(gated.index, DAYS)
    assert (found.changed, found.state, found.released) == ((), released, released)


def test_a_source_with_another_name_and_the_same_documents_is_read_at_once(gated: Library) -> None:
    gated.index.rename(SOURCE, "file:///elsewhere")
    gated.index.commit()
    found = propose(gated.index, DAYS)
    assert (found.changed, found.state) == ((), gated.index.version())
    assert {source for source, _ in contents(gated.index.at(gated.index.states().released or ""))} == {
        "file:///elsewhere"
    }


def test_an_index_that_was_never_gated_is_read_as_it_is(library: Library) -> None:
    library.put("leave.md", "Leave is 27 days.")
    found = propose(library.index, DAYS)
    assert found.changed == ()
    assert library.index.states().released == library.index.version()


def test_what_moved_meanwhile_is_not_moved_back(gated: Library) -> None:
    gated.put("leave.md", "Leave is 28 days.")
    first = propose(gated.index, DAYS)
    gated.put("pay.md", "Pay comes on the 1st.")
    second = propose(gated.index, DAYS)
    assert release(gated.index, second) == ""
    assert "meanwhile" in release(gated.index, first)
    assert read(gated)["pay.md"] == "Pay comes on the 1st."


def test_an_ingest_while_a_state_is_measured_does_not_go_along(gated: Library) -> None:
    gated.put("leave.md", "Leave is 28 days.")
    measured = propose(gated.index, DAYS)
    gated.put("pay.md", "Pay never comes.")
    assert release(gated.index, measured) == ""
    assert read(gated) == {"leave.md": "Leave is 28 days.", "pay.md": "Pay comes on the 25th."}


def test_a_dropped_index_and_a_cleaned_state_are_said_by_name(gated: Library) -> None:
    gated.put("leave.md", "Leave is 28 days.")
    found = propose(gated.index, DAYS)
    with pytest.raises(IndexUnavailableError, match="no version 999"):
        release(gated.index, moves.Proposal("999", found.released, found.changed))
    gated.index.save_states(gated.index.states().model_copy(update={"released": "998"}))
    with pytest.raises(IndexUnavailableError, match="no version 998"):
        propose(gated.index, DAYS)
    gated.index.drop()
    with pytest.raises(InputError, match="was dropped meanwhile"):
        release(gated.index, found)
    with pytest.raises(InputError, match="there is no index"):
        propose(gated.index, DAYS)


def test_all_but_some_documents_are_released(gated: Library) -> None:
    gated.put("leave.md", "Leave is 3 days.")
    gated.put("pay.md", "Pay comes on the 1st.")
    found = propose(gated.index, DAYS)
    with pytest.raises(InputError, match=r"'rent.md' did not change .* changed leave.md, pay.md"):
        release_without(gated.index, found, ["rent.md"], "ada", "")
    state = release_without(gated.index, found, ["leave.md"], "ada", "wrong figure")
    assert gated.index.states().released == state == gated.index.version()
    assert read(gated) == {"leave.md": "Leave is 27 days.", "pay.md": "Pay comes on the 1st."}
    (kept_out,) = gated.index.states().quarantine
    assert (kept_out.document, kept_out.by, kept_out.reason) == ("leave.md", "ada", "wrong figure")
    assert propose(gated.index, DAYS).changed == ()


def test_a_rollback_moves_readers_back_and_quarantines_what_changed(gated: Library) -> None:
    before = gated.index.states().released
    gated.put("leave.md", "Leave is 3 days.")
    gated.put("new.md", "The canteen is new.")
    delete(gated, "pay.md")
    bad = contents(gated.index)
    release(gated.index, propose(gated.index, DAYS))
    gated.put("later.md", "Dogs are welcome.")
    states, changed = roll_back(gated.index, None, "ada", "wrong")
    assert states.released == before == gated.index.states().released
    assert [each.document for each in changed] == ["leave.md", "new.md", "pay.md"]
    assert read(gated) == {"leave.md": "Leave is 27 days.", "pay.md": "Pay comes on the 25th."}
    assert {each.key: each.document_hash for each in states.quarantine} == {
        (SOURCE, "leave.md"): bad[SOURCE, "leave.md"],
        (SOURCE, "new.md"): bad[SOURCE, "new.md"],
        (SOURCE, "pay.md"): None,
    }
    pending = propose(gated.index, DAYS)
    assert [each.document for each in pending.changed] == ["later.md"]
    with pytest.raises(InputError, match="none was released before"):
        roll_back(gated.index, None, "ada", "again")


def test_a_rollback_takes_only_states_that_are_kept(gated: Library) -> None:
    first = gated.index.states().released or ""
    for turn in range(2):
        gated.put("leave.md", f"Leave is {turn} days.")
        release(gated.index, propose(gated.index, DAYS))
    with pytest.raises(InputError, match=r"state '77' .* is not kept"):
        roll_back(gated.index, "77", "ada", "")
    states, _ = roll_back(gated.index, first, "ada", "")
    assert (states.released, states.earlier) == (first, [])
    assert read(gated)["leave.md"] == "Leave is 27 days."


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_killed_move_leaves_one_of_the_states_and_is_finished_later(
    gated: Library, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Killed before or after each write of `--without`; then the next release goes on."""
    before = read(gated)
    gated.put("leave.md", "Leave is 3 days.")
    gated.put("pay.md", "Pay comes on the 1st.")
    after = {"leave.md": "Leave is 27 days.", "pay.md": "Pay comes on the 1st."}
    found = propose(gated.index, DAYS)
    writes = 0

    def killing(method: str) -> None:
        written = getattr(LanceDBIndex, method)

        def write(*arguments: object) -> object:
            nonlocal writes
            writes += 1
            if writes == at:
                raise KeyboardInterrupt
            return written(*arguments)

        patch.setattr(LanceDBIndex, method, write)

    with monkeypatch.context() as patch:
        killing("save_states")
        killing("replace")
        with pytest.raises(KeyboardInterrupt):
            release_without(gated.index, found, ["leave.md"], "ada", "")
    assert read(gated) == before
    again = propose(gated.index, DAYS)
    assert ("leave.md" in {each.document for each in again.changed}) == (at == 1)
    if at > 1:
        assert release(gated.index, again) == ""
        assert read(gated) == after


def test_what_was_held_expires(gated: Library) -> None:
    """The documents that were blamed are given up, and hold nothing up any more."""
    gated.put("leave.md", "Leave is 3 days.")
    gated.put("pay.md", "Pay comes on the 1st.")
    found = propose(gated.index, DAYS)
    decision = unasked("held", "worse").model_copy(update={"documents": ["leave.md"]})
    hold(gated.index, found, decision)
    since = gated.index.states().held
    assert since is not None
    assert propose(gated.index, DAYS).expired == ()
    hold(gated.index, found, decision)
    assert gated.index.states().held == since, "held since it was held first"
    old = since.model_copy(update={"since": datetime.now(UTC) - timedelta(days=8)})
    gated.index.save_states(gated.index.states().model_copy(update={"held": old}))
    later = propose(gated.index, DAYS)
    assert (later.expired, [each.document for each in later.changed]) == (("leave.md",), ["pay.md"])
    states: IndexStates = gated.index.states()
    assert (states.held, [each.document for each in states.quarantine]) == (None, ["leave.md"])
    assert texts(gated.index)["leave.md"] == "Leave is 27 days."

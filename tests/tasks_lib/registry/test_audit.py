"""The audit: whatever is changed, taken out or moved is named, and what is forgotten leaves the chain whole."""

import json
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks_lib.home import Home
from tasks_lib.registry.audit import AuditError, erase_from_audit, read_audit, write_audit


@pytest.fixture
def written(home: Home) -> Home:
    for number in range(4):
        write_audit(home, "promoted", {"by": f"ann{number}", "before": number, "after": number + 1, "why": None})
    return home


def lines(home: Home) -> list[str]:
    return home.audit.read_text().splitlines()


def test_it_tells_who_did_what_in_order(written: Home) -> None:
    assert [(line.number, line.told) for line in read_audit(written)][1:3] == [
        (2, {"by": "ann1", "before": "1", "after": "2"}),
        (3, {"by": "ann2", "before": "2", "after": "3"}),
    ]
    assert written.audit.stat().st_mode & 0o077 == 0


def test_without_anything_done_there_is_nothing(home: Home) -> None:
    assert read_audit(home) == []


@given(st.integers(0, 3), st.sampled_from(["by", "what", "at", "number", "drop", "swap", "digest", "previous", "add"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_a_tampered_line_is_named(written: Home, at: int, how: str) -> None:
    before = lines(written)
    changed = [json.loads(line) for line in before]
    if how == "drop":
        if at == 3:  # the last one: only a head that was noted shows it
            return
        del changed[at]
    elif how == "swap":
        changed[at - 1], changed[at] = changed[at], changed[at - 1]
    elif how == "by":
        changed[at]["told"]["by"] = "eve"
    elif how == "add":
        changed[at]["told"]["comment"] = "it was agreed"
    else:
        changed[at][how] = {"what": "held", "at": "2020-01-01T00:00:00Z", "number": 9}.get(how, "f" * 64)
    written.audit.write_text("".join(json.dumps(line) + "\n" for line in changed))
    try:
        with pytest.raises(AuditError, match=r"line \d of the audit"):
            read_audit(written)
    finally:
        written.audit.write_text("".join(f"{line}\n" for line in before))


def test_lines_that_were_taken_from_the_end_are_missed_by_a_head_that_was_noted(written: Home) -> None:
    head = read_audit(written)[-1].digest
    write_audit(written, "held", {"by": "bo"})
    assert len(read_audit(written, head=head)) == 5
    written.audit.write_text("".join(f"{line}\n" for line in lines(written)[:3]))
    assert len(read_audit(written)) == 3
    with pytest.raises(AuditError, match="taken from its end"):
        read_audit(written, head=head)


def test_what_is_forgotten_is_gone_and_the_chain_holds(written: Home) -> None:
    head = read_audit(written)[-1].digest
    assert erase_from_audit(written, lambda text: "ann2" in text) == 1
    assert b"ann2" not in written.audit.read_bytes()
    write_audit(written, "forgot", {"by": "bo"})
    told = read_audit(written, head=head)
    assert [line.told.get("by") for line in told] == ["ann0", "ann1", None, "ann3", "bo"]
    assert "by" in told[2].digests


def test_a_line_that_was_half_written_is_cut_off_by_the_next(written: Home) -> None:
    with written.audit.open("ab") as file:
        file.write(b'{"number": 5, "at"')
    with pytest.raises(AuditError, match="line 5"):
        read_audit(written)
    write_audit(written, "held", {"by": "bo"})
    assert [line.number for line in read_audit(written)] == [1, 2, 3, 4, 5]


def test_writers_at_the_same_time_make_one_chain(home: Home) -> None:
    threads = [
        threading.Thread(target=lambda: [write_audit(home, "held", {"by": "x"}) for _ in range(5)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_audit(home)) == 20


def test_it_is_one_line_a_thing(written: Home, tmp_path: Path) -> None:
    write_audit(written, "held", {"why": "two\nlines\u2028or three"})
    assert read_audit(written)[-1].told == {"why": "two\nlines\u2028or three"}

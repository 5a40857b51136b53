"""The audit of a home: who did what, with before and after, in a file that only grows and whose lines are chained.

Each line has the digest of the line before it, so that a line that is changed, taken out or moved is seen. What was
said is chained by salted digests: what is forgotten can be taken out of a line, and the chain holds.

It guarantees nothing against who may write the home: the whole chain can be made anew. Keep `head` elsewhere, and
:func:`read_audit` tells whether it is still a part of the chain.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock
from pydantic import Field, ValidationError

from tasks_lib.config.strict import StrictModel
from tasks_lib.errors import LlmopsError
from tasks_lib.home import Home

FIRST = "0" * 64
"""What the first line says of the line before it."""
KEPT_IN = "kept_in"
"""What a line about a key tells of its place, if that lies outside of the home."""
_TAIL = 1 << 16


class AuditError(LlmopsError):
    """The audit is not what was written."""


class AuditLine(StrictModel):
    """One thing that somebody did."""

    number: int = Field(ge=1)
    at: datetime
    what: str = Field(description="Such as `promoted`, `rolled back`, `key revoked` or `forgot`.")
    told: dict[str, str] = Field(description="`by`, `about`, `before`, `after` and more; without what was forgotten.")
    salts: dict[str, str]
    digests: dict[str, str] = Field(description="Of everything that was told.")
    previous: str
    digest: str = Field(default="", description="Of this line; that of the newest is the chain's head.")

    def own_digest(self) -> str:
        """What `digest` must be."""
        chained = [self.number, self.at.isoformat(), self.what, self.digests, self.previous]
        return hashlib.sha256(json.dumps(chained, sort_keys=True).encode()).hexdigest()


def write_audit(home: Home, what: str, told: Mapping[str, object]) -> AuditLine:
    """Add a line; what is `None` or empty is not told."""
    said = {name: str(value) for name, value in told.items() if value not in {None, ""}}
    salts = {name: secrets.token_hex(16) for name in said}
    digests = {name: _digest(name, salts[name], value) for name, value in said.items()}
    with _locked(home):
        last = _last_line(home.audit)
        line = AuditLine(
            number=last.number + 1 if last else 1,
            at=datetime.now(UTC),
            what=what,
            told=said,
            salts=salts,
            digests=digests,
            previous=last.digest if last else FIRST,
        )
        line = line.model_copy(update={"digest": line.own_digest()})
        descriptor = os.open(home.audit, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(line.model_dump_json().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
    return line


def read_audit(home: Home, *, head: str = "") -> list[AuditLine]:
    """All lines, the oldest first, once their chain was checked; none where nothing was done yet.

    :param head: Digest of a line that somebody wrote down: it must still be there.
    :raises AuditError: Naming the line that was changed, taken out or moved, or that the head is gone.
    """
    lines = list(_read(home.audit))
    previous = FIRST
    for number, line in enumerate(lines, start=1):
        if line.number != number or line.previous != previous:
            raise _tampered(home, number, "a line before it was taken out or moved")
        if line.digest != line.own_digest() or not line.told.keys() <= line.digests.keys():
            raise _tampered(home, number, "it was changed")
        for name, value in line.told.items():
            if line.digests[name] != _digest(name, line.salts.get(name, ""), value):
                raise _tampered(home, number, f"its {name!r} was changed")
        previous = line.digest
    if head and all(line.digest != head for line in lines):
        raise AuditError(
            f"no line of {str(home.audit)!r} has the digest {head[:12]}…: lines were taken from its end, or it was "
            "made anew",
            hint="Bring back a copy of the home from when that head was noted.",
        )
    return lines


def erase_from_audit(home: Home, holds: Callable[[str], bool]) -> int:
    """Take what `holds` finds out of what lines tell; how many lines lost something. The chain stays as it is."""
    if not home.audit.exists():
        return 0
    with _locked(home):
        changed, lines = 0, []
        for line in _read(home.audit):
            kept = {name: value for name, value in line.told.items() if not holds(value)}
            changed += kept != line.told
            salts = {name: salt for name, salt in line.salts.items() if name in kept}
            lines.append(line.model_copy(update={"told": kept, "salts": salts}))
        if changed:
            scratch = home.audit.with_suffix(".new")
            scratch.unlink(missing_ok=True)
            descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.writelines(line.model_dump_json().encode() + b"\n" for line in lines)
                file.flush()
                os.fsync(file.fileno())
            scratch.replace(home.audit)
    return changed


def _digest(name: str, salt: str, value: str) -> str:
    return hashlib.sha256(f"{name}\x1f{salt}\x1f{value}".encode("utf-8", "surrogatepass")).hexdigest()


def _tampered(home: Home, number: int, why: str) -> AuditError:
    return AuditError(
        f"line {number} of the audit {str(home.audit)!r} is not what was written: {why}",
        hint="Compare it with a copy of the home; what comes after that line proves nothing.",
    )


def _read(path: Path) -> Iterator[AuditLine]:
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return
    for number, line in enumerate(text.split(b"\n")[: -1 if text.endswith(b"\n") else None], start=1):
        try:
            yield AuditLine.model_validate_json(line)
        except ValidationError as error:
            raise AuditError(
                f"line {number} of the audit {str(path)!r} cannot be read",
                hint="If it is the last one, its writer was killed: take that half line away.",
            ) from error


def _last_line(path: Path) -> AuditLine | None:
    """The newest line; a half one, whose writer was killed, is cut off."""
    if not path.exists() or not path.stat().st_size:
        return None
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        start = max(0, size - _TAIL)
        file.seek(start)
        tail = file.read()
        whole = tail.rfind(b"\n") + 1
        if whole < len(tail):
            file.truncate(start + whole)
    lines = tail[:whole].rstrip(b"\n").split(b"\n")
    return AuditLine.model_validate_json(lines[-1]) if lines[-1] else None


@contextmanager
def _locked(home: Home) -> Iterator[None]:
    with FileLock(home.ensure().locks / "audit.lock"):
        yield

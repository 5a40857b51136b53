"""What was decided since a backup was made must hold after it was restored: what is kept out, keys, and the audit.

An old backup brings back what was forgotten since. The list of what is kept out tells documents and texts by keyed
digests, the audit tells traces and users by theirs; what has one of these digests in the restored home is named here,
to be forgotten once more.
"""

import json
import shutil
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tasks_lib.backup.block_keys import carry_over_blocks
from tasks_lib.config.key_file import KeyFile
from tasks_lib.config.keyed_digest import keyed_digest
from tasks_lib.config.pseudonyms import pseudonyms
from tasks_lib.errors import InputError
from tasks_lib.forgetting.documents import EVERYTHING, states_of, texts_of
from tasks_lib.forgetting.traces import all_traces
from tasks_lib.home import Home
from tasks_lib.registry.audit import AuditLine, read_audit
from tasks_lib.registry.denials import Denial, Denials, merge_denials, stored_denials
from tasks_lib.registry.tracking import TRACE_CALLER_TAG

if TYPE_CHECKING:
    from tasks_lib.assistant.contract.index import Index
    from tasks_lib.assistant.contract.platform import Platform
    from tasks_lib.registry.assistant_client import AssistantClient

FORGOT = "forgot"
"""In the audit."""
KEY = "key "
"""Before the holder of a key, in the audit and in an identity."""
_ENDINGS = {".json", ".jsonl", ".md", ".html", ".txt", ".log", ".yaml", ".csv"}


@dataclass(frozen=True)
class Since:
    """What was decided after the backup was made.

    :param denials: What has been kept out since.
    :param records: `trace` or `user`, and the digest by which the audit knows it.
    :param closed: Blocks with API keys whose lists nobody knows as they are now, and which were taken out.
    """

    denials: list[Denial] = field(default_factory=list)
    records: set[tuple[str, str]] = field(default_factory=set)
    keys: bool = False
    audit: bool = False
    closed: list[str] = field(default_factory=list)

    @property
    def forgot(self) -> bool:
        """Whether anything was forgotten."""
        return bool(self.denials or self.records)


@dataclass(frozen=True)
class ToForget:
    """What the restored home holds of it: as `llmops forget` names it."""

    documents: list[tuple[str, str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    traces: list[str] = field(default_factory=list)


def carry_over(later: Home, restored: Home) -> Since:
    """Bring the list of what is kept out, the keys and the audit of `later` into the restored home.

    :param later: The home that is replaced, or a folder with copies of these files.
    :raises InputError: If `later` has forgotten something under another secret, so that its list cannot be applied.
    """
    known = stored_denials(later)
    ours, theirs = read_audit(restored), read_audit(later)
    lines = _since(ours, theirs)
    records = {(kind, digest) for line in lines for kind, digest in [_forgotten(line)] if kind in {"trace", "user"}}
    if known or records:
        _share_secret(later, restored)
    added = merge_denials(restored, known)
    continues = bool(lines)
    if continues:
        shutil.copy2(later.audit, restored.audit)
        if later.forgotten.exists():  # what a person has let in since is let in
            shutil.copy2(later.forgotten, restored.forgotten)
    keys = KeyFile(later.api_keys).in_use()
    if keys:
        KeyFile(later.api_keys).read()
        shutil.copy2(later.api_keys, restored.api_keys)
    closed = carry_over_blocks(later, restored)
    return Since(added, records, keys=keys, audit=continues, closed=closed)


def find_forgotten(since: Since, platform: "Platform", client: "AssistantClient", home: Home) -> ToForget:
    """What of it the restored home holds."""
    denials = Denials(since.denials, keyed_digest(home))
    states = [state for name in platform.indexes() for state in states_of(platform.open_index(name))]
    documents = sorted(
        {
            (source, path)
            for state in states
            for source in state.info().sources
            for path, digest in state.manifest(source).items()
            if denials.keeps_out(source, path, digest)
        }
    )
    texts: set[str] = set()
    if denials.any_text:
        for text in _texts(states, home):
            texts |= denials.texts_in(text)
    return ToForget(documents, sorted(texts), _traces(since.records, client, home))


def _since(ours: list[AuditLine], theirs: list[AuditLine]) -> list[AuditLine]:
    """Lines of the later audit after those of the restored one; none where it does not go on from these."""
    if ours and (len(theirs) < len(ours) or theirs[len(ours) - 1].digest != ours[-1].digest):
        return []
    return theirs[len(ours) :]


def _forgotten(line: AuditLine) -> tuple[str, str]:
    kind, _, digest = line.told.get("about", "").partition(" ") if line.what == FORGOT else ("", "", "")
    return kind, digest


def _share_secret(later: Home, restored: Home) -> None:
    if not later.forget_secret.exists():
        raise InputError(
            f"{str(later.root)!r} has a list of what was forgotten and not the secret that it is made with",
            hint=f"Put its {later.forget_secret.name!r} there as well.",
        )
    if not restored.forget_secret.exists():
        shutil.copy2(later.forget_secret, restored.forget_secret)
    elif restored.forget_secret.read_bytes() != later.forget_secret.read_bytes():
        raise InputError(
            f"what was forgotten in {str(later.root)!r} cannot be looked for in this backup: it is of another home, "
            "whose list has another secret",
            hint="Restore it into an empty home: set LLMOPS_HOME to another folder.",
        )


def _texts(states: "Collection[Index]", home: Home) -> Iterator[str]:
    """What people wrote and read: chunks, whatever is in MLflow's database, and files that hold text."""
    for state in states:
        yield from map(texts_of, state.sample(EVERYTHING, 0))
    yield from _of_database(home.mlflow_database)
    for path in home.root.rglob("*"):
        if path.suffix in _ENDINGS and path.is_file():
            yield from _spoken(path.read_text(encoding="utf-8", errors="replace"))


def _of_database(path: Path) -> Iterator[str]:
    if not path.is_file():
        return
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        for (table,) in tables.fetchall():
            name = table.replace('"', '""')
            for row in connection.execute(f'SELECT * FROM "{name}"'):  # noqa: S608  # nosec B608
                yield from (text for value in row if isinstance(value, str) for text in _spoken(value))


def _spoken(text: str) -> Iterator[str]:
    """A text, and what JSON in it says, without the escapes that would run into its words."""
    yield text
    for line in [text] if text[:1] in "[{" else text.splitlines():
        if line[:1] in {"{", "["} and "\\" in line:
            try:
                yield from _strings(json.loads(line))
            except ValueError:
                continue


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield from _spoken(value)
    elif isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)


def _traces(records: Collection[tuple[str, str]], client: "AssistantClient", home: Home) -> list[str]:
    """Ids of the traces that were forgotten, or whose caller was."""
    if not records:
        return []
    digest, names = keyed_digest(home), _names_of_callers(home)
    found = []
    for trace in all_traces(client):
        caller = trace.info.tags.get(TRACE_CALLER_TAG, "")
        known = {("trace", digest.of("trace", "", trace.info.trace_id))}
        known |= {("user", digest.of("user", "", name)) for name in (caller, *names.get(caller, ())) if name}
        if known & {*records}:
            found.append(trace.info.trace_id)
    return found


def _names_of_callers(home: Home) -> dict[str, list[str]]:
    """Pseudonym → the holders of keys who have it. Of keys outside of the home the audit tells the holders."""
    about = (line.told.get("about", "") for line in read_audit(home))
    names = {key.name for key in KeyFile(home.api_keys).read()}
    names |= {told.removeprefix(KEY) for told in about if told.startswith(KEY)}
    known = pseudonyms(home)
    return {known.of(f"{KEY}{name}"): [name] for name in sorted(names)}

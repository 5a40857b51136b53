"""The description of an assistant in the registry: what is live, since when and by whom, and what happened before."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tasks_lib.registry.history import NEWEST, WRONG, Entry, read_history, read_live_entry
from tasks_lib.registry.holds import Hold, read_hold
from tasks_lib.registry.moments import minute

if TYPE_CHECKING:
    from tasks_lib.registry.assistant_client import AssistantClient

MARK = "[//]: # (llmops writes what follows)"
"""A line that Markdown does not show; what a person has written above it stays."""
SHOWN = 10
RECENT = timedelta(days=1)
"""Of what went wrong."""
LIVE_MARK, PAST_MARK = "**In production**", "**In production no longer**"
LONGEST = 5000
"""Characters of a version's description that the registry keeps."""
LONGEST_PART = 400


def describe_model(client: "AssistantClient", alias: str) -> str:
    """Write the description into the registry; what cannot be written is logged: what it tells has happened already.

    :param alias: That of production.
    :returns: The part that this project writes; empty if it could not.
    """
    model = client.assistant
    try:
        registered = client.get_registered_model(model)
        named = registered.aliases.get(alias)
        production = int(named) if named else None
        live = read_live_entry(client, production) if production else None
        entries = read_history(client, NEWEST)
        ours = description(production, live, read_hold(client, model), entries, datetime.now(UTC))
        theirs = (registered.description or "").partition(MARK)[0].strip()
        client.update_registered_model(model, "\n\n".join(part for part in (theirs, MARK, ours) if part))
        _mark_live(client, {int(number) for number in registered.aliases.values()}, production, live)
    except Exception as error:  # noqa: BLE001  (MLflow and requests raise anything)
        logging.getLogger(__name__).warning("the description of %r could not be written: %s", model, error)
        return ""
    return ours


def _mark_live(client: "AssistantClient", named: set[int], production: int | None, live: Entry | None) -> None:
    """Say first in the description of the version that is live that it is, and in what was live that it was.

    :param named: Versions that an alias names: what was live before is among them.
    """
    for number in named:
        text = client.get_model_version(client.assistant, str(number)).description or ""
        said, _, rest = text.partition("\n\n")
        if number == production:
            told = f"{LIVE_MARK}{_since(live)}"
        elif said.startswith(LIVE_MARK):
            told = f"{PAST_MARK}{_since(live)}"
        else:
            continue
        rest = rest if said.startswith((LIVE_MARK, PAST_MARK)) else text
        marked = "\n\n".join(part for part in (told, rest) if part)[:LONGEST]
        if marked != text:
            client.update_model_version(client.assistant, str(number), marked)


def description(
    production: int | None, live: Entry | None, hold: Hold | None, entries: Sequence[Entry], now: datetime
) -> str:
    """The description as Markdown: what is live, what waits, what went wrong within a day, and what happened.

    :param entries: Newest first.
    """
    waits = [entry for entry in entries if entry.what == "waits for approval"]
    wrong = [entry for entry in entries if entry.what in WRONG and entry.at > now - RECENT]
    told = {entry.run_id for entry in (*waits, *wrong)}
    past = [_told(entry, in_full=entry.run_id not in told) for entry in entries[:SHOWN]]
    parts = [
        told_live(production, live),
        f"{hold}. {hold.way_out}" if hold else "",
        _section("Waits for a person", [_waits(entry, production) for entry in waits])
        or "**Nothing waits for a person.**",
        _section(f"Went wrong within a day before {minute(now)}", [_told(entry) for entry in wrong])
        or f"**Nothing failed or was interrupted** within a day before {minute(now)}.",
        _section("What happened", past),
    ]
    return "\n\n".join(part for part in parts if part)


def _section(title: str, lines: Sequence[str]) -> str:
    return "\n\n".join((f"**{title}**", "\n".join(lines))) if lines else ""


def _waits(entry: Entry, production: int | None) -> str:
    why = entry.in_vain(production)
    return f"{_told(entry)}; **an approval would promote nothing**: {why}" if why else _told(entry)


def told_live(production: int | None, live: Entry | None) -> str:
    """What is live, since when, by whom and why."""
    if production is None:
        return "**Nothing is in production.**"
    if live is None:
        return f"**Version {production} is in production.** No run put it there: an alias was moved by hand."
    return f"**Version {production} is in production**{_since(live)}"


def _since(live: Entry | None) -> str:
    if live is None:
        return "."
    return f" since {minute(live.at)}: {live.title}, by {live.who}{f': {live.why}' if live.why else '.'}"


def _told(entry: Entry, *, in_full: bool = True) -> str:
    """An entry as a line of a list: pages of Prefect cut the cells of a table off.

    :param in_full: Also why, what changed and the reason, which stand above otherwise.
    """
    because = "; ".join(part for part in (entry.why, entry.told_changes, entry.reason) if part and in_full)
    return f"- {minute(entry.at)} **{entry.title}**, by {_line(entry.who)}{': ' + _line(because) if because else ''}"


def _line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_PART else text[:LONGEST_PART] + "…"

"""`llmops index`: list the indexes and what needs them, and drop one that nothing needs."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from pydantic import BaseModel, Field

from blocks.resolve import resolve_platform
from tasks_lib.assistant.contract.platform import Platform
from tasks_lib.config.settings import Settings
from tasks_lib.errors import IndexUnavailableError, InputError
from tasks_lib.registry.needs import Need, needs

Consent = Callable[[str], bool]
"""Asks a person a question that is answered with yes or no."""


class IndexRow(BaseModel):
    """One index."""

    name: str
    version: str | None = None
    chunks: int = 0
    documents: int = 0
    sources: list[str] = Field(default_factory=list)
    problem: str = Field(default="", description="Why the index cannot be read.")
    bytes: int | None = None
    needed_by: list[str] = Field(default_factory=list, description="Versions with an alias that read it.")
    pinned_by: list[str] = Field(default_factory=list, description="Versions that read one kept state of it.")
    questions: list[str] = Field(default_factory=list, description="Evaluation sets that were made from it.")

    @property
    def needs(self) -> list[str]:
        """Everything that needs it, in words."""
        return [*self.needed_by, *self.pinned_by, *self.questions]


class IndexList(BaseModel):
    """All indexes of a platform; `dropped` names the one that was just deleted."""

    indexes: list[IndexRow]
    dropped: str | None = None


def list_indexes(settings: Settings, platform: str) -> IndexList:
    """List every index with its counts and what needs it.

    :raises InputError: If production reads another collection than the one that is given.
    """
    resolved = _agreeing(settings, platform)
    return IndexList(indexes=_rows(resolved, settings))


def drop_index(
    name: str, settings: Settings, platform: str, *, force: bool = False, consent: Consent = lambda _: False
) -> IndexList:
    """Delete an index.

    A person is asked without a lock, and may take their time. Then writers and alias moves are kept away, and what
    needs the index is looked up again: what came in between was not agreed to.

    :param force: Delete it although something needs it, if `consent` to the list of all that does is given.
    :raises InputError: If it does not exist, or something needs it and `force` or the consent is missing.
    :raises IndexUnavailableError: If a run writes to it.
    """
    resolved = _agreeing(settings, platform)
    agreed = _agreed_losses(_existing(name, resolved, settings)[name], force=force, consent=consent)
    opened = resolved.open_index(name)
    with opened.writing(0), _aliases_at_rest(resolved, settings):
        rows = _existing(name, resolved, settings)
        if new := [need for need in rows[name].needs if need not in agreed]:
            raise InputError(
                f"index {name!r} was not deleted: meanwhile it came to be needed by: {'; '.join(new)}",
                hint="Look at `llmops index list`, and decide again.",
            )
        opened.drop()
    return IndexList(indexes=[row for row in rows.values() if row.name != name], dropped=name)


def _existing(name: str, platform: Platform, settings: Settings) -> dict[str, IndexRow]:
    """Name → row of all indexes, `name` among them."""
    rows = {row.name: row for row in _rows(platform, settings)}
    if name not in rows:
        raise InputError(
            f"there is no index {name!r}; indexes: {', '.join(rows) or 'none'}", hint="See `llmops index list`."
        )
    return rows


@contextmanager
def _aliases_at_rest(platform: Platform, settings: Settings) -> Iterator[None]:
    """Let nobody promote or roll back to a version whose index is about to go."""
    from tasks_lib.registry.moves import alias_lock
    from tasks_lib.registry.tracking import connect

    with ExitStack() as stack:
        for model in sorted(connect(platform, settings.assistant).models()):
            stack.enter_context(alias_lock(model))
        yield


def _agreed_losses(row: IndexRow, *, force: bool, consent: Consent) -> list[str]:
    """What needs the index, and may lose it."""
    if not row.needs:
        return []
    text = "; ".join(row.needs)
    if not force:
        raise InputError(
            f"index {row.name!r} is needed by: {text}",
            hint="Deploy versions that read another index first; or delete it all the same with --force.",
        )
    if not consent(f"Index {row.name!r} is needed by: {text}. Delete it, and lose what these read?"):
        raise InputError(
            f"index {row.name!r} was not deleted: nobody said yes to losing what {text} read",
            hint="Answer the question with yes; without a terminal give --yes.",
        )
    return row.needs


def _agreeing(settings: Settings, platform: str) -> Platform:
    from tasks_lib.registry.agreement import require_production

    resolved = resolve_platform(platform)
    require_production(resolved, settings)
    return resolved


def _rows(platform: Platform, settings: Settings) -> list[IndexRow]:
    from tasks_lib.registry.tracking import connect

    by_index: dict[str, list[Need]] = {}
    for need in needs(connect(platform, settings.assistant)):
        by_index.setdefault(need.index, []).append(need)
    return [_row(platform, name, by_index.get(name, [])) for name in platform.indexes()]


def _row(platform: Platform, name: str, found: list[Need]) -> IndexRow:
    row = IndexRow(
        name=name,
        needed_by=[need.why for need in found if need.kind == "alias"],
        pinned_by=[need.why for need in found if need.kind == "pinned"],
        questions=[need.why for need in found if need.kind == "questions"],
    )
    try:
        info = platform.open_index(name).info()
    except IndexUnavailableError as error:
        return row.model_copy(update={"problem": error.message})
    counts = {field: getattr(info, field) for field in ("version", "chunks", "documents", "sources", "bytes")}
    return row.model_copy(update=counts)

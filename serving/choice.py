"""Which of several assistants a request means, among those that its key may ask."""

from collections.abc import Iterable

from fastapi import HTTPException, Request


def bound_to(request: Request) -> frozenset[str] | None:
    """The assistants that the request's key is bound to; `None` for all."""
    bound: frozenset[str] | None = getattr(request.state, "assistants", None)
    return bound


def visible_names(request: Request, names: Iterable[str]) -> list[str]:
    """Those of `names` that the request's key may ask."""
    bound = bound_to(request)
    return [name for name in names if bound is None or name in bound]


def chosen_name(request: Request, names: Iterable[str], *given: str | None) -> str:
    """The one of `names` that the request gives, by path or field; without a name, the only one that it may ask.

    :raises HTTPException: 400 if it gives none of several, or two; 403 if its key may ask none that is served; 404 if
        there is none of that name for its key.
    """
    visible = visible_names(request, names)
    if not visible:
        raise HTTPException(403, "This caller may ask none of the assistants that are served here.")
    wanted = sorted({name for name in given if name is not None})
    if len(wanted) > 1:
        raise HTTPException(400, f"The request names two assistants: {wanted[0]!r} and {wanted[1]!r}.")
    if wanted and wanted[0] not in visible:
        raise HTTPException(404, f"The assistant {wanted[0]!r} does not exist; there is {listed(visible)}.")
    if wanted:
        return wanted[0]
    if len(visible) != 1:
        there = f"Name one in the field `assistant` or the path: {listed(visible)}."
        raise HTTPException(400, f"The request names no assistant. {there}")
    return visible[0]


def listed(names: Iterable[str]) -> str:
    """For a message."""
    return ", ".join(map(repr, names)) or "none"

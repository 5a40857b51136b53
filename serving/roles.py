"""What each route asks of its caller."""

from tasks_lib.config.api_keys import ApiKey, Role

ROUTES: tuple[tuple[str, Role], ...] = (
    ("/predict", "ask"),
    ("/v1", "ask"),
    ("/mcp", "ask"),
    ("/examples", "ask"),
    ("/feedback", "feedback"),
    ("/metrics", "metrics"),
    ("/queue", "review"),
    ("/labels", "review"),
    ("/set", "review"),
)
"""Path, with all below it → role. The last three are the review page's."""
ANY_CALLER = frozenset({"/caller"})
"""Paths of whoever has a key or a token."""


def role_of(path: str) -> Role | None:
    """The role that a path asks for; `None` for what every caller may read, and where there is no route."""
    return next((role for prefix, role in ROUTES if path == prefix or path.startswith(f"{prefix}/")), None)


def refusal(caller: ApiKey, path: str) -> str | None:
    """Why a caller may not use the route; `None` if it may."""
    role = role_of(path)
    if role is None or caller.may(role):
        return None
    own = ", ".join(sorted(caller.roles)) or "none"
    return f"{path} needs the role {role!r}; this caller's roles: {own}."

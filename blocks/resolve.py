"""From the name of a platform to the platform itself, in one place."""

from typing import TYPE_CHECKING

from blocks.local import LOCAL, LocalPlatform
from tasks_lib.errors import ConfigurationError

if TYPE_CHECKING:
    from tasks_lib.platform import Platform


def resolve_platform(name: str = LOCAL) -> "Platform":
    """The platform called `name`; `local` is built in code and never contacts Prefect.

    :raises ConfigurationError: If there is no such platform; the message lists those that exist.
    """
    if name == LOCAL:
        return LocalPlatform()
    raise ConfigurationError(
        f"there is no platform {name!r}; platforms: {LOCAL}",
        hint=f"Use --platform {LOCAL}.",
    )

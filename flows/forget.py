"""Flow `forget`: what is forgotten is taken out of everything that the loop has written."""

from typing import Literal

from flows.erasure import erase
from flows.naming import concluded
from flows.verb import flow
from tasks_lib.config.load import for_assistant
from tasks_lib.config.settings import Settings
from tasks_lib.forgetting.receipt import Receipt

__all__ = ["Receipt", "forget"]

LONGEST_SECONDS = 6 * 3600


@flow(
    name="forget",
    flow_run_name="forget",
    description="Take a document, a trace or a user's traces out of everything that was written.",
    timeout_seconds=LONGEST_SECONDS,
)
def forget(
    kind: Literal["document", "trace", "user"] = "document",
    what: str = "",
    settings: Settings | None = None,
    platform: str = "local",
    assistant: str | None = None,
    source: str | None = None,
    *,
    dry_run: bool = True,
) -> Receipt:
    """Forget as a deployment. A person's value is forgotten by the command alone: Prefect keeps parameters.

    Args:
        kind: What it is.
        what: Path of the document, id of the trace, or pseudonym of the user.
        settings: The keys of a configuration file. Leave it empty for the defaults.
        platform: Platform that gives addresses and credentials.
        assistant: Name of the assistant. Leave it empty for the one that the settings name.
        source: Source of the document, where several have its path.
        dry_run: Only list what would go.

    :raises InputError: If there is nothing of it, or nothing was named.
    """
    settings = for_assistant(settings, assistant)
    receipt = erase(kind, what, settings, platform, source=source, dry_run=dry_run)
    verb = "would forget" if dry_run else "forgot"
    return concluded(receipt, f"{verb} a {kind}: {receipt.count} items")

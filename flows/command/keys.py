"""The verbs of `llmops keys`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from flows.command.environment import ensure_state
from flows.command.examples import epilogue
from flows.command.options import DEFAULTS, Options
from flows.command.render_history import at
from flows.command.running import execute
from tasks_lib.home import Home

if TYPE_CHECKING:
    from rich.console import Console

    from flows.keys import Given

Limit = Annotated[int | None, Parameter(help="Limit of this key; the endpoint's without.")]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Opens:
    """What a key opens."""

    groups: Annotated[
        str | None,
        Parameter(help="Groups whose documents its holder sees beside public ones, as hr,legal; '' for none."),
    ] = None
    role: Annotated[
        tuple[str, ...],
        Parameter(
            negative="",
            help="What its holder may do: ask, feedback, metrics, review, admin; repeat it. Ask and feedback without.",
        ),
    ] = ()
    requests_per_minute: Limit = None
    tokens_per_minute: Limit = None

    def given(self, options: Options) -> "Given":
        """As the flow takes it, with the assistants of --assistant."""
        from flows.keys import Given

        groups = None if self.groups is None else self.groups.split(",") if self.groups.strip() else ()
        return Given(
            assistants=options.assistant,
            groups=groups,
            roles=self.role,
            requests_per_minute=self.requests_per_minute,
            tokens_per_minute=self.tokens_per_minute,
        )


NOTHING_SAID = Opens()
Name = Annotated[str, Parameter(help="Who holds the key: a person, a team or an application.")]

keys = App(
    name="keys", help="Make, list, replace and end the API keys of the endpoint.", help_epilogue=epilogue("keys")
)


@keys.command
def create(
    name: Name,
    *,
    days: Annotated[float | None, Parameter(help="After which the key ends; it does not without.")] = None,
    opens: Opens = NOTHING_SAID,
    options: Options = DEFAULTS,
) -> int:
    """Make a key and show it once; with --assistant it opens only these assistants."""
    ensure_state(Home.from_environment())
    from flows.keys import create as run

    execute(lambda: run(name, given=opens.given(options), days=days, platform=options.platform), shown, options)
    return 0


@keys.command
def change(
    name: Name,
    *,
    opens: Opens = NOTHING_SAID,
    options: Options = DEFAULTS,
) -> int:
    """Let the valid keys of a holder open something else, at once; what is not named stays."""
    ensure_state(Home.from_environment())
    from flows.keys import change as run

    execute(lambda: run(name, opens.given(options), platform=options.platform), shown, options)
    return 0


@keys.command
def rotate(
    name: Name,
    *,
    grace_hours: Annotated[float, Parameter(show_default=True, help="For which the old key still works.")] = 0,
    options: Options = DEFAULTS,
) -> int:
    """Replace a key by another one that opens the same for the same holder, and show it once."""
    ensure_state(Home.from_environment())
    from flows.keys import rotate as run

    execute(lambda: run(name, grace_hours=grace_hours, platform=options.platform), shown, options)
    return 0


@keys.command
def revoke(name: Name, *, options: Options = DEFAULTS) -> int:
    """End all valid keys of a holder at once."""
    ensure_state(Home.from_environment())
    from flows.keys import revoke as run

    execute(lambda: run(name, platform=options.platform), shown, options)
    return 0


@keys.command(name="list")
def list_(*, options: Options = DEFAULTS) -> int:
    """List all keys, the newest first: who holds them, what they open and until when; never the keys themselves."""
    ensure_state(Home.from_environment())
    from flows.keys import list_keys

    execute(lambda: list_keys(options.platform), shown, options)
    return 0


def shown(console: "Console", result: Mapping[str, Any]) -> None:
    """A table of keys, and below it the new one."""
    from rich.table import Table
    from rich.text import Text

    if not result["keys"]:
        console.print("There are no keys: `llmops keys create NAME` makes one.")
        console.print(Text(f"They are kept in {result['place']}."), soft_wrap=True)
        return
    table = Table("name", "state", "assistants", "groups", "roles", "made", "ends", "SHA-256 begins")
    for row in result["keys"]:
        made = f"{at(row['created_at'])} by {row['created_by']}"
        if row["revoked_at"]:
            ends = f"revoked {at(row['revoked_at'])} by {row['revoked_by']}"
        else:
            ends = at(row["expires_at"]) if row["expires_at"] else "–"
        assistants = "all" if row["assistants"] is None else ", ".join(row["assistants"])
        groups = ", ".join(row["groups"]) or "–"
        told = map(Text, (assistants, groups, ", ".join(row["roles"]), made, ends))
        table.add_row(row["name"], row["state"], *told, row["begins"])
    console.print(table)
    console.print(Text(f"Kept in {result['place']}."), soft_wrap=True)
    if result["key"]:
        console.print(Text(result["key"], style="bold"), soft_wrap=True)
        console.print(
            "The key itself is kept nowhere and not shown again. Clients send it as `Authorization: Bearer KEY`."
        )

"""Options that every verb takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import Parameter

from tasks_lib.config.settings import Settings
from tasks_lib.errors import InputError


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Options:
    """Platform, configuration and output."""

    platform: Annotated[str, Parameter(show_default=True, help="Platform that gives addresses and credentials.")] = (
        "local"
    )
    assistant: Annotated[
        tuple[str, ...], Parameter(negative="", help="Name of the assistant; `rag-assistant` without it.")
    ] = ()
    config: Annotated[
        tuple[str, ...], Parameter(negative="", help="YAML file, local or s3://; repeat it, the last one wins.")
    ] = ()
    set: Annotated[
        tuple[str, ...], Parameter(name="--set", negative="", help="One key, as key.path=value; repeat it for more.")
    ] = ()
    json: Annotated[bool, Parameter(negative="", help="Print one JSON object on stdout.")] = False
    verbose: Annotated[bool, Parameter(name=["--verbose", "-v"], negative="", help="Show Prefect's logs.")] = False

    @property
    def configured(self) -> bool:
        """Whether the user gave any configuration."""
        return bool(self.config or self.set)

    def settings(self, flags: Mapping[str, Any] | None = None) -> Settings:
        """The merged configuration; `flags` maps dotted keys to the verb's own flags."""
        from tasks_lib.config.load import load_settings

        if len(self.assistant) > 1:
            raise InputError(
                f"this verb takes one assistant, and not {len(self.assistant)}: {', '.join(self.assistant)}",
                hint="Run it once for each; `serve` and `up` take several.",
            )
        named = {"assistant": self.assistant[0]} if self.assistant else {}
        return load_settings(self.config, self.set, {**(flags or {}), **named})


DEFAULTS = Options()


Groups = Annotated[
    tuple[str, ...],
    Parameter(negative="", help="Groups of whoever asks, `a,b` or repeated; without any, only public documents show."),
]


def each_group(given: tuple[str, ...]) -> list[str]:
    """Each group by itself."""
    return [name.strip() for each in given for name in each.split(",") if name.strip()]

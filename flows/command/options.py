"""Options that every verb takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from cyclopts import Parameter

from tasks_lib.config.settings import Settings


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Options:
    """Platform, configuration and output."""

    platform: Annotated[str, Parameter(show_default=True, help="Platform that gives addresses and credentials.")] = (
        "local"
    )
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

        return load_settings(self.config, self.set, flags)


DEFAULTS = Options()

"""Haystack components and pipelines named in a configuration, in Haystack's own YAML form."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from tasks_lib.config.strict import StrictModel

TRUSTED_MODULES = ("haystack", "haystack_integrations", "haystack_experimental", "tasks_lib", "blocks")
"""Modules whose components may always be named."""
_FULL_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


def _full_name(name: str) -> str:
    if not _FULL_NAME.fullmatch(name):
        msg = f"{name!r} is no full name of a class: write its module too, as in haystack.components.rankers.LLMRanker"
        raise ValueError(msg)
    return name


class HaystackComponent(StrictModel):
    """One component, as Haystack serialises it."""

    type: Annotated[str, AfterValidator(_full_name)] = Field(
        description="Full name of the class, such as `haystack.components.converters.csv.CSVToDocument`.",
    )
    init_parameters: dict[str, Any] = Field(default_factory=dict, description="What the component is made with.")

    @property
    def types(self) -> tuple[str, ...]:
        """Full names of its class and of those that its parameters name, such as a chat generator's."""
        return tuple(_types(self.model_dump()))

    @property
    def modules(self) -> tuple[str, ...]:
        """Modules of these classes."""
        return tuple(dict.fromkeys(name.rpartition(".")[0] for name in self.types))


class EvaluatorConfig(HaystackComponent):
    """An evaluator of Haystack or of another package, which takes lists such as `questions` and `predicted_answers`."""

    lower_is_better: bool = Field(default=False, description="Less of it is better: its thresholds are ceilings.")


EvaluatorName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class PipelinesConfig(StrictModel):
    """Which Haystack components a configuration may name."""

    allowed_modules: tuple[str, ...] = Field(
        default=(),
        description="Modules whose components may be named beyond those of Haystack, of its integrations and of this "
        "package, with `*` as in `acme_rag.*`. What is allowed here can run code: name only what you trust.",
    )

    def allows(self, module: str) -> bool:
        """Whether the components of a module may be named, by Haystack's rules: a module stands for those inside it."""
        return any(
            fnmatchcase(module, pattern) or f"{module}.".startswith(f"{pattern.removesuffix('.*')}.")
            for pattern in (*TRUSTED_MODULES, *self.allowed_modules)
        )


def _types(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if _FULL_NAME.fullmatch(str(value.get("type"))):
            yield value["type"]
        for item in value.values():
            yield from _types(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _types(item)

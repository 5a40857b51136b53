"""Haystack components and pipelines named in a configuration, in Haystack's own YAML form."""

from typing import Annotated, Any

from pydantic import Field

from tasks_lib.config.strict import StrictModel


class HaystackComponent(StrictModel):
    """One component, as Haystack serialises it."""

    type: str = Field(
        pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$",
        description="Full name of the class, such as `haystack.components.converters.csv.CSVToDocument`.",
    )
    init_parameters: dict[str, Any] = Field(default_factory=dict, description="What the component is made with.")


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

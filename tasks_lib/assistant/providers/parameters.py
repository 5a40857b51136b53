"""One vocabulary of generation parameters, and what each provider calls them."""

from collections.abc import Mapping
from typing import Any

from tasks_lib.config.rag import LlmConfig

BEDROCK = {"max_tokens": "maxTokens", "stop": "stopSequences", "temperature": "temperature", "top_p": "topP"}
"""Converse knows no seed, and passes unknown names on to the model."""
OLLAMA = {"max_tokens": "num_predict", "stop": "stop", "temperature": "temperature", "seed": "seed", "top_p": "top_p"}
OPENAI = {"max_tokens": "max_tokens", "stop": "stop", "temperature": "temperature", "seed": "seed", "top_p": "top_p"}
OPENAI_COMPLETION = OPENAI | {"max_tokens": "max_completion_tokens"}
"""OpenAI's own newer models refuse `max_tokens`; many compatible servers know nothing else."""

VOCABULARY = frozenset({"max_tokens", "stop", "temperature", "seed", "top_p"})


def parameters_of(llm: LlmConfig) -> dict[str, Any]:
    """The parameters of `llm` in our vocabulary; those that are not set are left out."""
    chosen = {
        "max_tokens": llm.max_tokens,
        "temperature": llm.temperature,
        "stop": list(llm.stop) or None,
        "seed": llm.seed,
    }
    return {name: value for name, value in chosen.items() if value is not None}


def translate(parameters: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """`parameters` as the provider calls them: ours that it lacks are left out, other names pass as they are."""
    return {
        names.get(name, name): value for name, value in parameters.items() if name in names or name not in VOCABULARY
    }

"""Haystack components around any :class:`~tasks_lib.assistant.contract.embedder.Embedder`."""

from typing import Any

import numpy as np
from haystack import component, default_from_dict, default_to_dict
from haystack.core.serialization import generate_qualified_class_name
from numpy.typing import NDArray

from tasks_lib.assistant.contract.embedder import Embedder
from tasks_lib.text.forms import searchable

Vector = NDArray[np.float64]
"""One embedding."""


@component
class TextEmbedder:
    """Embeds one text, such as a question.

    :param embedder: Any embedder of the platform.
    """

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self._warm = False

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component with its embedder."""
        return default_to_dict(self, embedder=embedder_to_dict(self.embedder))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "TextEmbedder":
        """Rebuild the component."""
        return default_from_dict(cls, data)

    def warm_up(self) -> None:
        """Load the model, once: a pipeline calls this before every run."""
        if not self._warm:
            self._warm = True
            self.embedder.embed(["warm up"])

    @component.output_types(embedding=Vector)
    def run(self, text: str) -> dict[str, Vector]:
        """Embed `text` as a unit vector; as a query where the model tells queries from documents."""
        text = searchable(text)
        embed_query = getattr(self.embedder, "embed_query", None)
        return {"embedding": np.asarray(embed_query(text) if embed_query else self.embedder.embed([text])[0])}


def embedder_to_dict(embedder: Embedder) -> dict[str, Any]:
    """An embedder in Haystack's form: by its own `to_dict`, else by its class, which then takes no parameters."""
    serialise = getattr(embedder, "to_dict", None)
    data: dict[str, Any] = (
        serialise() if serialise else {"type": generate_qualified_class_name(type(embedder)), "init_parameters": {}}
    )
    return data

"""Haystack components around any :class:`~tasks_lib.assistant.contract.embedder.Embedder`."""

from typing import Any

import numpy as np
from haystack import component, default_from_dict, default_to_dict
from haystack.core.serialization import import_class_by_name
from numpy.typing import NDArray

from tasks_lib.assistant.contract.embedder import Embedder

Vector = NDArray[np.float64]
"""One embedding."""


def embedder_to_dict(embedder: Embedder) -> dict[str, Any]:
    """An embedder in Haystack's form: by its own `to_dict`, else by its class."""
    to_dict = getattr(embedder, "to_dict", None)
    kind = type(embedder)
    data: dict[str, Any] = (
        to_dict() if to_dict else {"type": f"{kind.__module__}.{kind.__qualname__}", "init_parameters": {}}
    )
    return data


def embedder_from_dict(data: dict[str, Any]) -> Embedder:
    """The embedder that :func:`embedder_to_dict` has written."""
    kind: Any = import_class_by_name(data["type"])
    from_dict = getattr(kind, "from_dict", None)
    embedder: Embedder = from_dict(data) if from_dict else kind(**data["init_parameters"])
    return embedder


@component
class TextEmbedder:
    """Embeds one text, such as a question.

    :param embedder: Any embedder of the platform.
    """

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self._warm = False

    def to_dict(self) -> dict[str, Any]:
        """Serialise the component."""
        return default_to_dict(self, embedder=embedder_to_dict(self.embedder))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "TextEmbedder":
        """Rebuild the component."""
        data["init_parameters"]["embedder"] = embedder_from_dict(data["init_parameters"]["embedder"])
        return default_from_dict(cls, data)

    def warm_up(self) -> None:
        """Load the model, once: a pipeline calls this before every run."""
        if not self._warm:
            self._warm = True
            self.embedder.embed(["warm up"])

    @component.output_types(embedding=Vector)
    def run(self, text: str) -> dict[str, Vector]:
        """Embed `text` as a unit vector; as a query where the model tells queries from documents."""
        embed_query = getattr(self.embedder, "embed_query", None)
        return {"embedding": np.asarray(embed_query(text) if embed_query else self.embedder.embed([text])[0])}

"""Haystack's OpenAI document embedder for one batch a run, whose errors are the caller's."""

from typing import Any

from haystack import component
from haystack.components.embedders import OpenAIDocumentEmbedder


@component
class OpenAIBatchEmbedder(OpenAIDocumentEmbedder):
    """Haystack's own logs a failed batch with the server's whole answer, which may repeat the key, and goes on."""

    def _embed_batch(
        self,
        texts_to_embed: dict[str, str],
        batch_size: int,  # noqa: ARG002  (the caller makes the batches)
    ) -> tuple[dict[str, list[float]], dict[str, Any]]:
        assert self.client is not None  # noqa: S101  (made by warm_up)
        response = self.client.embeddings.create(
            model=self.model, input=list(texts_to_embed.values()), encoding_format="float"
        )
        vectors = [item.embedding for item in sorted(response.data, key=lambda item: item.index)]
        usage = {"prompt_tokens": response.usage.prompt_tokens} if response.usage else {}
        return dict(zip(texts_to_embed, vectors, strict=True)), {"model": response.model, "usage": usage}

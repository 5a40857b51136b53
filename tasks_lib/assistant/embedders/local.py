"""The embedders that come with the package or its extras, by their ids."""

from typing import TYPE_CHECKING

from tasks_lib.config.rag import MINILM, MULTILINGUAL_E5
from tasks_lib.errors import ConfigurationError

if TYPE_CHECKING:
    from tasks_lib.assistant.contract.embedder import Embedder

LOCAL_EMBEDDERS = (MINILM, MULTILINGUAL_E5)
READS = {MINILM: frozenset({"en"})}
"""Languages (ISO 639-1) that an embedder was trained on, where these are few."""


def local_embedder(model: str) -> "Embedder | None":
    """The local embedder with this id (`local/…`); `None` if there is none."""
    if model == MINILM:
        from tasks_lib.assistant.embedders.minilm import MiniLM

        return MiniLM()
    if model == MULTILINGUAL_E5:
        from tasks_lib.assistant.embedders.multilingual_e5 import MultilingualE5

        return MultilingualE5()
    return None


def unread_languages(embedder: str, languages: "frozenset[str] | set[str]") -> list[str]:
    """Those of `languages` that the embedder was not trained on, as far as is known."""
    return sorted(languages - READS[embedder]) if embedder in READS else []


def unread(embedder: str, languages: "frozenset[str] | set[str]") -> ConfigurationError | None:
    """What is wrong with an embedder that does not read these languages; `None` if it reads them, or nobody knows."""
    missing = unread_languages(embedder, languages)
    if not missing:
        return None
    return ConfigurationError(
        f"documents are in {', '.join(missing)}, which {embedder} was not trained on: meanings are compared badly",
        hint=f"Set embedder to {MULTILINGUAL_E5} (llmops-flows[languages]), or to one of a provider.",
    )

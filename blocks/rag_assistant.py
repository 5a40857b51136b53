"""The model script: what MLflow stores of a version, and runs in a process of its own (models from code).

The version carries the code that answers (`tasks_lib/registry/carried.py`); its `model_config` holds `rag` and
`index_version`.
Where it runs, `LLMOPS_PLATFORM` names the platform that supplies addresses and credentials.
"""

import logging
import os
from collections.abc import Iterator, Mapping
from typing import Any

from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext
from pydantic import BaseModel, Field

from tasks_lib.assistant.contract.answer import Message, Source

logger = logging.getLogger(__name__)

PLATFORM_VARIABLE = "LLMOPS_PLATFORM"
HEARTBEAT_SECONDS = 0.5
"""A stream without text gives an empty piece this often, so that it can be ended while a provider hangs."""


class Turn(BaseModel):
    """One message of a conversation."""

    role: str = Field(description="`system`, `user` or `assistant`.")
    content: str


class Request(BaseModel):
    """A conversation whose last message is the user's. MLflow's signatures know no literals, so roles are text here."""

    messages: list[Turn]
    where: list[str] | None = Field(
        default=None, description="Conditions that passages meet, such as `document=guides/*`."
    )
    groups: list[str] | None = Field(
        default=None,
        description="Groups of whoever asks, whose documents the answer may show; without any, public ones.",
    )


class Decision(BaseModel):
    """What one guardrail decided."""

    validator: str
    direction: str
    action: str
    kinds: list[str]


class Cost(BaseModel):
    """What an answer cost."""

    input_tokens: int
    output_tokens: int
    cost: float | None = None


class Reply(BaseModel):
    """The fields of `tasks_lib.assistant.contract.answer.Answer`, as MLflow's signatures can express them."""

    response: str
    source_documents: list[Source]
    refused: bool
    refusal_reason: str
    uncertain: bool
    guardrails: list[Decision]
    evidence: float | None = None
    language: str | None = None
    model: str
    usage: Cost


class RagAssistant(PythonModel):
    """Builds the assistant once, when it is loaded."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the configuration, resolve the platform, and load every model that answers need."""
        from tasks_lib.assistant.loading_ahead import load_ahead
        from tasks_lib.config.rag import RagConfig

        configuration: Mapping[str, Any] = context.model_config
        rag = RagConfig.model_validate(configuration["rag"])
        load_ahead(rag.embedder)

        from blocks.resolve import resolve_platform
        from tasks_lib.assistant.answering.trace_masking import mask_traces
        from tasks_lib.assistant.answering.tracing import trace_into_mlflow
        from tasks_lib.assistant.pipeline import build_assistant
        from tasks_lib.plugins import require_installed

        for requirement, installed in require_installed(configuration.get("plugins", ())).items():
            logger.warning("the version was registered with %s, and %s is installed", requirement, installed)
        self.assistant = build_assistant(
            rag,
            resolve_platform(os.environ.get(PLATFORM_VARIABLE) or "local"),
            index_version=configuration.get("index_version"),
        )
        self.assistant.warm_up()
        mask_traces(rag.guardrails.personal_data)
        trace_into_mlflow()

    def predict(
        self,
        context: PythonModelContext | None,  # noqa: ARG002  (MLflow passes it)
        model_input: list[Request],
        params: dict[str, Any] | None = None,  # noqa: ARG002  (the request chooses no store, model or prompt)
    ) -> list[Reply]:
        """Answer each conversation.

        :raises InputError: If a conversation is empty, does not end with the user's question, or has unknown roles.
        """
        return [self._reply(request) for request in model_input]

    def predict_stream(
        self,
        context: PythonModelContext | None,  # noqa: ARG002  (MLflow passes it)
        model_input: Any,
        params: dict[str, Any] | None = None,  # noqa: ARG002  (the request chooses no store, model or prompt)
    ) -> Iterator[dict[str, Any]]:
        """Answer one conversation: `{"piece"}` for each piece of text as let through, then `{"answer"}`, the whole.

        While nothing comes, a piece is empty now and then.

        :raises InputError: As :meth:`predict`.
        """
        request = Request.model_validate(model_input)
        stream = self.assistant.stream(
            _conversation(request), request.where or (), request.groups or (), beat_seconds=HEARTBEAT_SECONDS
        )
        for piece in stream:
            yield {"piece": piece}
        if stream.answer is not None:
            yield {"answer": Reply.model_validate(stream.answer.payload()).model_dump(mode="json")}

    def _reply(self, request: Request) -> Reply:
        answer = self.assistant.answer(_conversation(request), request.where or (), request.groups or ())
        return Reply.model_validate(answer.payload())


def _conversation(request: Request) -> list[Message]:
    from tasks_lib.assistant.answering.conversation import messages_of

    return messages_of([turn.model_dump() for turn in request.messages])


set_model(RagAssistant())

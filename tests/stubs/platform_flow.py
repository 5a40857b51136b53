"""A flow that a worker runs: it resolves a platform by name and asks its models."""

from haystack.dataclasses import ChatMessage
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from blocks.resolve import resolve_platform
from tasks_lib.config.rag import LlmConfig


@flow
def ask_platform(platform: str, models: list[str]) -> State[None]:
    """The answers are the lines of the final state's message."""
    resolved = resolve_platform(platform)
    question = [ChatMessage.from_user("Leave is 27 days.\nHow long is leave?")]
    answers = []
    for model in models:
        generator = resolved.chat_generator(LlmConfig(model=model))
        assert generator is not None
        reply = generator.run(messages=question)["replies"][0]
        answers.append(f"{reply.text} {reply.meta['usage']['output_tokens']}")
    return Completed(message="\n".join(answers))

"""A flow that a worker runs: it resolves a platform by name and asks one of its models."""

from haystack.dataclasses import ChatMessage
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from blocks.resolve import aresolve_platform
from tasks_lib.config.rag import LlmConfig


@flow
async def ask_platform(platform: str, model: str) -> State[None]:
    """The answer is the message of the final state."""
    place = await aresolve_platform(platform)
    generator = place.chat_generator(LlmConfig(model=model))
    if generator is None:
        return Completed(message="no model")
    question = [ChatMessage.from_user("Leave is 27 days.\nHow long is leave?")]
    reply = generator.run(messages=question)["replies"][0]
    return Completed(message=f"{reply.text} {reply.meta['usage']['output_tokens']}")

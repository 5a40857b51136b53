"""What OpenAI's parameters do here, for both of its APIs: honoured, refused by name, or ignored and named.

Refused is what a client would misread the answer without; ignored, and named in a header of the answer, is how a model
should write: the gate has measured the version as it is.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import AfterValidator

Effect = Literal["honoured", "refused", "ignored"]
IGNORED = "X-Ignored-Fields"
"""Header of an answer: fields of the request that changed nothing."""
FIELD = re.compile(r"[A-Za-z0-9_.-]{1,64}")
"""A field's name that a header can name."""
MOST_IGNORED = 20


@dataclass(frozen=True)
class Parameter:
    """One parameter of OpenAI's API.

    :param effect: What it does; a refused one is taken where its value asks for what is given anyway.
    :param about: For the documentation; of a refused one also the message.
    :param taken: Says of a value whether it is taken; `None` always is.
    """

    effect: Effect
    about: str
    taken: Callable[[Any], bool] = lambda _: True


def _refused(about: str, taken: Callable[[Any], bool] = lambda _: False) -> Parameter:
    return Parameter("refused", about, taken)


_ANSWERED_ONCE = "this endpoint gives one answer: send 1, or leave it out"
_NO_TOOLS = "this endpoint calls no tools, so none can be required: only `auto` and `none` are taken"
_NO_PROBABILITIES = "this endpoint knows no probabilities of tokens"
_SAMPLING = Parameter("ignored", "how a model samples is the version's own, as the gate has measured it")
_TOOLS = Parameter("ignored", "none is called: answers come from the documents")
_WHO = Parameter("ignored", "who asks is told by the API key alone")
_WHERE = Parameter("honoured", "not OpenAI's: conditions that passages meet, of the fields in `serve.filters`")
_MODEL = Parameter("honoured", "the assistant, alone or with the version that answers (`docs/3`)")
_STREAM = Parameter("honoured", "server-sent events")
_EFFORT = Parameter("ignored", "how a model thinks and how long it writes are the version's own")
_METADATA = Parameter("ignored", "traces are found again by the header `X-Request-ID`")
_OF_BOTH = {
    "store": Parameter("ignored", "answers are kept as traces, which OpenAI's routes do not give back"),
    "moderation": Parameter("ignored", "the version's guardrails decide"),
    **dict.fromkeys(
        ("service_tier", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention"),
        Parameter("ignored", "there are no classes of service and no such caches"),
    ),
}
"""How OpenAI operates: ignored on either route."""
_MOST_TOKENS = (
    "the answer ends there, at a token as the built-in embedder counts them; what the model was paid for is in `usage`"
)
_FORMAT = (
    "text; JSON where the version's guardrail `output_schema` holds it to the schema that is asked for; else refused"
)


def _is_choice(value: Any) -> bool:
    return value in ("auto", "none")


CHAT: Mapping[str, Parameter] = {
    "model": _MODEL,
    "messages": Parameter(
        "honoured", "text, and text parts as one text; what else is left out or refused is said below"
    ),
    "stream": _STREAM,
    "stream_options": Parameter("honoured", "`include_usage`; nothing else of it"),
    "stop": Parameter("honoured", "the answer ends before the first of these texts"),
    "max_completion_tokens": Parameter("honoured", f"{_MOST_TOKENS}; `finish_reason` is `length`"),
    "max_tokens": Parameter("honoured", "the same by its old name; the smaller of the two counts"),
    "response_format": Parameter("honoured", _FORMAT),
    "where": _WHERE,
    "n": _refused(_ANSWERED_ONCE, lambda value: value == 1),
    "tool_choice": _refused(_NO_TOOLS, _is_choice),
    "function_call": _refused(_NO_TOOLS, _is_choice),
    "logprobs": _refused(_NO_PROBABILITIES, lambda value: not value),
    "top_logprobs": _refused(_NO_PROBABILITIES, lambda value: value == 0),
    "modalities": _refused("this endpoint answers in text only", lambda value: value == ["text"]),
    "audio": _refused("this endpoint answers in text only"),
    "web_search_options": _refused("this endpoint answers from its documents and searches no web"),
    "tools": _TOOLS,
    "functions": _TOOLS,
    "parallel_tool_calls": _TOOLS,
    "temperature": _SAMPLING,
    "top_p": _SAMPLING,
    "seed": _SAMPLING,
    "presence_penalty": _SAMPLING,
    "frequency_penalty": _SAMPLING,
    "logit_bias": _SAMPLING,
    "prediction": _SAMPLING,
    "reasoning_effort": _EFFORT,
    "verbosity": _EFFORT,
    "user": _WHO,
    "safety_identifier": _WHO,
    "metadata": _METADATA,
    **_OF_BOTH,
}
"""Of `POST /v1/chat/completions`. Fields that are not listed are ignored, and named."""

_NOT_STORED = "this endpoint keeps no responses: send the turns before as items of `input`"
RESPONSES: Mapping[str, Parameter] = {
    "model": _MODEL,
    "input": Parameter("honoured", "a question, or items: messages of text, and what tools said, which is left out"),
    "stream": _STREAM,
    "max_output_tokens": Parameter("honoured", f"{_MOST_TOKENS}; `status` is `incomplete`"),
    "text": Parameter("honoured", f"`format` is {_FORMAT}; `verbosity` is ignored"),
    "metadata": Parameter("honoured", "it comes back with the response"),
    "where": _WHERE,
    "previous_response_id": _refused(_NOT_STORED),
    "conversation": _refused(_NOT_STORED),
    "background": _refused("this endpoint answers while the client waits", lambda value: not value),
    "prompt": _refused("the prompt is the version's own; a request chooses none"),
    "tool_choice": _refused(_NO_TOOLS, _is_choice),
    "top_logprobs": _refused(_NO_PROBABILITIES, lambda value: value == 0),
    "instructions": Parameter("ignored", "the prompt is the version's own, as the gate has measured it"),
    "include": Parameter("ignored", "citations and passages are always told"),
    "truncation": Parameter("ignored", "what of a long conversation is read is said below"),
    "context_management": Parameter("ignored", "what of a long conversation is read is said below"),
    "stream_options": Parameter("ignored", "streams are not padded"),
    "tools": _TOOLS,
    "parallel_tool_calls": _TOOLS,
    "max_tool_calls": _TOOLS,
    "temperature": _SAMPLING,
    "top_p": _SAMPLING,
    "reasoning": _EFFORT,
    "user": _WHO,
    "safety_identifier": _WHO,
    **_OF_BOTH,
}
"""Of `POST /v1/responses`. Fields that are not listed are ignored, and named."""


def checked(parameter: Parameter) -> AfterValidator:
    """A validator for a field of a request: refuses what the table refuses."""

    def check(value: Any) -> Any:
        if value is not None and not parameter.taken(value):
            raise ValueError(parameter.about)
        return value

    return AfterValidator(check)


def ignored(given: Mapping[str, Any]) -> list[str]:
    """Names of those fields that have a value; as a header can name them, and not too many."""
    named = (name for name, value in given.items() if value not in (None, [], {}))
    return sorted(name for name in named if FIELD.fullmatch(name))[:MOST_IGNORED]


def ignored_header(names: Iterable[str]) -> dict[str, str]:
    """The header that names them; none without any."""
    listed = ", ".join(names)
    return {IGNORED: listed} if listed else {}

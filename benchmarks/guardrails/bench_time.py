"""Time of all validators together and of each, and of start-up, beside Presidio as it comes.

python benchmarks/guardrails/bench_time.py
"""

import time

from bench_personal_data import EVERYTHING, presidio_as_it_comes
from data import milliseconds, text_of

RUNS = 20
TOPIC = (
    "How many days of leave do I get?",
    "Who approves travel expenses?",
    "How do I hand in receipts?",
    "Is overtime paid?",
)


def main() -> None:
    """Start-up first, since it happens once a process."""
    start = time.perf_counter()
    from tasks_lib.assistant.contract.answer import Message, Source
    from tasks_lib.assistant.embedders.minilm import MiniLM
    from tasks_lib.assistant.guardrails.build import build_guardrails
    from tasks_lib.config.guardrails import GuardrailsConfig

    embedder = MiniLM()
    embedder.embed(["warm"])
    ready = time.perf_counter()
    default = build_guardrails(GuardrailsConfig(), embedder)
    print(f"start-up: embedder {ready - start:.1f} s, guardrails {time.perf_counter() - ready:.1f} s")
    full = build_guardrails(
        GuardrailsConfig.model_validate(
            {"personal_data": {"entities": EVERYTHING, "on_input": "mask"}, "topics": {"allowed": {"work": TOPIC}}}
        ),
        embedder,
    )
    stock = presidio_as_it_comes()
    for characters in (600, 2000):
        text = text_of(characters)
        messages = [Message(role="user", content=text)]
        sources = [
            Source(document="", start=0, end=0, score=1.0, content=text_of(2000 + 900 * i)[-900:]) for i in range(5)
        ]
        rows = {
            "input, default configuration": lambda m=messages: default.check_input(m),
            "input, all entities and topics": lambda m=messages: full.check_input(m),
            "output, default, 5 passages": lambda t=text, s=sources: default.check_output(t, s),
            "output, all entities, 5 passages": lambda t=text, s=sources: full.check_output(t, s),
            "5 passages of 900, default": lambda s=sources: default.check_passages(s),
            "Presidio as it comes": lambda t=text: stock(t),
        }
        for check in full.input_checks:
            rows[f"    {check.name} alone"] = _alone(full, check, messages)
        for name, function in rows.items():
            median, worst = milliseconds(function, RUNS)
            print(f"{characters:5} characters  {name:36} p50 {median:7.1f} ms  p99 {worst:7.1f} ms")
    start = time.perf_counter()
    action = full.inspect("x1 " * 33_334).action
    print(f"100,000 characters: {action} in {(time.perf_counter() - start) * 1000:.1f} ms")


def _alone(guardrails, check, messages):  # noqa: ANN001, ANN202 - a closure for the table
    from tasks_lib.assistant.guardrails.guardrails import Guardrails

    alone = Guardrails(guardrails.config, guardrails.embedder, on_input=[check])
    return lambda: alone.check_input(messages)


if __name__ == "__main__":
    main()

"""Writes `docs/pages/reference/` from the code, so that it cannot go stale: `python docs/generate.py`."""

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

DOCS = Path(__file__).parent
ROOT = DOCS.parent
REFERENCE = DOCS / "pages" / "reference"
sys.path[:0] = [str(ROOT), str(DOCS)]

from api import python  # noqa: E402  (beside this file)
from tables import code, fields, first_line, is_section, table  # noqa: E402  (beside this file)

EVENT_NAME = re.compile(r"llmops\.[a-z]+\.[a-z-]+")
EVENTS = {
    "llmops.deployment.promoted": "The gate promoted a version: `production` names it.",
    "llmops.deployment.rejected": "The gate rejected a version, or its approval was denied.",
    "llmops.deployment.undecided": "The questions do not suffice to tell, or nobody approved in time.",
    "llmops.deployment.rolled-back": "`production` was moved back.",
    "llmops.production.degraded": "Nothing changed, and production no longer holds its own thresholds.",
    "llmops.serving.switched": "The endpoint answers with another version.",
    "llmops.serving.switch-failed": "A version did not come up; the one before goes on.",
    "llmops.drift.detected": "A window of production traffic is worse than its reference.",
    "llmops.ingestion.completed": "An ingest changed the index.",
    "llmops.documents.released": "A state of an index is read from now on.",
    "llmops.documents.held": "A change of documents is not read: it made answers worse, or could not be measured.",
    "llmops.documents.rolled-back": "A person let readers go back to an earlier state of the documents.",
}


def sections(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """Every model of the configuration with the key that holds it."""
    yield prefix, model
    for name, info in model.model_fields.items():
        if is_section(info.annotation):
            yield from sections(info.annotation, f"{prefix}.{name}" if prefix else name)


def configuration() -> str:
    """All keys of a configuration file."""
    from tasks_lib.config.guardrails import ExternalValidatorConfig
    from tasks_lib.config.pipelines import HaystackComponent
    from tasks_lib.config.rag import ComponentConfig
    from tasks_lib.config.settings import Settings
    from tasks_lib.config.sources import ScheduleConfig, SourceConfig

    text = (
        "The keys of `--config` files and of `--set key.path=value`. `llmops schema` prints the same as JSON Schema; "
        "environment variables such as `LLMOPS_RETRIEVER__TOP_K=8` lie below the files. Keys up to `index` make the "
        "version that the gate judges; the sections after it are each for one verb."
    )
    parts = ["# Configuration", text]
    for key, model in sections(Settings):
        title = f"## `{key}`" if key else "## Top level"
        parts += [title, first_line(model) if key else "What is in no section of its own.", fields(model, key)]
    parts += ["## `retriever.components[]`", first_line(ComponentConfig), fields(ComponentConfig)]
    parts += ["Or a class, in Haystack's form:", fields(HaystackComponent)]
    parts += ["## `ingest.sources[]`", first_line(SourceConfig), fields(SourceConfig)]
    parts += ["## `ingest.sources[].schedule`", first_line(ScheduleConfig), fields(ScheduleConfig)]
    parts += ["## `guardrails.validators.NAME`", first_line(ExternalValidatorConfig), fields(ExternalValidatorConfig)]
    return "\n\n".join(part for part in parts if part)


def command() -> str:
    """The command, from its own help."""
    from flows.cli import app
    from flows.command.examples import EXAMPLES

    text = app.generate_docs(output_format="markdown")
    text = re.sub(r"\n## Table of Contents\n.*?(?=\n\*\*Commands)", "", text, flags=re.DOTALL)
    for verb, examples in EXAMPLES.items():
        lines = "\n".join(f"{line}  # {what}" for line, what in examples)
        head = f"## llmops {verb}\n"
        begin = text.index(head) + len(head)
        end = text.find("\n## ", begin)
        body = text[begin:] if end < 0 else text[begin:end]
        # the help repeats the examples as running text
        body = re.sub(r"\nExamples:.*", "\n", body, flags=re.DOTALL)
        text = text[:begin] + body.rstrip() + f"\n\n```sh\n{lines}\n```\n" + ("" if end < 0 else text[end:])
    exits = table(
        ["exit code", "meaning"],
        [
            ["0", "done (deploy: promoted or unchanged)"],
            ["1", "failed"],
            ["2", "bad input or configuration, or a model that does not answer before a run begins"],
            ["3", "rejected by the gate, or approval denied"],
            ["4", "undecided, or approval timed out"],
        ],
    )
    return text.rstrip() + f"\n\n## Exit codes\n\n{exits}"


def pipelines() -> str:
    """A picture of each Haystack pipeline, with the default configuration."""
    from flows.pipelines import PIPELINES, build_pipeline, mermaid
    from tasks_lib.config.settings import Settings

    text = (
        "What transforms data is a Haystack pipeline, built by the function that is named here. The pictures show the "
        "default configuration. `llmops pipeline show NAME --config file.yaml` shows yours, as YAML that runs when it "
        "is given back, or with `--format mermaid` as a picture. "
        "[Put in Haystack components](../how-to/components.md) tells what can be changed by configuration."
    )
    parts = ["# Pipelines", text]
    for name, (builder, does) in PIPELINES.items():
        picture = mermaid(build_pipeline(name, Settings())).rstrip()
        parts += [f"## {name}", f"{does[0].upper()}{does[1:]}: `{builder}`.", f"```mermaid\n{picture}\n```"]
    return "\n\n".join(parts)


def blocks() -> str:
    """Block types with their fields, and what fills an empty role."""
    from blocks import environment
    from blocks.base import PlatformBlock
    from blocks.collection import BLOCKS

    parts = ["# Blocks", "Prefect blocks hold addresses and credentials. `llmops bootstrap` registers their forms."]
    for block in BLOCKS:
        shown = block.model_json_schema()["properties"]
        rows = [
            [f"`{name}`", field.get("title", ""), code(field.get("default")), field.get("description", "")]
            for name, field in shown.items()
        ]
        example = re.search(r"```python\n(.*?)```", inspect.getdoc(block) or "", re.DOTALL)
        assert issubclass(block, PlatformBlock)
        parts += [f"## {block.get_block_type_name()}", f"`{block.get_block_type_slug()}`: {block.get_description()}"]
        parts += [table(["field", "title", "default", "meaning"], rows)]
        parts += [f"```python\n{inspect.cleandoc(example[1])}\n```"] if example else []
    known = inspect.getdoc(environment) or ""
    parts += ["## Roles that a platform leaves empty", known.replace("\n\n", "\n\n", 1)]
    return "\n\n".join(parts)


def literals(*rooms: str) -> set[str]:
    """Names of events that the code mentions."""
    found: set[str] = set()
    for room in rooms:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and EVENT_NAME.fullmatch(node.value):
                    found.add(node.value)
    return found


def events() -> str:
    """Prefect events.

    :raises SystemExit: If the code sends one that is not described here, or the other way round.
    """
    difference = literals("tasks_lib", "flows", "serving") ^ set(EVENTS)
    if difference:
        sys.exit(f"docs/generate.py and the code do not name the same events: {sorted(difference)}")
    text = (
        "Sent to the Prefect server; automations and webhooks may listen. "
        "An endpoint sends them only where a server is configured."
    )
    return f"# Events\n\n{text}\n\n" + table(["event", "when"], ([f"`{name}`", what] for name, what in EVENTS.items()))


def metrics() -> str:
    """The gate's metrics, monitoring's, and the endpoint's."""
    from prometheus_client.parser import text_string_to_metric_families

    from serving.metrics import Metrics
    from tasks_lib.config.gate import DEFAULT_GUARD_METRICS, DEFAULT_THRESHOLDS
    from tasks_lib.gate.judge import JUDGE_METRICS
    from tasks_lib.gate.scorers import MEDIAN_LATENCY, METRICS, TAIL_LATENCY, TOKENS, direction, title_of
    from tasks_lib.monitoring.metrics import CATALOGUE

    gate = [*METRICS, TOKENS, MEDIAN_LATENCY, TAIL_LATENCY, *JUDGE_METRICS]
    rows = [
        [
            f"`{name}`",
            direction(name),
            code(DEFAULT_THRESHOLDS.get(name)),
            code(DEFAULT_GUARD_METRICS.get(name)),
            f"**{title_of(name)}.** {_definition(METRICS[name].function) if name in METRICS else ''}",
        ]
        for name in gate
    ]
    watched = ([f"`{m.name}`", f"**{m.title}.** {m.about}", m.kind, m.worse, m.unit] for m in CATALOGUE.values())
    families = [f for f in text_string_to_metric_families(Metrics().text().decode()) if not f.name.endswith("_created")]
    text = (
        "Means over the questions to which a metric applies. A floor must be reached, a ceiling must not be exceeded. "
        "A guard metric rejects a version only if it is proven worse than production by more than its margin."
    )
    return "\n\n".join(
        [
            "# Metrics",
            "## The gate",
            text,
            table(["metric", "limit", "threshold", "guard margin", "meaning"], rows),
            "## Monitoring",
            table(["metric", "what", "kind", "worse", "unit"], watched),
            "## The endpoint, at `/metrics`",
            table(
                ["metric", "type", "meaning"],
                (
                    [f"`{f.name}`", f.type, f.documentation]
                    for f in families
                    if f.type != "gauge" or "created" not in f.name
                ),
            ),
        ]
    )


def _definition(metric: Callable[..., Any]) -> str:
    """What a metric says of itself; retrieval's refer to the measure of spans that they apply."""
    from tasks_lib.gate import spans

    said = first_line(metric)
    measure = re.fullmatch(r"`spans\.(\w+)` of the sources\.", said)
    return first_line(getattr(spans, measure[1])) if measure else said


def openai() -> str:
    """What OpenAI's parameters do."""
    from serving.parameters import CHAT, RESPONSES

    text = (
        "What a client would misread the answer without is refused, with status 400 and the field in `param`; "
        "how a model should write is ignored, since the gate has measured the version as it is, and the header "
        "`X-Ignored-Fields` of the answer names what was given of it. `null` is as left out. Fields that are not "
        "listed are ignored and named, too. [Use clients](../how-to/clients.md) tells more."
    )
    parts = ["# OpenAI's parameters", text]
    for title, parameters in (("`POST /v1/chat/completions`", CHAT), ("`POST /v1/responses`", RESPONSES)):
        rows = ([f"`{name}`", parameter.effect, parameter.about] for name, parameter in parameters.items())
        parts += [f"## {title}", table(["parameter", "is", "how"], rows)]
    return "\n\n".join(parts)


def errors() -> str:
    """Named errors with their exit codes."""
    from tasks_lib import errors as module

    rows = [
        [f"`{name}`", str(kind.exit_code), first_line(kind)]
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, module.LlmopsError)
    ]
    text = (
        'With `--json` an error is `{"error": {"type", "message", "hint"}}` on stdout. Its exit code is the command\'s.'
    )
    return f"# Errors\n\n{text}\n\n" + table(["type", "exit code", "meaning"], rows)


def measurements() -> str:
    """The READMEs of the benchmarks, one after the other."""
    parts = [
        "# Measurements",
        "What the scripts under `benchmarks/` printed, with machine and date: their READMEs as they are.",
    ]
    for readme in sorted((ROOT / "benchmarks").glob("*/README.md")):
        text = readme.read_text(encoding="utf-8").strip()
        parts.append(re.sub(r"^#", "##", text, flags=re.MULTILINE))
    return "\n\n".join(parts)


PAGES: dict[str, Callable[[], str]] = {
    "command": command,
    "configuration": configuration,
    "pipelines": pipelines,
    "blocks": blocks,
    "events": events,
    "metrics": metrics,
    "openai": openai,
    "errors": errors,
    "python": python,
    "measurements": measurements,
}


def main() -> None:
    """Write every page."""
    REFERENCE.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        text = page().rstrip() + "\n"
        target = REFERENCE / f"{name}.md"
        if not target.is_file() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

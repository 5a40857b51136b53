"""A process that saves blocks with planted secrets and runs the loop on them, successfully and not.

Standard input: JSON with `secrets` (ten texts), `folder` (where documents may be written), and the addresses of the
stubs: `bedrock` answers all questions but one, `openai` answers, `denied` (OpenAI) refuses, `later` refuses after one
answer; who refuses repeats the credentials. Standard output ends with a line of JSON: what `deploy`, `ask` and
`monitor` gave, the error of the question that was not answered, and the reasons of a gate whose model refused its key.
"""

import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prefect_aws import AwsCredentials

from blocks.bedrock import BedrockModels
from blocks.documents import S3Documents
from blocks.lancedb import LanceDBStore
from blocks.llmops_platform import LLMOpsPlatform
from blocks.openai import OpenAICompatibleModels
from blocks.resolve import resolve_platform
from blocks.tracking import MLflowTracking
from blocks.weaviate import WeaviateStore
from flows.ask import ask, ask_all
from flows.dataset import dataset
from flows.deploy import deploy
from flows.doctor import doctor
from flows.ingest import ingest
from flows.monitor import monitor
from tasks_lib.config.settings import Settings
from tasks_lib.errors import LlmopsError

NOWHERE = "http://127.0.0.1:9"
FACTS = {
    "leave": ("How many days of annual leave do employees get?", "Employees get 27 days of annual leave."),
    "lunch": ("When does the canteen serve lunch?", "The canteen serves lunch from noon until two."),
    "parking": ("Where do visitors park their cars?", "Visitors park their cars behind the north gate."),
}
OFF_TOPIC = ("How does one boil potatoes?", "Which team won the football world cup?")
REFUSED = "How many days of annual leave do drivers get?"
"""The question that Bedrock does not answer."""


def save(given: dict[str, Any]) -> None:
    """Ten secrets in the blocks of three platforms: one that works, and two whose services are gone."""
    secret = given["secrets"]
    keys = AwsCredentials(
        aws_access_key_id="AKIA",
        aws_secret_access_key=secret[0],
        aws_session_token=secret[1],
        region_name="eu-central-1",
    )
    other_keys = AwsCredentials(aws_access_key_id="AKIA", aws_secret_access_key=secret[2], region_name="eu-central-1")
    fast: dict[str, Any] = {"max_attempts": 1, "request_timeout_seconds": 10}
    BedrockModels(credentials=keys, endpoint_url=given["bedrock"], **fast).save("planted")
    OpenAICompatibleModels(base_url=given["openai"], api_key=secret[3], **fast).save("planted")
    OpenAICompatibleModels(provider="denied", base_url=given["denied"], api_key=secret[3], **fast).save("denied")
    OpenAICompatibleModels(provider="later", base_url=given["later"], api_key=secret[3], **fast).save("later")
    OpenAICompatibleModels(provider="gone", base_url=NOWHERE, api_key=secret[4], **fast).save("gone")
    WeaviateStore(url=NOWHERE, grpc_port=10, api_key=secret[5], headers={"X-Key": secret[6]}).save("planted")
    LanceDBStore(storage_options={"aws_secret_access_key": secret[7]}).save("planted")
    MLflowTracking(uri=NOWHERE, token=secret[8]).save("planted")
    MLflowTracking(uri=NOWHERE, username="user", password=secret[9]).save("other")
    S3Documents(bucket="documents", credentials=other_keys, endpoint_url=NOWHERE).save("planted")
    providers = ["llmops-bedrock-models/planted"]
    providers += [f"llmops-openai-compatible-models/{name}" for name in ("planted", "denied", "later", "gone")]
    documents = "llmops-s3-documents/planted"
    LLMOpsPlatform(providers=providers, index="llmops-lancedb-store/planted", documents=documents).save("planted")
    LLMOpsPlatform(index="llmops-weaviate-store/planted", tracking="llmops-mlflow-tracking/planted").save("token")
    LLMOpsPlatform(
        providers=providers, tracking="llmops-mlflow-tracking/other", judge="denied/judge", documents=documents
    ).save("password")


def written(folder: Path) -> dict[str, Any]:
    """Settings over a few documents and questions in `folder`."""
    source = folder / "documents"
    source.mkdir()
    examples = [{"id": f"o{n}", "kind": "off_topic", "messages": [_user(q)]} for n, q in enumerate(OFF_TOPIC)]
    for name, (question, fact) in FACTS.items():
        text = f"# About {name}\n\n{fact}\n"
        (source / f"{name}.md").write_text(text)
        start = text.index(fact)
        reference = {"document": f"{name}.md", "start": start, "end": start + len(fact), "content": fact}
        answered = {"kind": "answerable", "answer": fact, "references": [reference]}
        examples.append({"id": name, "messages": [_user(question)], **answered})
    questions = folder / "questions.jsonl"
    questions.write_text("\n".join(map(json.dumps, examples)))
    return {
        "embedder": "openai/stub-embed",
        "llm": {"model": "bedrock/claude"},
        "ingest": {"source": str(source)},
        "dataset": {"import_file": str(questions)},
        "gate": {"minimum_questions": 2},
    }


def _user(question: str) -> dict[str, str]:
    return {"role": "user", "content": question}


def loop(settings: dict[str, Any]) -> dict[str, Any]:
    """The loop on the platform that works, with a question at which its model fails."""
    chosen = Settings.model_validate(settings)
    ingest(chosen, "planted")
    dataset(chosen, "planted")
    deployed = deploy(chosen, "planted")
    question, _ = FACTS["leave"]
    try:
        ask_all([question, REFUSED], chosen, "planted")
    except LlmopsError as error:
        message = error.message
    answer = ask(question, chosen, "planted") if deployed.production_version else None
    found = {"deploy": deployed, "ask": answer, "monitor": monitor(chosen, "planted")}
    return {"error": message} | {name: result and result.model_dump(mode="json") for name, result in found.items()}


def fail(settings: dict[str, Any]) -> list[str]:
    """What else can go wrong: keys that are refused, and services that are gone. Gives the reasons of the gate."""
    _expect_error(lambda: ingest(Settings.model_validate({**settings, "embedder": "denied/stub-embed"}), "planted"))
    _expect_error(lambda: ingest(Settings.model_validate({**settings, "ingest": {}}), "planted"))
    _expect_error(lambda: ingest(Settings.model_validate({"ingest": settings["ingest"]}), "token"))
    _expect_error(lambda: deploy(Settings(), "password"))
    _expect_error(
        lambda: deploy(Settings.model_validate({**settings, "llm": {"model": "denied/stub-chat"}}), "planted")
    )
    refused = Settings.model_validate({**settings, "llm": {"model": "later/stub-chat"}})
    reasons = deploy(refused, "planted").reasons
    chain = {"model": "denied/stub-chat", "fallback": ["gone/model"]}
    for platform in ("planted", "token", "password"):
        checks = doctor(Settings.model_validate({**settings, "ingest": {}, "llm": chain}), platform).checks
        _expect(any(not check.ok for check in checks))
        sys.stdout.write(f"{resolve_platform(platform)!r}\n{checks!r}\n")
    return reasons


def _expect_error(step: Callable[[], object]) -> None:
    try:
        step()
    except Exception:
        logging.getLogger(__name__).exception("a step failed, as it must")
        return
    _expect(False)


def _expect(holds: bool) -> None:
    if not holds:
        msg = "a step that must fail did not"
        raise AssertionError(msg)


def main() -> None:
    """Run everything, logging all there is to log."""
    logging.basicConfig(level=logging.DEBUG)
    given = json.load(sys.stdin)
    save(given)
    settings = written(Path(given["folder"]))
    found = loop(settings)
    found["refused"] = fail(settings)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()

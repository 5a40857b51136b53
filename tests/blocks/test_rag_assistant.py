"""The model script, saved and loaded as MLflow does it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
from haystack.tracing.tracer import disable_tracing
from mlflow.exceptions import MlflowException

from blocks.local import LocalPlatform
from flows.ingest import synchronise
from tasks_lib.assistant.contract.answer import Answer
from tasks_lib.config.ingest import IngestConfig
from tasks_lib.config.rag import RagConfig
from tasks_lib.config.settings import Settings
from tasks_lib.home import Home
from tests.stubs.tracking import point_mlflow_at

SCRIPT = Path(__file__).parents[2] / "blocks" / "rag_assistant.py"


@pytest.fixture(scope="module")
def model(tracked_home: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The script as MLflow saves and loads it, over an index of one document."""
    home = tmp_path_factory.mktemp("version") / "home"
    platform, settings = LocalPlatform(tracked_home(home)), Settings(ingest=IngestConfig(include=("leave/annual*",)))
    index = platform.index(settings.rag)
    synchronise(platform, settings)
    path = home.parent / "model"
    before = mlflow.get_tracking_uri()
    point_mlflow_at(platform.tracking_uri())
    mlflow.set_experiment("Default")  # not one of another home, which a test before this one left
    mlflow.pyfunc.save_model(
        path=str(path),
        python_model=str(SCRIPT),
        model_config={"rag": RagConfig().model_dump(mode="json"), "index_version": index.version()},
        pip_requirements=["mlflow"],
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LLMOPS_HOME", str(home))
        patch.setenv("LLMOPS_PLATFORM", "local")
        yield mlflow.pyfunc.load_model(str(path))
    mlflow.flush_trace_async_logging()
    point_mlflow_at(before)
    mlflow.tracing.configure(span_processors=[])
    disable_tracing()


def asked(model: Any, *messages: dict[str, Any]) -> Any:
    (reply,) = model.predict([{"messages": list(messages)}])
    return reply


def test_the_signature_tells_conversation_and_answer(model: Any) -> None:
    signature = model.metadata.signature
    assert "messages" in json.dumps(signature.inputs.to_dict())
    outputs = json.dumps(signature.outputs.to_dict())
    assert all(name in outputs for name in Answer.model_fields)


def test_a_reply_is_an_answer(model: Any) -> None:
    reply = asked(model, {"role": "user", "content": "How many days of annual leave do full-time employees receive?"})
    answer = Answer.model_validate(reply.model_dump(mode="json"))
    assert "27 days" in answer.response
    assert answer.source_documents[0].document == "leave/annual-leave.md"


def test_a_refused_card_number_is_not_in_the_trace(model: Any) -> None:
    with mlflow.start_span("request") as span:
        span.set_inputs("Is 4111 1111 1111 1111 the card for expenses?")
        reply = asked(model, {"role": "user", "content": "Is 4111 1111 1111 1111 the card for expenses?"})
    assert reply.refused
    mlflow.flush_trace_async_logging()
    trace = mlflow.get_trace(span.trace_id)
    assert trace is not None
    assert "<CREDIT_CARD>" in trace.to_json()
    assert "4111 1111" not in trace.to_json()


def test_a_stream_tells_pieces_and_then_the_answer_of_the_signature(model: Any) -> None:
    request = {"messages": [{"role": "user", "content": "How long is annual leave?"}]}
    *pieces, last = model.predict_stream(pd.DataFrame([[request]]))
    (whole,) = model.predict([request])
    assert "".join(piece["piece"] for piece in pieces) == last["answer"]["response"]
    assert last["answer"] == whole.model_dump(mode="json")


def test_an_unknown_role_is_a_clear_error(model: Any) -> None:
    with pytest.raises(Exception, match="wizard"):
        asked(model, {"role": "wizard", "content": "Hello"})


@pytest.mark.parametrize("conversation", [{}, {"messages": "hello"}, {"messages": [{"role": "user"}]}])
def test_what_is_no_conversation_is_refused_by_the_signature(model: Any, conversation: dict[str, Any]) -> None:
    with pytest.raises(MlflowException):
        model.predict([conversation])


def test_the_schema_that_is_stored_keeps_up_with_the_answer() -> None:
    import importlib.util

    spec = importlib.util.spec_from_file_location("rag_assistant_under_test", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert set(module.Reply.model_fields) == set(Answer.model_fields)
    name = "source_documents"
    assert module.Reply.model_fields[name].annotation == Answer.model_fields[name].annotation

"""Other people's clients at the real endpoint. `make clients` fetches those that are no dependencies of ours."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.serving.conftest import Endpoint

pytestmark = pytest.mark.slow
CLIENTS = Path(__file__).parents[2] / "build" / "clients"
PYTHON = CLIENTS / "libraries" / "bin" / "python"
LLM = CLIENTS / "llm" / "bin" / "llm"
"""It needs another version of OpenAI's client than LlamaIndex."""
MODEL = "rag-assistant"
QUESTION = "How long is leave?"
ANSWER = "27 days. Ask again."
IN_PYTHON = {
    "langchain": """
from langchain_openai import ChatOpenAI
for options in ({}, {"use_responses_api": True}, {"temperature": 0, "max_tokens": 500, "streaming": True}):
    chat = ChatOpenAI(base_url=base, api_key="none", model=model, max_retries=0, **options)
    print(chat.invoke([("system", "Be brief."), ("human", question)]).text)
    print("".join(chunk.text for chunk in chat.stream(question)))
""",
    "llama_index": """
from llama_index.llms.openai_like import OpenAILike
from llama_index.core.llms import ChatMessage
llm = OpenAILike(api_base=base, api_key="none", model=model, is_chat_model=True, max_retries=0)
messages = [ChatMessage(role="system", content="Be brief."), ChatMessage(role="user", content=question)]
print(llm.chat(messages).message.content)
print("".join(chunk.delta or "" for chunk in llm.stream_chat(messages)))
print(llm.complete(question).text)
""",
}
IN_JAVASCRIPT = """
import OpenAI, { NotFoundError } from "openai";
const [base, model, question] = process.argv.slice(2);
const client = new OpenAI({ baseURL: base, apiKey: "none", maxRetries: 0 });
const messages = [{ role: "user", content: question }];
console.log((await client.chat.completions.create({ model, messages })).choices[0].message.content);
let text = "";
for await (const chunk of await client.chat.completions.create({ model, messages, stream: true }))
  text += chunk.choices[0]?.delta?.content ?? "";
console.log(text);
const whole = await client.responses.create({ model, input: question });
console.log(whole.output_text, whole.output[0].content[0].annotations[0].filename);
const stream = client.responses.stream({ model, input: question });
let deltas = "";
stream.on("response.output_text.delta", (event) => { deltas += event.delta; });
console.log((await stream.finalResponse()).output_text, deltas.length > 10);
for await (const one of client.models.list()) console.log(one.id);
try { await client.responses.create({ model: "gpt", input: question }); }
catch (error) { console.log(error instanceof NotFoundError, error.code); }
"""


def printed(command: list[Any], **environment: str) -> str:
    around = {**os.environ, **environment}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=around)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def fetched(path: Path) -> Path:
    if not path.exists():
        pytest.skip(f"there is no {path}: `make clients` fetches it")
    return path


@pytest.mark.parametrize("name", IN_PYTHON)
def test_a_python_library_asks(endpoint: Endpoint, tmp_path: Path, name: str) -> None:
    script = tmp_path / "client.py"
    script.write_text(f"import sys\nbase, model, question = sys.argv[1:]\n{IN_PYTHON[name]}")
    lines = printed([fetched(PYTHON), script, f"{endpoint.address}/v1", MODEL, QUESTION], PYTHONPATH="").splitlines()
    assert len(lines) >= 3
    assert all(line.strip().endswith(ANSWER) for line in lines)


def test_llm_asks(endpoint: Endpoint, tmp_path: Path) -> None:
    llm = fetched(LLM)
    models = [
        {"model_id": "handbook", "model_name": MODEL, "api_base": f"{endpoint.address}/v1", "api_key_name": "any"}
    ]
    (tmp_path / "extra-openai-models.yaml").write_text(json.dumps(models))
    for option in ([], ["--no-stream"]):
        said = printed(
            [llm, "-m", "handbook", "--key", "none", "-s", "Be brief.", QUESTION, *option],
            LLM_USER_PATH=str(tmp_path),
            PYTHONPATH="",
        )
        assert said.strip().endswith(ANSWER)


def test_the_official_javascript_client_asks(endpoint: Endpoint, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node on PATH")
    fetched(CLIENTS / "node_modules" / "openai")
    script = CLIENTS / "client.mjs"
    script.write_text(IN_JAVASCRIPT)
    whole, streamed, cited, told, model, wrong = printed(
        [node, script, f"{endpoint.address}/v1", MODEL, QUESTION]
    ).splitlines()
    assert whole.endswith(ANSWER)
    assert streamed.strip().endswith(ANSWER)
    assert cited.endswith(f"{ANSWER} leave.md")
    assert told.endswith(f"{ANSWER} true")
    assert model == MODEL
    assert wrong == "true model_not_found"


def test_curl_asks(endpoint: Endpoint) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("there is no curl on PATH")
    body = json.dumps({"model": MODEL, "input": QUESTION, "stream": True})
    sent = ["-H", "Content-Type: application/json", "-d", body]
    said = printed([curl, "-sN", f"{endpoint.address}/v1/responses", *sent])
    assert said.startswith("event: response.created\ndata: {")
    assert "event: response.completed\n" in said


HISTORY = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hello"},
    {"role": "assistant", "content": "Good day."},
    {"role": "user", "content": QUESTION},
]
OPEN_WEBUI = {
    "model": MODEL,
    "messages": HISTORY,
    "stream": True,
    "stream_options": {"include_usage": True},
    "temperature": 0.8,
    "max_tokens": 128,
    "metadata": {"chat_id": "c1"},
}
LIBRECHAT = {
    "model": MODEL,
    "messages": [*HISTORY[:-1], {"role": "user", "content": [{"type": "text", "text": QUESTION}]}],
    "stream": True,
    "user": "65f0c0ffee",
    "top_p": 1,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "stop": ["||>", "\nUser:", "<|diff_marker|>"],
}


@pytest.mark.parametrize("body", [OPEN_WEBUI, LIBRECHAT])
def test_the_requests_of_chat_applications_are_answered(endpoint: Endpoint, body: dict[str, Any]) -> None:
    said = httpx.post(f"{endpoint.address}/v1/chat/completions", json=body, timeout=30)
    assert said.status_code == 200
    *lines, end = [line.removeprefix("data: ") for line in said.text.split("\n\n") if line]
    chunks = [json.loads(line) for line in lines]
    text = "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])
    assert text.strip().endswith(ANSWER)
    assert end == "[DONE]"
    assert set(said.headers["X-Ignored-Fields"].split(", ")) <= set(body)

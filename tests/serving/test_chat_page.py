"""The chat page in a real browser."""

import pytest

from serving.server import LARGEST_BODY
from tasks_lib.registry.tracking import connect
from tests.serving.chromium import Page
from tests.serving.conftest import Endpoint

pytestmark = pytest.mark.slow
LAST = "[...document.querySelectorAll('article.assistant')].at(-1)"


def ask(page: Page, question: str) -> None:
    """By keyboard alone: the focus is where one types."""
    page.wait_for("document.activeElement.id === 'question'")
    page.type(question)
    page.press("Enter")


def text_of(page: Page, selector: str) -> str:
    return str(page.value(f"{LAST}.querySelector('{selector}').textContent")).strip()


def test_a_streamed_answer_is_read_with_its_source_and_judged_on_its_trace(page: Page, endpoint: Endpoint) -> None:
    page.open(endpoint.address)
    ask(page, "slowly: how long is leave?")
    first = page.wait_for(f"{LAST}?.firstChild.textContent")
    page.wait_for(f"{LAST}.ariaBusy === 'false'")
    assert text_of(page, "p").startswith(first)
    assert text_of(page, "p") == "first says: 27 days. Ask again."
    assert first != text_of(page, "p")
    assert text_of(page, "summary") == "[1] leave.md"
    page.value(f"{LAST}.querySelector('summary').focus()")
    page.press(" ")
    assert page.value(f"{LAST}.querySelector('details').open")
    assert text_of(page, "blockquote") == "Leave"
    page.press("Tab")
    page.press("Tab")
    page.press("Enter")  # thumbs down
    page.wait_for(f"{LAST}.querySelector('.verdict button:nth-of-type(2)').ariaPressed === 'true'")
    page.type("out of date")
    page.press("Enter")
    page.wait_for(f"{LAST}.querySelector('.verdict input').hidden")
    client = connect(endpoint.platform, "rag-assistant")
    places = [experiment.experiment_id for experiment in client.search_experiments()]
    found = client.search_traces(locations=places, filter_string="feedback.user_feedback = 'false'", max_results=1)
    kept = [(one.feedback.value, one.rationale) for one in found[0].info.assessments]
    assert sorted(kept, key=str) == [(False, "out of date"), (False, None)]
    assert "slowly" in found[0].info.request_preview


def test_a_refusal_tells_why(page: Page, endpoint: Endpoint) -> None:
    page.open(endpoint.address, width=390, height=800)
    ask(page, "Who won at football?")
    page.wait_for(f"{LAST}?.ariaBusy === 'false'")
    assert page.value(f"{LAST}.classList.contains('refused')")
    assert "do not hold enough" in text_of(page, ".note")
    assert page.value("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_stopped_turn_is_not_sent_again(page: Page, endpoint: Endpoint) -> None:
    page.open(endpoint.address)
    page.value(
        "sent = [], asked = fetch, fetch = (path, how) => (how?.body && sent.push(how.body), asked(path, how)), 0"
    )
    for number, question in enumerate(("my card?", "How long is leave?", "And for interns?"), start=1):
        ask(page, question)
        page.wait_for(
            f"{LAST}?.ariaBusy === 'false' && document.querySelectorAll('article.assistant').length === {number}"
        )
    assert page.value("document.querySelectorAll('article.refused').length") == 1
    said = page.value("JSON.parse(sent.at(-1)).messages.map((message) => message.content.trim()).join('|')")
    assert said == "How long is leave?|first says: 27 days. Ask again.|And for interns?"


def test_a_failure_tells_what_and_keeps_the_question(page: Page, endpoint: Endpoint) -> None:
    page.open(endpoint.address)
    ask(page, "raise")
    page.wait_for(f"{LAST}?.ariaBusy === 'false'")
    assert "ValueError: boom" in text_of(page, ".note")
    assert page.value("document.getElementById('question').value") == "raise"


def test_an_answer_is_stopped_by_the_escape_key(page: Page, endpoint: Endpoint) -> None:
    page.open(endpoint.address)
    ask(page, "for ever")
    page.wait_for(f"{LAST}?.firstChild.textContent.includes('more')")
    assert page.value("document.getElementById('send').textContent") == "Stop"
    page.press("Escape")
    page.wait_for("document.getElementById('send').textContent === 'Ask'")
    assert text_of(page, ".note") == "Stopped."


LONG_CHAT = """(async () => {
  const sent = [], told = { trace_id: null, refused: false, guardrails: [], source_documents: [] };
  const answer = { choices: [{ delta: { content: "y".repeat(LENGTH) } }], ...told };
  const kept = window.fetch;
  window.fetch = async (path, options) => {
    if (!String(path).includes("completions")) return kept(path, options);
    sent.push(JSON.parse(options.body).messages);
    return new Response(`data: ${JSON.stringify(answer)}\\n\\n`);
  };
  for (let number = 0; number < TIMES; number++) {
    document.getElementById("question").value = `question ${number}`;
    document.getElementById("form").requestSubmit();
    while (document.getElementById("send").textContent !== "Ask") await new Promise((then) => setTimeout(then, 0));
  }
  window.fetch = kept;
  const size = (messages) => JSON.stringify(messages).length;
  return sent.map((messages) => [messages.length, messages[0].role, messages.at(-1).content, size(messages)]);
})()"""


@pytest.mark.parametrize(("times", "length", "most"), [(120, 5, 199), (40, 20_000, 25)])
def test_of_a_long_chat_the_page_sends_the_newest(
    page: Page, endpoint: Endpoint, times: int, length: int, most: int
) -> None:
    page.open(endpoint.address)
    sent = page.value(LONG_CHAT.replace("TIMES", str(times)).replace("LENGTH", str(length)))
    assert [last for _, _, last, _ in sent] == [f"question {number}" for number in range(times)]
    assert {first for _, first, _, _ in sent} == {"user"}
    assert max(count for count, _, _, _ in sent) == most
    assert max(size for _, _, _, size in sent) < LARGEST_BODY / 3  # an answer's characters may take three bytes

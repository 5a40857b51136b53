"""The chat page in a real browser."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from serving.server import LARGEST_BODY
from tasks_lib.registry.tracking import connect
from tests.serving.chromium import Page
from tests.serving.conftest import EXAMPLES, FILTER, ORIGIN, Endpoint

pytestmark = pytest.mark.slow
LAST = "[...document.querySelectorAll('article.assistant')].at(-1)"
TURNS = "document.querySelectorAll('article.assistant').length"


def opened(page: Page, address: str, **window: int) -> None:
    """Anew, with nothing kept, and once it knows whom to ask."""
    page.open(f"{address}/health")
    page.value("localStorage.clear(); sessionStorage.clear()")
    page.open(address, **window)
    page.wait_for("!document.getElementById('forget').disabled")


def ask(page: Page, question: str) -> None:
    """By keyboard alone: the focus is where one types."""
    page.wait_for("document.activeElement.id === 'question'")
    page.type(question)
    page.press("Enter")


def answered(page: Page, question: str) -> None:
    turns = page.value(TURNS)
    ask(page, question)
    page.wait_for(f"{TURNS} === {turns + 1} && document.getElementById('send').textContent === 'Ask'")


def text_of(page: Page, selector: str) -> str:
    return str(page.value(f"{LAST}.querySelector('{selector}').textContent")).strip()


def test_a_streamed_answer_is_read_with_its_source_and_judged_on_its_trace(page: Page, endpoint: Endpoint) -> None:
    opened(page, endpoint.address)
    ask(page, "slowly: how long is leave?")
    first = page.wait_for(f"{LAST}?.firstChild.textContent")
    page.wait_for(f"{LAST}.ariaBusy === 'false'")
    assert text_of(page, "p").startswith(first)
    assert text_of(page, "p") == "first says: 27 days. Ask again."
    assert first != text_of(page, "p")
    assert text_of(page, ".sources details summary") == "[1] leave.md"
    page.value(f"{LAST}.querySelector('.sources details summary').focus()")
    page.press(" ")
    assert page.value(f"{LAST}.querySelector('.sources details').open")
    assert text_of(page, "blockquote") == "Leave"
    page.value(f"{LAST}.querySelector('.down').focus()")
    page.press("Enter")
    page.wait_for(f"{LAST}.querySelector('.down').ariaPressed === 'true'")
    page.wait_for("document.activeElement.value === 'wrong'")
    page.press("Tab")
    page.press("Tab")
    page.press(" ")
    page.value(f"{LAST}.querySelector('.reasons [type=text]').focus()")
    page.type("31 days now")
    page.press("Enter")
    page.wait_for(f"{LAST}.querySelector('.reasons').hidden")
    client = connect(endpoint.platform, "rag-assistant")
    places = [experiment.experiment_id for experiment in client.search_experiments()]
    found = client.search_traces(locations=places, filter_string="feedback.user_feedback = 'false'", max_results=1)
    kept = {one.rationale: one for one in found[0].info.assessments}
    assert set(kept) == {None, "outdated: 31 days now"}
    assert {one.feedback.value for one in kept.values()} == {False}
    assert kept["outdated: 31 days now"].metadata["llmops.reasons"] == "outdated"
    assert "slowly" in found[0].info.request_preview


@pytest.mark.parametrize(("width", "height"), [(360, 740), (768, 1024), (1440, 900)])
def test_an_answer_is_seen_before_its_sources_with_its_question(
    page: Page, endpoint: Endpoint, width: int, height: int
) -> None:
    opened(page, endpoint.address, width=width, height=height)
    answered(page, "How long is leave?")
    answered(page, "Tell me at length: how long is leave?")
    seen = page.value(f"""(() => {{
      const view = document.querySelector("main").getBoundingClientRect();
      const asked = {LAST}.previousSibling.getBoundingClientRect(), said = {LAST}.firstChild.getBoundingClientRect();
      return {{ top: view.top, bottom: view.bottom, asked: asked.top, said: said.top }};
    }})()""")
    assert seen["top"] <= seen["asked"] < seen["said"] < seen["bottom"] - 100  # four lines
    below = f"{LAST}.querySelector('.sources').getBoundingClientRect().top"
    assert page.value(f"{below} > {LAST}.firstChild.getBoundingClientRect().bottom")
    assert page.value(f"{LAST}.querySelector('.sources').open") is (width > 700)
    assert page.value("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_refusal_tells_why(page: Page, endpoint: Endpoint) -> None:
    opened(page, endpoint.address, width=390, height=800)
    answered(page, "Who won at football?")
    assert page.value(f"{LAST}.classList.contains('refused')")
    assert "do not hold enough" in text_of(page, ".note")
    assert page.value("document.documentElement.scrollWidth <= window.innerWidth")


def test_questions_that_the_version_answers_are_offered_until_one_is_asked(page: Page, endpoint: Endpoint) -> None:
    opened(page, endpoint.address, width=360, height=740)
    offered = "[...document.querySelectorAll('#examples button')]"
    page.wait_for(f"{offered}.length")
    assert page.value(f"{offered}.map((button) => button.textContent)") == EXAMPLES
    page.value(f"{offered}[0].click()")
    page.wait_for(f"{LAST}?.ariaBusy === 'false'")
    assert page.value(f"{LAST}.previousSibling.textContent") == EXAMPLES[0]
    assert page.value("document.getElementById('examples').checkVisibility()") is False
    page.wait_for("document.activeElement.id === 'question'")


def test_a_passage_shows_what_was_taken_from_it_and_opens_at_its_place(page: Page, endpoint: Endpoint) -> None:
    opened(page, endpoint.address)
    answered(page, "What says the wiki?")
    assert text_of(page, "mark") == "Ask again."
    assert page.value(f"{LAST}.querySelector('.sources a').href") == (
        "https://wiki.example/staff/leave%20%26%20absence/annual.html#:~:text=Well%2Dknown%20days%2C%20counted"
    )
    answered(page, "How long is leave?")
    assert page.value(f"{LAST}.querySelector('.sources a')") is None


def test_conversations_are_kept_in_the_browser_until_they_are_deleted(page: Page, endpoint: Endpoint) -> None:
    opened(page, endpoint.address)
    answered(page, "How long is leave?")
    page.value("document.getElementById('begin').click()")
    assert page.value(TURNS) == 0
    answered(page, "And for interns?")
    page.open(f"{endpoint.address}/health")
    page.open(endpoint.address)
    titles = "[...document.getElementById('conversation').options].map((option) => option.textContent)"
    page.wait_for(f"{titles}.length === 3")
    assert page.value(titles) == ["New conversation", "And for interns?", "How long is leave?"]
    choose = "select.selectedIndex = 2; select.dispatchEvent(new Event('change'))"
    page.value(f"(() => {{ const select = document.getElementById('conversation'); {choose}; }})()")
    assert text_of(page, "p") == "first says: 27 days. Ask again."
    assert text_of(page, ".sources details summary") == "[1] leave.md"
    page.value("document.getElementById('forget').click()")
    page.wait_for("document.getElementById('sure').open")
    page.value("document.querySelector('#sure [value=delete]').click()")
    page.wait_for("localStorage.length === 0")
    assert page.value(TURNS) == 0
    assert page.value("document.getElementById('earlier').checkVisibility()") is False


def test_the_oldest_conversations_give_way_to_a_full_browser(page: Page, endpoint: Endpoint) -> None:
    opened(page, endpoint.address)
    kept = page.value("""(async () => {
      const { begin, keep, kept } = await import("/page/conversations.js");
      const turn = (text) => ({ question: text, text: "x".repeat(900_000), last: {}, verdict: null });
      const asked = Array.from("abcdefgh", (text, at) => ({ ...begin(), begun: at, turns: [turn(text)] }));
      const done = asked.map((each) => keep("someone", "docs", each));
      return { done, titles: kept("someone", "docs").map((each) => each.turns[0].question).join("") };
    })()""")
    assert set(kept["done"]) == {True}
    assert kept["titles"].startswith("hgf")
    assert "a" not in kept["titles"]


def test_an_answer_is_copied_and_a_conversation_is_a_file(page: Page, endpoint: Endpoint, tmp_path: Path) -> None:
    opened(page, endpoint.address)
    page.call("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    page.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    answered(page, "What says the wiki?")
    page.value(f"{LAST}.querySelector('.copy').click()")
    page.wait_for(f"{LAST}.querySelector('.verdict [role=status]').textContent === 'Copied.'")
    copied = page.value("navigator.clipboard.readText()")
    assert copied == "first says: 27 days. Ask again.\n\n[1] leave & absence/annual.html"
    page.value("document.getElementById('export').click()")
    (file,) = _downloaded(page, tmp_path)
    text = file.read_text()
    assert file.name.endswith("-what-says-the-wiki.md")
    assert text.startswith("# rag-assistant: What says the wiki?\n")
    assert "> # Well-known days, counted\n>\n> There are many" in text
    assert "(<https://wiki.example/staff/" in text
    assert "rag-assistant/1, tr-" in text


def _downloaded(page: Page, folder: Path) -> list[Path]:
    for _ in range(200):
        if found := [file for file in folder.iterdir() if file.suffix == ".md"]:
            return found
        page.value("new Promise((then) => setTimeout(then, 50))")
    raise AssertionError(list(folder.iterdir()))


def test_nothing_but_its_own_files_runs_in_the_page(page: Page, endpoint: Endpoint) -> None:
    policy = httpx.get(endpoint.address).headers["content-security-policy"]
    assert "unsafe" not in policy
    assert f"frame-ancestors 'self' {ORIGIN}" in policy
    opened(page, endpoint.address)
    ran = """(() => {
      const script = document.createElement("script");
      script.textContent = "window.ran = true";
      document.body.append(script);
      return window.ran ?? false;
    })()"""
    assert page.value(ran) is False


def test_the_page_is_read_and_used_without_eyes_or_mouse(page: Page, endpoint: Endpoint) -> None:
    opened(page, endpoint.address)
    answered(page, "What says the wiki?")
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    nameless = [node for node in nodes if _is_control(node) and not node.get("name", {}).get("value")]
    assert nameless == []
    assert {"main", "banner", "log", "status"} <= {node.get("role", {}).get("value") for node in nodes}
    assert page.value("document.getElementById('told').textContent") == "Answer: first says: 27 days. Ask again."
    assert page.value("document.querySelector('a, button, select, textarea, input').className") == "skip"
    page.value("document.querySelector('.skip').focus()")
    page.press("Enter")
    page.wait_for("document.activeElement.id === 'question'")


def _is_control(node: dict[str, Any]) -> bool:
    states = {state["name"]: state["value"].get("value") for state in node.get("properties", [])}
    role = node.get("role", {}).get("value")
    return bool(states.get("focusable")) and not node["ignored"] and role not in {"RootWebArea", "generic"}


def test_a_stopped_turn_is_not_sent_again(page: Page, endpoint: Endpoint) -> None:
    opened(page, endpoint.address)
    page.value(
        "sent = [], asked = fetch, fetch = (path, how) => (how?.body && sent.push(how.body), asked(path, how)), 0"
    )
    for question in ("my card?", "How long is leave?", "And for interns?"):
        answered(page, question)
    assert page.value("document.querySelectorAll('article.refused').length") == 1
    said = page.value("JSON.parse(sent.at(-1)).messages.map((message) => message.content.trim()).join('|')")
    assert said == "How long is leave?|first says: 27 days. Ask again.|And for interns?"


def test_a_failure_tells_what_and_keeps_the_question(page: Page, endpoint: Endpoint) -> None:
    opened(page, endpoint.address)
    answered(page, "raise")
    assert "ValueError: boom" in text_of(page, ".note")
    assert page.value("document.getElementById('question').value") == "raise"


def test_passages_are_chosen_by_what_the_operator_allows(page: Page, endpoint: Endpoint) -> None:
    opened(page, endpoint.address)
    fields = "[...document.querySelectorAll('#narrow input')]"
    assert page.value(f"{fields}.map((field) => field.name)") == [FILTER]
    page.value("document.getElementById('narrow').open = true")
    page.value(f"{fields}[0].focus()")
    page.type(" !=de ")
    page.value("document.getElementById('question').focus()")
    answered(page, "How long is leave?")
    assert f"{FILTER}!=de" in text_of(page, ".note.wrong")  # the fake takes no conditions, and says of which


def test_another_choice_of_passages_is_refused_by_its_name(page: Page, endpoint: Endpoint) -> None:
    opened(page, endpoint.address)
    page.value("import('./page/narrowing.js').then(({ offer }) => offer(['document']))")
    page.wait_for("document.querySelector('#narrow input').name === 'document'")
    page.value("document.getElementById('narrow').open = true")
    page.value("document.querySelector('#narrow input').focus()")
    page.type("guides/*")
    page.value("document.getElementById('question').focus()")
    answered(page, "How long is leave?")
    assert f"'document' here; the operator allows: {FILTER}" in text_of(page, ".note.wrong")
    page.value("document.querySelector('#narrow input').value = ''")
    answered(page, "How long is leave?")
    assert "27 days" in text_of(page, "p")


def test_an_answer_is_stopped_by_the_escape_key(page: Page, endpoint: Endpoint) -> None:
    opened(page, endpoint.address)
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
    opened(page, endpoint.address)
    sent = page.value(LONG_CHAT.replace("TIMES", str(times)).replace("LENGTH", str(length)))
    assert [last for _, _, last, _ in sent] == [f"question {number}" for number in range(times)]
    assert {first for _, first, _, _ in sent} == {"user"}
    assert max(count for count, _, _, _ in sent) == most
    assert max(size for _, _, _, size in sent) < LARGEST_BODY / 3  # an answer's characters may take three bytes


def speaking(page: Page, *languages: str) -> None:
    """The browser's languages, the first wanted most."""
    agent = page.value("navigator.userAgent")
    page.call("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=",".join(languages))


@pytest.mark.parametrize(
    ("languages", "language", "send"),
    [
        (["de-CH", "en"], "de", "Fragen"),
        (["tlh", "ja-JP"], "ja", "質問"),
        (["zh-TW"], "zh", "提问"),
        (["tlh"], "en", "Ask"),
    ],
)
def test_the_page_speaks_the_first_of_the_browsers_languages_that_it_knows(
    page: Page, endpoint: Endpoint, languages: list[str], language: str, send: str
) -> None:
    speaking(page, *languages)
    opened(page, endpoint.address)
    assert page.value("document.documentElement.lang") == language
    assert page.value("document.getElementById('send').textContent") == send
    speaking(page, "en-US", "en")


def test_a_language_that_was_chosen_stays_and_turns_the_page_round(page: Page, endpoint: Endpoint) -> None:
    opened(page, endpoint.address, width=390, height=800)
    answered(page, "Who won at football?")
    page.value("""(() => { const select = document.getElementById("language");
      select.value = "ar"; select.dispatchEvent(new Event("change")); })()""")
    assert text_of(page, ".note").startswith("مرفوض")
    asked = f"{LAST}.previousSibling.getBoundingClientRect()"
    margins = page.value(f"(({{ left, right }}) => [left, innerWidth - right])({asked})")
    assert margins[1] > margins[0] + 30  # what one asks stands on the left where one reads from the right
    page.open(f"{endpoint.address}/health")
    page.open(endpoint.address, width=390, height=800)
    page.wait_for("document.documentElement.dir === 'rtl'")
    assert page.value("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize(("question", "direction"), [("كم يوما تبلغ الإجازة؟", "rtl"), ("How long is leave?", "ltr")])
def test_a_text_runs_in_its_own_direction_whatever_the_page_speaks(
    page: Page, endpoint: Endpoint, question: str, direction: str
) -> None:
    opened(page, endpoint.address)
    answered(page, question)
    assert page.value(f"getComputedStyle({LAST}.previousSibling.firstChild).direction") == direction
    assert page.value(f"getComputedStyle({LAST}.firstChild).direction") == "ltr"


@pytest.mark.parametrize("width", [390, 768, 1280])
@pytest.mark.parametrize("language", ["de", "pl", "zh", "ar"])
def test_nothing_is_wider_than_the_window_in_any_language(
    page: Page, endpoint: Endpoint, language: str, width: int
) -> None:
    page.open(f"{endpoint.address}/health")
    page.value(f"localStorage.clear(); sessionStorage.clear(); localStorage.setItem('llmops-language', '{language}')")
    page.open(endpoint.address, width=width, height=800)
    page.wait_for("!document.getElementById('forget').disabled")
    assert page.value("document.documentElement.lang") == language
    assert page.value("document.documentElement.scrollWidth <= window.innerWidth")
    cut = (
        "[...document.querySelectorAll('button, label, h1')].filter((each) => each.scrollWidth > each.clientWidth + 1)"
    )
    assert (
        page.value(
            f"{cut}.filter((each) => each.checkVisibility() && each.clientWidth).map((each) => each.textContent)"
        )
        == []
    )


def test_a_source_in_another_language_than_the_question_tells_so(page: Page, endpoint: Endpoint) -> None:
    opened(page, endpoint.address)
    answered(page, "What says the wiki?")
    assert text_of(page, ".sources .language") == "in German"
    assert page.value(f"{LAST}.querySelector('blockquote').lang") == "de"
    answered(page, "Was sagt das wiki?")
    assert page.value(f"{LAST}.querySelector('.sources .language')") is None

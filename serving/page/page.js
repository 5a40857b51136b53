import { answer, examplesOf, known, use, whoAndWhom } from "./endpoint.js";
import { begin, forget, keep, kept, messagesOf, titleOf } from "./conversations.js";
import { make, note } from "./elements.js";
import { download } from "./export.js";
import { choose, current, languages, say, translate } from "./language.js";
import * as login from "./login.js";
import { conditions, offer } from "./narrowing.js";
import { showSources } from "./sources.js";
import { showVerdict } from "./verdict.js";

const of = (id) => document.getElementById(id);
const talk = of("talk"), form = of("form"), question = of("question"), send = of("send"), choice = of("assistant");
const typed = new Map(), asked = new Map();
let caller = "", model = "", conversation = begin(), answering = null;

const remembered = {
  get: (name) => { try { return sessionStorage.getItem(name); } catch { return null; } },
  set: (name, value) => { try { sessionStorage.setItem(name, value); } catch { /* not remembered */ } },
};

async function findAssistants(quietly = false) {
  const found = await whoAndWhom(quietly);
  caller = found.caller;
  offer(found.filters);
  choice.replaceChildren(...found.assistants.map((id) => make("option", id, { value: id })));
  const linked = found.assistants.find((id) => encodeURIComponent(id) === location.hash.slice(1));
  choice.value = model = linked ?? found.assistants.find((id) => id === remembered.get("assistant")) ?? found.assistants[0];
  of("choice").hidden = found.assistants.length < 2;
  showSession();
  listConversations();
}

// who comes back from a login has the question that was not answered; a login that ended is begun anew from the dialog
async function logIn() {
  try {
    const token = await login.finish();
    if (token) use(token);
    if (token) question.value = remembered.get("unasked") ?? "";
  } catch (problem) {
    note(talk, say("login.failed", { problem: problem.message }), "wrong");
  }
  of("login").hidden = of("session").hidden = !(await login.way());
  showSession();
}

function showSession() {
  of("session").textContent = known() ? say("logout") : say("login");
  of("session").title = known() ? caller : "";
}

function listConversations() {
  const all = kept(caller, model), select = of("conversation");
  const entries = all.map((each) => make("option", titleOf(each), { value: each.id, dir: "auto" }));
  select.replaceChildren(make("option", say("conversation.new"), { value: "" }), ...entries);
  select.value = all.some((each) => each.id === conversation.id) ? conversation.id : "";
  of("earlier").hidden = !all.length;
  allow();
}

function allow() {
  const busy = answering !== null;
  choice.disabled = of("conversation").disabled = of("language").disabled = busy;
  of("begin").disabled = busy || !talk.childElementCount;
  of("export").disabled = busy || !conversation.turns.length;
  of("forget").disabled = busy || !model;
  send.textContent = busy ? say("stop") : say("send");
}

function open(another) {
  conversation = another;
  remembered.set("conversation", conversation.id);
  talk.replaceChildren();
  for (const turn of conversation.turns) finish(add(turn.question, turn.text), turn);
  talk.lastElementChild?.scrollIntoView({ block: "start" });
  listConversations();
  offerExamples();
}

function change() {
  typed.set(model, question.value);
  asked.set(model, conversation);
  model = choice.value;
  remembered.set("assistant", model);
  question.value = typed.get(model) ?? "";
  open(asked.get(model) ?? begin());
}

async function offerExamples() {
  const place = of("examples"), assistant = model;
  place.hidden = true;
  if (!assistant || conversation.turns.length) return;
  const questions = await examplesOf(assistant).catch(() => []);
  if (assistant !== model || talk.childElementCount || !questions.length) return;
  place.querySelector("ul").replaceChildren(...questions.map((text) => {
    const item = make("li");
    item.append(make("button", text, { type: "button", dir: "auto", onclick: () => { question.value = text; form.requestSubmit(); } }));
    return item;
  }));
  place.hidden = false;
}

// the question and an empty answer
function add(text, said = "") {
  const exchange = make("div", "", { className: "exchange" });
  const user = make("article", "", { className: "user", ariaLabel: say("you") });
  const element = make("article", "", { className: "assistant", ariaLabel: say("answer") });
  user.append(make("p", text, { dir: "auto" }));
  element.append(make("p", said, { dir: "auto" }));
  exchange.append(user, element);
  talk.append(exchange);
  return element;
}

function decided({ validator, direction, action, kinds }) {
  const told = say("guard", { validator, direction: say(`guard.${direction}`), action: say(`guard.${action}`) });
  return kinds.length ? `${told} (${kinds.join(", ")})` : told;
}

function finish(element, turn) {
  const { last } = turn, words = element.firstChild;
  element.classList.toggle("refused", last.refused);
  if (last.refused) note(element, say(`refused.${last.refusal_reason}`) ?? say("refused"));
  for (const hit of last.guardrails.filter((decision) => decision.action !== "allow"))
    note(element, decided(hit));
  showVerdict(element, turn, model, () => keep(caller, model, conversation));
  if (!last.refused) showSources(element, words, last.source_documents, last.language);
  if (turn.where?.length) note(element, say("narrow.of", { conditions: turn.where.join(", ") }));
  note(element, last.model);
}

async function answerTo(turn, element, messages) {
  let last = null;
  for await (const event of answer(model, messages, turn.where, answering.signal)) {
    if (event.error) throw new Error(event.error.message);
    turn.text += event.choices[0]?.delta?.content ?? "";
    element.firstChild.textContent = turn.text;
    if (event.trace_id !== undefined) last = event;
  }
  if (!last) throw new Error(say("failed.broke"));
  turn.text = element.firstChild.textContent = turn.text.trim();
  const { refused, refusal_reason, language, guardrails, source_documents, model: version, trace_id } = last;
  turn.last = { refused, refusal_reason, language, guardrails, source_documents, model: version, trace_id };
}

async function askOf(text) {
  const turn = { question: text, where: conditions(), text: "", last: null, verdict: null };
  of("examples").hidden = true;
  const element = add(text);
  element.ariaBusy = "true";
  element.parentElement.scrollIntoView({ block: "start" });
  of("told").textContent = say("answering");
  remembered.set("unasked", text);
  try {
    if (!model) {
      await findAssistants();
      if (!of("choice").hidden) throw new Error(say("failed.choose"));
    }
    await answerTo(turn, element, messagesOf(conversation.turns, text));
    finish(element, turn);
    remembered.set("unasked", "");
  } catch (problem) {
    element.classList.add("failed");
    note(element, problem.name === "AbortError" ? say("stopped") : say("failed", { problem: problem.message }), "wrong");
    if (!question.value) question.value = text;
  }
  element.ariaBusy = "false";
  of("told").textContent = turn.last ? say("answer.read", { text: turn.text }) : element.textContent;
  if (!turn.last) return;
  conversation.turns.push(turn);
  remembered.set("conversation", conversation.id);
  if (!keep(caller, model, conversation)) note(element, say("not.kept"));
}

form.onsubmit = async (event) => {
  event.preventDefault();
  if (answering) { answering.abort(); return; }
  const text = question.value.trim();
  if (!text) return;
  question.value = "";
  answering = new AbortController();
  allow();
  await askOf(text);
  answering = null;
  listConversations();
  if ([document.body, send, question].includes(document.activeElement)) question.focus();
};
question.onkeydown = (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); if (!answering) form.requestSubmit(); }
};
document.onkeydown = (event) => { if (event.key === "Escape") answering?.abort(); };
choice.onchange = change;
onhashchange = () => {
  const linked = [...choice.options].find((option) => encodeURIComponent(option.value) === location.hash.slice(1));
  if (linked && linked.value !== model && !answering) { choice.value = linked.value; change(); }
};
of("conversation").onchange = (event) => {
  open(kept(caller, model).find((each) => each.id === event.target.value) ?? begin());
};
of("begin").onclick = () => { open(begin()); question.focus(); };
of("export").onclick = () => download(model, conversation);
of("forget").onclick = () => {
  of("surely").textContent = say("delete.sure", { caller });
  of("sure").returnValue = "";
  of("sure").showModal();
};
of("sure").onclose = () => {
  if (of("sure").returnValue !== "delete") return;
  forget(caller);
  asked.clear();
  open(begin());
  of("told").textContent = say("deleted");
  question.focus();
};
of("login").onclick = login.begin;
of("session").onclick = () => {
  if (!known()) { login.begin(); return; }
  use("");
  login.end();
};
addEventListener("storage", () => { if (!answering && model) listConversations(); });

of("language").replaceChildren(...languages().map(([code, name]) => make("option", name, { value: code, lang: code })));
of("language").value = current();
of("language").onchange = (event) => {
  choose(event.target.value);
  translate();
  showSession();
  open(conversation);
};
translate();

// where keys are asked for, the first question asks for one, and shows the choice
logIn().then(() => findAssistants(true)).then(() => {
  const again = performance.getEntriesByType("navigation")[0]?.type !== "navigate" && remembered.get("conversation");
  if (!answering && !talk.childElementCount) open(kept(caller, model).find((each) => each.id === again) ?? conversation);
}).catch(() => {});

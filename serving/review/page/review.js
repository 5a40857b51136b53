// one answer after the other; every verdict is a key
import { begin, finish, way } from "./login.js";

const of = (id) => document.getElementById(id);
const remembered = { get: (name) => { try { return localStorage.getItem(name); } catch { return null; } },
  set: (name, value) => { try { localStorage.setItem(name, value); } catch { /* a frame without storage */ } } };
let items = [], at = 0, labelled = 0, key = "";
try { key = sessionStorage.getItem("key") ?? ""; } catch { /* asked for anew */ }

function make(tag, text = "", attributes = {}) {
  const element = document.createElement(tag);
  element.textContent = text;
  return Object.assign(element, attributes);
}

async function askForKey() {
  of("login").hidden = !(await way());
  return new Promise((resolve) => {
    of("key").value = "";
    of("keys").onclose = () => resolve(of("keys").returnValue === "use" ? of("key").value.trim() : "");
    of("keys").returnValue = "";
    of("keys").showModal();
  });
}

async function ask(path, body) {
  for (;;) {
    const bearer = key ? { authorization: `Bearer ${String.fromCharCode(...new TextEncoder().encode(key))}` } : {};
    const headers = { "content-type": "application/json", ...bearer };
    const response = await fetch(path, body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers });
    if (response.status === 401 && (key = await askForKey())) {
      try { sessionStorage.setItem("key", key); } catch { /* kept in memory */ }
      continue;
    }
    const said = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(typeof said.detail === "string" ? said.detail : `status ${response.status}`);
    return said;
  }
}

function show() {
  const item = items[at];
  of("item").hidden = of("verdict").hidden = !item;
  of("done").hidden = Boolean(item);
  of("more").hidden = true;
  of("progress").textContent = `${labelled} labelled, ${Math.max(items.length - at, 0)} to go`;
  if (!item) return;
  of("why").textContent = `${item.why.join(", ")} · ${item.origin}, version ${item.version}${item.note ? ` · the user wrote: ${item.note}` : ""}`;
  of("turns").replaceChildren(...item.messages.map((turn) => make("p", turn.content, { className: `turn ${turn.role}` })));
  of("response").textContent = item.refused ? `(refused) ${item.response}` : item.response;
  of("judge").textContent = item.judge === null ? "No judge has scored it." : `The judge: ${item.judge.toFixed(2)}${item.judge_reason ? `, ${item.judge_reason}` : ""}`;
  of("passages").replaceChildren(...item.passages.flatMap((passage) =>
    [make("span", [passage.document, passage.heading].filter(Boolean).join(" > "), { className: "faint" }), make("blockquote", passage.content)]));
  if (!item.passages.length) of("passages").replaceChildren(make("p", "None.", { className: "faint" }));
  of("reason").value = of("better").value = "";
  document.querySelector("main").scrollTop = 0;
  of("item").focus();
}

async function load() {
  const given = of("reviewer").value.trim() || "anyone";
  try {
    const said = await ask(`queue?reviewer=${encodeURIComponent(given)}`);
    items = said.items;
    at = labelled = 0;
    of("title").textContent = `${said.assistant}: review`;
    of("reviewer").value = said.reviewer;
    of("reviewer").readOnly = said.reviewer !== given;
    const { alpha, labels, shared } = said.agreement;
    of("told").textContent = `${labels} labels so far${alpha === null ? "" : `; Krippendorff's alpha ${alpha.toFixed(2)} over ${shared} shared answers`}`;
    show();
  } catch (problem) { of("told").textContent = `Nothing was loaded: ${problem.message}`; }
}

async function label(verdict) {
  const item = items[at];
  if (!item) return;
  const body = { trace_id: item.trace_id, reviewer: of("reviewer").value.trim() || "anyone", verdict, queue: item.why.join(", "),
    why: verdict === "wrong" ? of("reason").value.trim() : "", better: verdict === "wrong" ? of("better").value.trim() : "" };
  at += 1;
  labelled += 1;
  show();
  try {
    await ask("labels", body);
    of("told").textContent = `Saved: ${verdict.replaceAll("_", " ")}.`;
  } catch (problem) {
    items.push(item);
    labelled -= 1;
    of("told").textContent = `Not saved, it comes again: ${problem.message}`;
    if (of("item").hidden) show();
  }
}

function wrong() {
  if (of("verdict").hidden) return;
  of("more").hidden = false;
  of("reason").focus();
}

function close() { of("more").hidden = true; of("item").focus(); }
const later = () => { if (items[at]) { items.push(...items.splice(at, 1)); show(); } };
const back = () => { if (at > 0) { at -= 1; show(); } };
const choose = { r: () => label("right"), w: wrong, n: () => label("not_a_question"), l: later, b: back };

onkeydown = (event) => {
  if (event.key === "Escape" && !of("more").hidden) return close();
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !of("more").hidden) { event.preventDefault(); return label("wrong"); }
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea") || of("keys").open) return;
  const act = choose[event.key.toLowerCase()];
  if (act) { event.preventDefault(); act(); }
};
for (const button of document.querySelectorAll("[data-verdict]"))
  button.onclick = () => (button.dataset.verdict === "wrong" ? wrong() : label(button.dataset.verdict));
of("later").onclick = later;
of("back").onclick = back;
of("cancel").onclick = close;
of("verdict").onsubmit = (event) => { event.preventDefault(); label("wrong"); };
of("reviewer").onchange = () => { remembered.set("reviewer", of("reviewer").value.trim()); load(); };
of("make").onclick = async () => {
  try {
    const made = await ask("set", {});
    of("told").textContent = `${made.dataset}: ${made.examples} examples, ${made.added} added, ${made.changed} changed, ${made.removed} removed.`;
  } catch (problem) { of("told").textContent = `No set was made: ${problem.message}`; }
};
of("login").onclick = begin;
of("reviewer").value = remembered.get("reviewer") ?? "";
try {
  const token = await finish();
  if (token) { key = token; sessionStorage.setItem("key", key); }
} catch (problem) { of("told").textContent = `Nobody was logged in: ${problem.message}`; }
load();

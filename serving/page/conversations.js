// a caller's conversations with an assistant, kept in this browser: one entry each, so that two tabs do not overwrite one another
//
// a turn: question, where (conditions that its passages met), text, last (of the answer's last event), verdict

const MOST = 50;
const MOST_MESSAGES = 200, MOST_CHARACTERS = 250_000;
const place = (...parts) => ["llmops", ...parts.map(encodeURIComponent), ""].join("/");

export const begin = () => ({ id: `${Date.now()}-${Math.random().toString(36).slice(2, 8)}`, begun: Date.now(), turns: [] });
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
export const firstOf = (text, most) => [...graphemes.segment(text.slice(0, 20 * most))].slice(0, most).map((each) => each.segment).join("");
export const titleOf = (conversation) => firstOf(conversation.turns[0]?.question.replace(/\s+/g, " ") ?? "", 80);

function read(name) {
  try { return JSON.parse(localStorage.getItem(name)); } catch { return null; }
}

function names(prefix) {
  try { return Object.keys(localStorage).filter((name) => name.startsWith(prefix)); } catch { return []; }
}

// newest first
export function kept(caller, assistant) {
  const found = names(place(caller, assistant)).map(read).filter((each) => Array.isArray(each?.turns) && each.turns.length);
  return found.sort((one, other) => other.begun - one.begun);
}

// whether the browser keeps it; the oldest give way
export function keep(caller, assistant, conversation) {
  const older = kept(caller, assistant).filter((each) => each.id !== conversation.id);
  for (const each of older.splice(MOST - 1)) remove(caller, assistant, each);
  for (;;) {
    try {
      localStorage.setItem(place(caller, assistant) + conversation.id, JSON.stringify(conversation));
      return true;
    } catch {
      if (!older.length) return false;
      remove(caller, assistant, older.pop());
    }
  }
}

function remove(caller, assistant, { id }) {
  localStorage.removeItem(place(caller, assistant) + id);
}

export function forget(caller) {
  for (const name of names(place(caller))) localStorage.removeItem(name);
}

// what the endpoint takes: answered turns and the question; the oldest go, from one of the user's on
export function messagesOf(turns, question) {
  const messages = turns.filter((turn) => turn.last.refusal_reason !== "guardrail") // a stopped turn is not sent again
    .flatMap((turn) => [{ role: "user", content: turn.question }, { role: "assistant", content: turn.text }]);
  messages.push({ role: "user", content: question });
  let from = Math.max(0, messages.length - MOST_MESSAGES), size = 0;
  for (let at = messages.length - 1; at >= from; at--) if ((size += messages[at].content.length) > MOST_CHARACTERS) from = at + 1;
  while (from < messages.length - 1 && messages[from].role !== "user") from++;
  return messages.slice(from);
}

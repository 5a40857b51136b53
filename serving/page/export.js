// an answer for the clipboard, a conversation as a Markdown file

import { make } from "./elements.js";
import { say } from "./language.js";
import { addressOf, nameOf } from "./sources.js";
import { firstOf, titleOf } from "./conversations.js";

const sourcesOf = (turn) => (!turn.last.refused ? turn.last.source_documents : []);

export function copyText(turn) {
  return [turn.text, sourcesOf(turn).map((source, at) => `[${at + 1}] ${nameOf(source)}`).join("\n")].filter(Boolean).join("\n\n");
}

// what to tell
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return say("copied");
  } catch {
    return copiedWithoutClipboard(text) ? say("copied") : say("copied.not");
  }
}

// where the page came over plain HTTP, there is no clipboard
function copiedWithoutClipboard(text) {
  const area = make("textarea", text, { className: "unseen" }), focused = document.activeElement;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  focused?.focus();
  return done;
}

const quoted = (text) => text.split("\n").map((line) => `> ${line}`.trimEnd()).join("\n");

function asMarkdown(turn) {
  const sources = sourcesOf(turn).map((source, at) => {
    const address = addressOf(source);
    return `${at + 1}. ${address ? `[${nameOf(source)}](<${address}>)` : nameOf(source)}\n\n${quoted(source.content)}`;
  });
  const origin = [...(turn.where ?? []), turn.last.model, turn.last.trace_id].filter(Boolean).join(", ");
  return [`## ${turn.question.replace(/\s+/g, " ")}`, turn.text, ...sources, `*${origin}*`].filter(Boolean).join("\n\n");
}

export function markdown(assistant, conversation) {
  const head = `# ${assistant}: ${titleOf(conversation)}\n\n${new Date(conversation.begun).toISOString()}`;
  return `${[head, ...conversation.turns.map(asMarkdown)].join("\n\n")}\n`;
}

export function download(assistant, conversation) {
  const day = new Date(conversation.begun).toISOString().slice(0, 10);
  const href = URL.createObjectURL(new Blob([markdown(assistant, conversation)], { type: "text/markdown" }));
  const words = firstOf(titleOf(conversation).toLowerCase().replace(/[^\p{L}\p{M}\p{N}]+/gu, "-").replace(/^-|-$/g, ""), 40);
  make("a", "", { href, download: `${day}-${words || "conversation"}.md` }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}

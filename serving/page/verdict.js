// what stands below an answer: the caller's verdict with reasons, and copying

import { call } from "./endpoint.js";
import { make } from "./elements.js";
import { copied, copyText } from "./export.js";
import { say } from "./language.js";

const REASONS = ["wrong", "incomplete", "outdated", "wrong_source", "not_answered", "unclear"];
const DRAWING = "M1 21h4V9H1v12zm22-11c0-1.1-.9-2-2-2h-6.3l1-4.6v-.3c0-.4-.2-.8-.5-1.1L14.2 1 7.6 7.6C7.2 8 7 8.5 7 9v10c0 1.1.9 2 2 2h9c.8 0 1.5-.5 1.8-1.2l3-7c.1-.3.2-.5.2-.8v-2z";
const THUMB = `<svg viewBox="0 0 24 24" width="18" height="18" fill="currentColor" aria-hidden="true"><path d="${DRAWING}"/></svg>`;
let numbered = 0;

// `changed` is called with the turn when a verdict was recorded
export function showVerdict(element, turn, assistant, changed) {
  const bar = make("div", "", { className: "verdict" }), told = make("span", "", { role: "status" });
  const thumbs = turn.last.trace_id ? [[say("good"), true], [say("bad"), false]] : [];
  const buttons = thumbs.map(([name, value]) => make("button", "", {
    type: "button", className: value ? "up" : "down", innerHTML: THUMB, ariaLabel: name, title: name,
    ariaPressed: String(turn.verdict === value), onclick: () => give(value),
  }));
  const form = reasons((chosen, comment) => give(false, chosen, comment));
  async function give(value, chosen = [], comment = null) {
    told.textContent = "…";
    try {
      await call("feedback", { body: { trace_id: turn.last.trace_id, value, assistant, reasons: chosen, comment } });
    } catch (problem) {
      told.textContent = say("not.recorded", { problem: problem.message });
      return;
    }
    turn.verdict = value;
    buttons.forEach((button, at) => { button.ariaPressed = String(value === !at); });
    told.textContent = say("thanks");
    const saidAll = value || chosen.length > 0 || comment !== null;
    if (saidAll && form.contains(document.activeElement)) buttons.at(-1).focus();
    form.hidden = saidAll;
    if (!saidAll) form.querySelector("input").focus();
    changed(turn);
  }
  const copy = make("button", say("copy"), { type: "button", className: "copy", onclick: async () => { told.textContent = await copied(copyText(turn)); } });
  bar.append(...buttons, copy, told);
  element.append(bar);
  if (buttons.length) element.append(form);
}

function reasons(send) {
  const name = `reason-${numbered++}`;
  const form = make("form", "", { className: "reasons", hidden: true, ariaLabel: say("reasons") });
  const choices = REASONS.map((value) => {
    const label = make("label");
    label.append(make("input", "", { type: "checkbox", name, value }), say(`reason.${value}`));
    return label;
  });
  const line = make("div");
  const comment = make("input", "", { type: "text", dir: "auto", ariaLabel: say("comment"), placeholder: say("comment"), maxLength: 4000 });
  line.append(comment, make("button", say("comment.send"), { className: "main" }));
  form.append(...choices, line);
  form.onsubmit = (event) => {
    event.preventDefault();
    const chosen = [...form.querySelectorAll(":checked")].map((box) => box.value);
    if (chosen.length || comment.value.trim()) send(chosen, comment.value.trim() || null);
    else comment.focus();
  };
  return form;
}

export function make(tag, text = "", attributes = {}) {
  const element = document.createElement(tag);
  element.textContent = text;
  return Object.assign(element, attributes);
}

export function note(turn, text, kind = "") {
  turn.append(make("div", text, { className: `note ${kind}`.trim() }));
}

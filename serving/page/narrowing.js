// which passages a question is answered from, by the metadata that the operator lets requests name

import { make } from "./elements.js";

const place = document.getElementById("narrow");
const OPERATOR = /^(?:[!<>]=|[=<>])/;

// one field for each; what was typed stays
export function offer(fields) {
  const typed = new Map([...place.querySelectorAll("input")].map((input) => [input.name, input.value]));
  place.querySelector("div").replaceChildren(...fields.map((name) => {
    const label = make("label", name);
    label.append(" ", make("input", "", { name, value: typed.get(name) ?? "", dir: "auto", autocomplete: "off", spellcheck: false, maxLength: 400 }));
    return label;
  }));
  place.hidden = !fields.length;
}

// `guides/*` of the field document is `document=guides/*`, `>=2026-01-01` of the field modified is `modified>=2026-01-01`
export function conditions() {
  const given = [...place.querySelectorAll("input")].map(({ name, value }) => [name, value.trim()]).filter(([, value]) => value);
  return given.map(([name, value]) => `${name}${OPERATOR.test(value) ? "" : "="}${value}`);
}

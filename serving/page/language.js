// the page's texts: in the language that was chosen in this browser, else in the first of its languages that there are texts in

const TEXTS = await (await fetch(new URL("texts.json", import.meta.url))).json();
const PLACE = "llmops-language", OTHERWISE = "en";
let language = preferred();

export const languages = () => Object.entries(TEXTS).map(([code, texts]) => [code, texts["language.name"]]);
export const current = () => language;

function preferred() {
  const wanted = [...navigator.languages];
  try { wanted.unshift(localStorage.getItem(PLACE)); } catch { /* a frame without storage */ }
  const primary = wanted.map((each) => each?.toLowerCase().split("-")[0]);
  return primary.find((each) => Object.hasOwn(TEXTS, each)) ?? OTHERWISE;
}

export function choose(code) {
  language = code;
  try { localStorage.setItem(PLACE, code); } catch { /* until the page is left */ }
}

// null for a key that there is no text of
export function say(key, values = {}) {
  const text = TEXTS[language][key];
  return text === undefined ? null : text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// "German" for "de"
export const nameOfLanguage = (code) => new Intl.DisplayNames([language], { type: "language" }).of(code);

// what stands in the page from the beginning
export function translate() {
  Object.assign(document.documentElement, { lang: language, dir: say("direction") });
  document.title = say("title");
  const put = { text: "textContent", label: "ariaLabel", placeholder: "placeholder" };
  for (const [name, property] of Object.entries(put))
    for (const element of document.querySelectorAll(`[data-${name}]`)) element[property] = say(element.dataset[name]);
}

// an answer's sources: listed, opened where they are cited, and linked to their place

import { make } from "./elements.js";
import { nameOfLanguage, say } from "./language.js";

const FRAGMENT_WORDS = 8;

export function nameOf(source) {
  const where = [source.heading, source.page && say("source.page", { number: source.page })].filter(Boolean).join(", ");
  return `${source.document}${where ? ` (${where})` : ""}`;
}

// the passage's address, scrolled to its first words; null unless the documents are pages of a web server
export function addressOf(source) {
  const web = /^https?:\/\//i;
  const base = web.test(source.document) ? source.document : web.test(source.source ?? "") ? source.source : null;
  if (!base || !URL.canParse(base)) return null;
  const url = base === source.document ? new URL(base) : below(base, source.document);
  if (/\.pdf$/i.test(url.pathname)) return source.page ? `${url.href.split("#")[0]}#page=${source.page}` : url.href;
  const line = source.content.split("\n").map((each) => each.replace(/^[\s#>*|-]+/, "").trim()).find(Boolean) ?? "";
  const words = encodeURIComponent(line.split(/\s+/).slice(0, FRAGMENT_WORDS).join(" ")).replaceAll("-", "%2D");
  return words ? `${url.href}${url.hash ? "" : "#"}:~:text=${words}` : url.href;
}

function below(base, document) {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/${document.split("/").map(encodeURIComponent).join("/")}`;
  return url;
}

// the passage, with the sentences marked that the answer took from it
function quote(content, answer) {
  const taken = answer.split(/(?<=[.!?…؟۔।॥።])\s+|(?<=[。！？｡])\s*/u).map((each) => each.trim()).filter((each) => each.length > 5);
  const spans = taken.map((each) => [content.indexOf(each), each.length]).filter(([at]) => at >= 0).sort(([one], [other]) => one - other);
  const passage = make("blockquote", "", { dir: "auto" });
  let end = 0;
  for (const [at, length] of spans) {
    if (at < end) continue;
    passage.append(content.slice(end, at), make("mark", content.slice(at, at + length)));
    end = at + length;
  }
  passage.append(content.slice(end));
  return passage;
}

function listed(source, number, answer, asked) {
  const place = make("details"), address = addressOf(source), name = make("summary", `[${number}] ${nameOf(source)}`, { dir: "auto" });
  place.append(name, quote(source.content, answer));
  if (source.language) place.lastChild.lang = source.language;
  if (asked && source.language && source.language !== asked)
    name.append(" ", make("span", say("source.language", { language: nameOfLanguage(source.language) }), { className: "language", dir: "auto" }));
  if (address) place.append(make("a", say("source.open"), { href: address, target: "_blank", rel: "noopener noreferrer" }));
  return place;
}

// folded on a phone
export function showSources(turn, words, sources, asked) {
  if (!sources.length) return;
  const all = make("details", "", { className: "sources", open: matchMedia("(min-width: 48rem)").matches });
  const places = sources.map((source, at) => listed(source, at + 1, words.textContent, asked));
  const marked = sources.some((source) => source.used);
  const used = places.filter((_, at) => !marked || sources[at].used), others = places.filter((place) => !used.includes(place));
  all.append(make("summary", say("sources", { count: used.length })), ...used);
  if (others.length) {
    const also = make("details", "", { className: "also" });
    also.append(make("summary", say("sources.also", { count: others.length })), ...others);
    all.append(also);
  }
  turn.append(all);
  cite(words, (number) => {
    const place = places[number - 1];
    return place && (() => { all.open = place.parentElement.open = place.open = true; place.firstChild.focus(); place.scrollIntoView({ block: "nearest" }); });
  });
}

// `[1]` in an answer opens its source
function cite(words, opener) {
  const parts = words.textContent.split(/\[(\d+)\]/);
  words.replaceChildren(...parts.map((part, at) => {
    const onclick = at % 2 ? opener(Number(part)) : null;
    if (!onclick) return at % 2 ? `[${part}]` : part;
    return make("button", `[${part}]`, { type: "button", className: "cite", ariaLabel: say("source.cited", { number: part }), onclick });
  }));
}

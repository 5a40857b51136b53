// what the endpoint is asked, with the key that the caller gives once a session, or the token of a login

import { say } from "./language.js";

const of = (id) => document.getElementById(id);
let key = "";
try { key = sessionStorage.getItem("key") ?? ""; } catch { /* a frame without storage: the key is asked for anew */ }

export const known = () => key !== "";

export function use(given) {
  key = given;
  try { sessionStorage.setItem("key", key); } catch { /* kept in memory */ }
}

function askForKey() {
  return new Promise((resolve) => {
    of("key").value = "";
    of("keys").onclose = () => resolve(of("keys").returnValue === "use" ? of("key").value.trim() : "");
    of("keys").returnValue = "";
    of("keys").showModal();
  });
}

async function problemOf(response) {
  const said = await response.json().catch(() => ({}));
  const told = said.error?.message ?? (typeof said.detail === "string" ? said.detail : `status ${response.status}`);
  return new Error(say(`failed.${response.status}`) ?? told);
}

// a header takes bytes: those of UTF-8, as the digest of the key is made of
const bearer = () => ({ authorization: `Bearer ${String.fromCharCode(...new TextEncoder().encode(key))}` });

async function reach(path, options) {
  try {
    return await fetch(path, options);
  } catch (problem) {
    throw problem.name === "AbortError" ? problem : new Error(say("failed.network"));
  }
}

export async function call(path, { body, signal, quietly = false } = {}) {
  for (;;) {
    const headers = { "content-type": "application/json", ...(key && bearer()) };
    const response = await reach(path, body ? { method: "POST", headers, body: JSON.stringify(body), signal } : { headers });
    if (response.status === 401 && !quietly && (key = await askForKey())) {
      use(key);
      continue;
    }
    if (!response.ok) throw await problemOf(response);
    return response;
  }
}

export const ask = async (path, options) => (await call(path, options)).json();

// { caller, filters, assistants }; quietly: without asking for a key
export async function whoAndWhom(quietly) {
  const assistants = (await ask("v1/models", { quietly })).data.map((each) => each.id);
  if (!assistants.length) throw new Error(say("failed.none"));
  const { name, filters } = await ask("caller", { quietly });
  return { caller: name, filters, assistants };
}

export async function examplesOf(assistant) {
  return (await ask(`examples/${encodeURIComponent(assistant)}`, { quietly: true })).questions;
}

// the events of a streamed answer; the last one has its sources
export async function* answer(model, messages, where, signal) {
  const body = { model, messages, stream: true, ...(where.length && { where }) };
  const response = await call("v1/chat/completions", { body, signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let part; !(part = await reader.read()).done; ) {
    const lines = (rest + part.value).split("\n\n");
    rest = lines.pop();
    for (const line of lines) if (line.startsWith("data: {")) yield JSON.parse(line.slice(6));
  }
}

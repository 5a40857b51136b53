// logging in at the operator's issuer: authorization code with PKCE
//
// The token lies in the tab's own storage (sessionStorage), as the API key does: the way to the issuer and back leaves the page, so that memory alone
// would ask for a login at every reload. No script but the page's own runs here (its policy), other tabs do not see it, and it is gone with the tab.

const PLACE = "llmops-login", TOKEN = "llmops-identity";
let known = null;

const read = (name) => { try { return JSON.parse(sessionStorage.getItem(name)); } catch { return null; } };
const write = (name, value) => sessionStorage.setItem(name, JSON.stringify(value));
const here = () => location.origin + location.pathname;
const encoded = (raw) => btoa(String.fromCharCode(...raw)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const random = () => encoded(crypto.getRandomValues(new Uint8Array(32)));
const digest = async (text) => encoded(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));

// how one logs in; null where one does not, or the issuer cannot be reached
export async function way() {
  if (!known) {
    const response = await fetch("login").catch(() => null);
    const told = response?.ok ? await response.json().catch(() => ({})) : {};
    known = told.client_id ? told : null;
  }
  return known;
}

export async function begin() {
  const { authorization_endpoint, client_id, scope } = await way();
  const begun = { state: random(), nonce: random(), verifier: random(), hash: location.hash };
  const asked = {
    response_type: "code", client_id, scope, redirect_uri: here(), state: begun.state, nonce: begun.nonce,
    code_challenge: await digest(begun.verifier), code_challenge_method: "S256",
  };
  write(PLACE, begun);
  const address = new URL(authorization_endpoint);
  for (const [name, value] of Object.entries(asked)) address.searchParams.set(name, value);
  location.assign(address);
}

// the token, where the issuer has just sent the browser back; null where it has not
export async function finish() {
  const given = new URLSearchParams(location.search), begun = read(PLACE);
  if (!given.has("state")) return null;
  try { sessionStorage.removeItem(PLACE); } catch { /* then there is no login under way either */ }
  history.replaceState(null, "", location.pathname + (begun?.hash ?? "")); // neither the code nor the state stays in the address
  if (begun?.state !== given.get("state")) throw new Error("state");
  if (given.has("error")) throw new Error(given.get("error"));
  const found = await way();
  if (!found || (given.get("iss") ?? found.issuer) !== found.issuer) throw new Error("issuer");
  return exchange(found, given.get("code"), begun);
}

async function exchange({ token_endpoint, client_id, issuer, page_token }, code, { verifier, nonce }) {
  const body = new URLSearchParams({ grant_type: "authorization_code", code, client_id, redirect_uri: here(), code_verifier: verifier });
  const response = await fetch(token_endpoint, { method: "POST", body, credentials: "omit" });
  const said = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(said.error ?? `status ${response.status}`);
  const claims = claimsOf(said.id_token);
  if (claims.nonce !== nonce) throw new Error("nonce");
  if (claims.iss !== issuer || ![claims.aud].flat().includes(client_id)) throw new Error("id_token");
  if (!said[page_token]) throw new Error(page_token);
  write(TOKEN, said.id_token);
  return said[page_token];
}

// its signature is not looked at: it came from the issuer itself, and what counts is checked by the endpoint
function claimsOf(token) {
  const part = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0))));
}

// at the issuer as well, where it offers that
export async function end() {
  const identity = read(TOKEN), { end_session_endpoint, client_id } = (await way()) ?? {};
  sessionStorage.removeItem(TOKEN);
  if (!end_session_endpoint || !identity) return location.reload();
  const address = new URL(end_session_endpoint);
  const asked = { id_token_hint: identity, client_id, post_logout_redirect_uri: here() };
  for (const [name, value] of Object.entries(asked)) address.searchParams.set(name, value);
  return location.assign(address);
}

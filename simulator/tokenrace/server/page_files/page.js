"use strict";
const SECOND = 1e6, ROWS = 14, LINES = 30, TOKENS_KEPT = 500, PAGE = 1000;
const ACTIONS = [
  ["Revoke all tokens", "events", { event: "revoke", token: "all" }],
  ["Revoke the newest", "events", { event: "revoke", token: "newest" }],
  ["Deactivate", "events", { event: "deactivate" }],
  ["Reactivate", "events", { event: "reactivate" }],
  ["API answers 503 for 30 s", "events", { event: "error", endpoint: "api", status: 503, for: "30s" }],
  ["A second minter, 1/s for 30 s", "events", { event: "second_minter", rate: "1/s", for: "30s" }],
  ["Clock 10 min forward", "clock", { forward: "10m" }],
  ["Reset", "reset", {}],
];
const byId = (id) => document.getElementById(id);
const tokens = new Map(); // number -> {by, from, to, end, why}
let seen = null, lines = [], key = sessionStorage.getItem("control-token");

async function ask(method, path, body) {
  const headers = { "Content-Type": "application/json" };
  if (key) headers.Authorization = `Bearer ${key}`;
  const options = { method, headers };
  if (body !== undefined) options.body = JSON.stringify(body);
  const answer = await fetch(path, options);
  byId("key").hidden = answer.status !== 401;
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.problems?.map((p) => `${p.where} ${p.what}`).join("; "));
  return content;
}

function take(entry) {
  for (const number of entry.ended) {
    const token = tokens.get(number);
    if (!token || token.end) continue;
    token.to = entry.at;
    token.end = entry.status === 200 ? "evicted" : "revoked";
    token.why = entry.status === 200 ? `by ${entry.token}` : entry.what;
  }
  const isIssue = entry.path === "/oauth/token" && entry.status === 200;
  if (isIssue && !tokens.has(entry.token)) begin(entry.token, entry.asked_by, entry.at);
  if (entry.kind === "change" && entry.what === "reset") tokens.clear();
}

function begin(number, by, from) {
  tokens.set(number, { by, from, to: null, end: "", why: "" });
  if (tokens.size > TOKENS_KEPT) tokens.delete(Math.min(...tokens.keys()));
}

// More happened than is read at once: begin again with what lives now.
function skip(state) {
  seen = Math.max(0, state.journal.last - PAGE);
  tokens.clear();
  for (const token of state.tokens) begin(token.token, token.asked_by, token.issued_at);
}

function drawLifelines(state) {
  const now = state.time.at, lifetime = state.rules.lifetime, svg = byId("lifelines");
  const shown = [...tokens].sort(([one], [other]) => one - other).slice(-ROWS);
  const start = shown.length ? Math.min(...shown.map(([, token]) => token.from)) : now;
  const width = svg.clientWidth || 600, left = 118, right = 110, height = Math.max(shown.length, 1) * 20 + 12;
  const x = (at) => left + ((width - left - right) * (at - start)) / Math.max(now - start, SECOND);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("height", height);
  svg.replaceChildren(...shown.flatMap(([number, token], row) => {
    const expires = token.from + lifetime;
    const ends = token.end ? token.to : Math.min(now, expires);
    const end = token.end || (expires <= now ? "expired" : "live");
    const y = row * 20 + 18;
    const line = node("line", { x1: x(token.from), x2: Math.max(x(ends), x(token.from) + 2), y1: y - 4,
      y2: y - 4, "stroke-width": 8, class: end });
    const name = node("text", { x: 8, y }, short(`${number} ${token.by}`, 16));
    const why = node("text", { x: Math.max(x(ends), x(token.from) + 2) + 6, y },
      end === "evicted" ? `evicted ${token.why}` : end);
    return [line, name, why];
  }));
}

function short(text, length) {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

function node(name, attributes, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key_, value] of Object.entries(attributes)) made.setAttribute(key_, value);
  made.textContent = text;
  return made;
}

function listed(tag, text, className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

function show(state) {
  const { counts, rules } = state;
  byId("profile").textContent = state.policy.profile;
  byId("live").textContent = state.live_tokens;
  byId("cap").textContent = rules.live_tokens === null ? ", no cap" : ` of ${rules.live_tokens}`;
  byId("rate").textContent = state.issued_last_minute;
  byId("issued").textContent = counts.tokens_issued;
  byId("refused").textContent = counts.answers_401;
  const share = counts.calls ? (100 * counts.answers_401) / counts.calls : 0;
  byId("share").textContent = `, ${share.toFixed(share && share < 10 ? 1 : 0)} % of ${counts.calls} calls`;
  const causes = Object.entries(counts.causes).filter(([, count]) => count);
  const most = Math.max(1, ...causes.map(([, count]) => count));
  byId("causes").replaceChildren(...(causes.length ? causes : [["", 0]]).map(([cause, count]) => {
    if (!count) return listed("li", "none yet");
    const item = listed("li", "", "bar"), bar = listed("span", "");
    bar.style.width = `${(100 * count) / most}%`;
    item.append(listed("code", cause), bar, listed("b", String(count)));
    return item;
  }));
  drawLifelines(state);
  byId("journal").replaceChildren(...lines.slice(-LINES).reverse().map((entry) => {
    const at = `${(entry.at / SECOND).toFixed(1)} s`;
    const what = entry.kind === "change" ? entry.what
      : `${entry.asked_by} ${entry.method} ${entry.path} ${entry.status ?? "no answer"}`
        + (entry.cause ? ` (${entry.cause})` : "") + (entry.token ? ` token ${entry.token}` : "") + (entry.what && `: ${entry.what}`);
    return listed("li", `${at}  ${what}`, entry.cause || entry.status >= 400 ? "no" : "");
  }));
  const stands = !state.app.is_active ? "deactivated" : state.app.is_blocked ? "blocked" : "in order";
  const ails = state.bursts.map((one) => `; the ${one.endpoint === "api" ? "API" : "token endpoint"} ${one.what}`);
  const minters = state.second_minters.map((one) => `; a second minter, ${one.rate_hz}/s`);
  byId("status").textContent = `app ${stands}; clock ahead by ${state.time.ahead}${[...ails, ...minters].join("")}`;
}

async function look() {
  try {
    const state = await ask("GET", "state");
    if (seen === null || state.journal.last - seen > PAGE) skip(state);
    const news = await ask("GET", `journal?after=${seen}`);
    news.entries.forEach(take);
    seen = news.entries.length ? news.entries.at(-1).number : seen;
    lines = [...lines, ...news.entries].slice(-LINES);
    show(state);
    document.body.dataset.shown = state.journal.last;
    document.body.dataset.overflow = document.documentElement.scrollWidth - innerWidth;
  } catch (error) {
    byId("status").textContent = `no answer: ${error.message}`;
  }
  setTimeout(look, 1000);
}

for (const [label, path, body] of ACTIONS) {
  const button = listed("button", label);
  button.addEventListener("click", async () => {
    try {
      await ask("POST", path, body);
      byId("said").textContent = `done: ${label}`;
    } catch (error) {
      byId("said").textContent = `not done: ${error.message}`;
    }
  });
  byId("actions").append(button);
}
byId("key").addEventListener("submit", (event) => {
  event.preventDefault();
  key = byId("token").value.trim();
  sessionStorage.setItem("control-token", key);
});
look();

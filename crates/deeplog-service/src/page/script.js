// The findings, as they come. What comes from logs is shown by `textContent` alone, with what hides in it spelt out.
"use strict";

const SHOWN = 500; // findings in the list, at most
const PAGE = 50;
const REASONS = [
  "unseen_key", "outside_top_candidates", "below_probability", "unexpected_end", "short_session", "unseen_key_set",
  "unseen_ngram", "unusual_delay", "unusual_length", "unusual_counts", "unusual_order", "unusual_sequence", "like_anomalies",
];
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\u{e0000}-\u{e0fff}]/gu;

const at = (id) => document.getElementById(id);
const words = (name) => name.replaceAll("_", " ");

/** The text with every character spelt out that does not show or reorders others. */
function visible(text) {
  return String(text).replace(HIDDEN, (hidden) => {
    const short = { "\t": "\\t", "\n": "\\n", "\r": "\\r" }[hidden];
    return short ?? `\\u{${hidden.codePointAt(0).toString(16)}}`;
  });
}

/** An element with a class, and texts or elements in it. */
function make(tag, name, ...inside) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  for (const one of inside) {
    if (one === null || one === undefined) continue;
    element.append(one instanceof Node ? one : document.createTextNode(visible(one)));
  }
  return element;
}

/** A template with its parameters in the background. */
function template(text) {
  const parts = String(text).split("<*>");
  const element = make("span", "template", parts[0]);
  for (const part of parts.slice(1)) element.append(make("span", "hole", "<*>"), make("span", "", part));
  return element;
}

const counted = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;

/** A point in time where we are; only the clock if it is today. */
function when(text) {
  const time = new Date(text);
  const two = (number) => String(number).padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
  const isToday = time.toDateString() === new Date().toDateString();
  const element = make("time", "", isToday ? clock : `${day} ${clock}`);
  element.dateTime = text;
  element.title = text;
  return element;
}

function percent(share) {
  if (share === 0) return "0%";
  const shown = share * 100;
  return shown < 0.01 ? "<0.01%" : `${shown < 10 ? shown.toFixed(2) : shown.toFixed(1)}%`;
}

// Asking

let token = sessionStorage.getItem("token");
let asking = null;

/** Asks once, however many requests are refused. */
function askForToken() {
  asking ??= new Promise((resolve) => {
    const enter = () => {
      const given = at("token").value.trim();
      if (!given) return;
      token = given;
      sessionStorage.setItem("token", token);
      at("token").value = "";
      at("ask").close();
      asking = null;
      resolve();
    };
    at("why").textContent = token
      ? "The service does not accept this token. It may have been revoked, or lacks the scope read."
      : "This service answers those who hold a token with the scope read.";
    at("enter").onclick = enter;
    at("token").onkeydown = (event) => { if (event.key === "Enter") enter(); };
    at("ask").oncancel = (event) => event.preventDefault();
    at("ask").showModal();
  });
  return asking;
}

async function ask(path, more = {}) {
  for (;;) {
    const sent = token;
    const headers = { ...more.headers, ...(sent ? { authorization: `Bearer ${sent}` } : {}) };
    const answer = await fetch(path, { ...more, headers });
    if (answer.status !== 401 && answer.status !== 403) return answer;
    if (sent === token) await askForToken();
  }
}

async function get(path, parameters = {}) {
  const given = Object.entries(parameters).filter(([, value]) => value !== "" && value !== undefined && value !== null);
  const query = new URLSearchParams(given).toString();
  const answer = await ask(query ? `${path}?${query}` : path);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail ?? answer.statusText);
  return body;
}

function badge(id, state, text) {
  at(id).className = `badge ${state}`;
  at(id).textContent = visible(text);
}

// The list

const list = { items: [], next: null, version: 0, fresh: new Set(), turn: 0 };

function filters() {
  const minutes = Number(at("since").value);
  return {
    source: at("source").value,
    reason: at("reason").value,
    template: at("template").value,
    session: at("session").value.trim(),
    from: minutes ? new Date(Date.now() - minutes * 60_000).toISOString() : "",
  };
}

function fits(item) {
  const wanted = filters();
  return (!wanted.source || item.source === wanted.source)
    && (!wanted.reason || item.reason === wanted.reason)
    && (!wanted.template || item.seen?.key === wanted.template)
    && (!wanted.session || item.session === wanted.session);
}

async function load() {
  const turn = ++list.turn;
  try {
    const page = await get("/v1/findings", { ...filters(), limit: PAGE });
    if (turn !== list.turn) return;
    Object.assign(list, { items: page.items, next: page.next ?? null, version: page.version });
    list.fresh.clear();
    show();
    follow(turn);
  } catch (error) {
    if (turn !== list.turn) return;
    badge("live", "ill", error.message);
    setTimeout(() => { if (turn === list.turn) load(); }, 3000);
  }
}

async function loadMore() {
  const turn = list.turn;
  const page = await get("/v1/findings", { ...filters(), limit: PAGE, cursor: list.next });
  if (turn !== list.turn) return;
  list.items.push(...page.items);
  list.next = page.next ?? null;
  show();
}

function row(item) {
  const link = make("a", list.fresh.has(item.id) ? "new" : "");
  link.href = `#${item.id}`;
  link.setAttribute("aria-current", String(location.hash === `#${item.id}`));
  const ended = item.ended ? `ended, ${counted(item.ended.events, "event")}` : "open";
  link.append(
    when(item.received),
    make("span", "why", words(item.reason), make("span", "end", ended)),
    make("span", "where", `${item.source} · ${item.session}`),
    make("span", "what", item.seen ? template(item.seen.template) : item.explanation),
  );
  return make("li", "", link);
}

function show() {
  at("items").replaceChildren(...list.items.map(row));
  at("none").hidden = list.items.length > 0;
  at("more").hidden = list.next === null;
  list.fresh.clear();
}

let isDue = false;

function take(item) {
  list.version = Math.max(list.version, item.version);
  if (!fits(item)) return;
  const known = list.items.findIndex((other) => other.id === item.id);
  if (known >= 0) {
    list.items[known] = item;
  } else if (list.items.length === 0 || item.id > list.items[0].id) {
    list.items.unshift(item);
    list.fresh.add(item.id);
  } else {
    return; // further down than what is shown
  }
  if (list.items.length > SHOWN) {
    list.items.length = SHOWN;
    list.next = `c${list.items[SHOWN - 1].id.toString(16)}`;
  }
  if (String(item.id) === location.hash.slice(1)) open();
  if (!isDue) {
    isDue = true;
    setTimeout(() => { isDue = false; show(); }, 100);
  }
}

let following = null;

/** Follows the findings with `fetch`, as `EventSource` sends no token. */
async function follow(turn) {
  following?.abort();
  const stop = following = new AbortController();
  for (let wait = 500; turn === list.turn; wait = Math.min(wait * 2, 10_000)) {
    try {
      const source = at("source").value;
      const query = new URLSearchParams({ after: String(list.version), ...(source ? { source } : {}) });
      const answer = await ask(`/v1/events?${query}`, { signal: stop.signal, headers: { accept: "text/event-stream" } });
      if (!answer.ok) throw new Error(answer.statusText);
      badge("live", "well", "live");
      wait = 250;
      await eachEvent(answer.body, (event) => take(JSON.parse(event)));
    } catch {
      // Told below; the next attempt goes on where this one ended.
    }
    if (stop.signal.aborted) return;
    badge("live", "ill", "not connected");
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

async function eachEvent(body, taken) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let waiting = ""; ;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (waiting + value).split("\n\n");
    waiting = events.pop();
    for (const event of events) {
      const lines = event.split("\n").filter((line) => line.startsWith("data:"));
      if (lines.length > 0) taken(lines.map((line) => line.slice(5).trimStart()).join("\n"));
    }
  }
}

// One finding

async function open() {
  const id = location.hash.slice(1);
  const isOpen = /^\d+$/.test(id);
  for (const link of at("items").querySelectorAll("a")) {
    link.setAttribute("aria-current", String(link.hash === `#${id}`));
  }
  document.querySelector("main").classList.toggle("open", isOpen);
  at("detail").hidden = !isOpen;
  if (!isOpen) return;
  try {
    const finding = await get(`/v1/findings/${id}`);
    if (location.hash.slice(1) === id) at("detail").replaceChildren(...detail(finding));
  } catch (error) {
    at("detail").replaceChildren(closing(make("h2", "", `Finding ${id}`)), make("p", "quiet", error.message));
  }
}

function closing(title) {
  const close = make("button", "", "Close");
  close.type = "button";
  close.onclick = () => { location.hash = ""; };
  return make("div", "top", title, close);
}

function detail(finding) {
  const parts = [
    closing(make("h2", "", words(finding.reason))),
    make("p", "explanation", finding.explanation),
    facts(finding),
    make("h3", "", "Path of the session"),
    path(finding),
  ];
  if (finding.expected.length > 0) parts.push(make("h3", "", "Expected there"), expected(finding));
  if (finding.lines.length > 0) parts.push(make("h3", "", "Raw lines; the session’s own are marked"), raw(finding));
  return parts;
}

function facts(finding) {
  const rows = [
    ["source", finding.source],
    ["session", finding.session],
    ["received", when(finding.received)],
    ["log time", finding.time ? `${finding.time.slice(0, 19).replace("T", " ")} UTC` : null],
    ["line", finding.line],
    ["event", finding.position],
    ["rank", finding.rank],
    ["probability", finding.probability === undefined ? null : percent(finding.probability)],
  ];
  const ended = finding.ended;
  if (ended) {
    const p = ended.p_value === undefined ? "" : `, p-value ${ended.p_value.toPrecision(2)}`;
    rows.push(["ended", `${words(ended.end)}, ${counted(ended.events, "event")}, ${counted(ended.findings, "finding")}, score ${ended.score.toPrecision(3)}${p}`]);
    for (const part of ended.parts ?? []) rows.push([words(part.part), `p-value ${part.p_value.toPrecision(2)}`]);
  } else {
    rows.push(["session is", "still open"]);
  }
  const shown = rows.filter(([, value]) => value !== null && value !== undefined);
  return make("dl", "facts", ...shown.map(([name, value]) => make("div", "", make("dt", "", name), make("dd", "number", value))));
}

function path(finding) {
  const step = (text, place, isOdd) => make(
    "li",
    isOdd ? "odd" : "",
    isOdd ? make("div", "left", "here it left the path") : null,
    make("div", "step", ...place.map((one) => make("span", "number", one))),
    template(text),
  );
  const steps = finding.path.map(({ position, line, template: text }) => step(text, [position, `line ${line}`], position === finding.position));
  const first = finding.path[0]?.position ?? 0;
  if (first > 0) steps.unshift(make("li", "more quiet", counted(first, "earlier event")));
  if (finding.seen && !finding.path.some(({ position }) => position === finding.position)) {
    steps.push(step(finding.seen.template, [finding.position ?? ""], true));
  }
  return make("ol", "path", ...steps);
}

function expected(finding) {
  const candidate = (one, isSeen) => {
    const fill = make("i");
    fill.style.width = `${Math.max(0.5, one.probability * 100)}%`;
    return make("li", isSeen ? "seen" : "", make("span", "number", percent(one.probability)), template(one.template), make("span", "bar", fill));
  };
  const shown = finding.expected.map((one) => candidate(one, one.key === finding.seen?.key));
  if (finding.seen && finding.probability !== undefined && !finding.expected.some(({ key }) => key === finding.seen.key)) {
    shown.push(candidate({ ...finding.seen, probability: finding.probability }, true));
  }
  return make("ol", "expected", ...shown);
}

function raw(finding) {
  const line = ({ number, text, is_of_session: isOwn }) => {
    const name = `${isOwn ? "own" : ""} ${number === finding.line ? "odd" : ""}`.trim();
    return make("li", name, make("span", "number", number), make("span", "text", text));
  };
  return make("ol", "raw", ...finding.lines.map(line));
}

// Volume

const SVG = "http://www.w3.org/2000/svg";

function draw(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

async function volume() {
  const { minutes } = await get("/v1/volume", { source: at("source").value });
  const span = Number(at("span").value);
  const columns = Math.min(span, 120);
  const each = span / columns;
  const end = Math.floor(Date.now() / 60_000) + 1;
  const sums = Array.from({ length: columns }, () => ({ lines: 0, findings: 0 }));
  for (const { from, lines, findings } of minutes) {
    const column = columns - Math.ceil((end - Date.parse(from) / 60_000) / each);
    if (column < 0 || column >= columns) continue;
    sums[column].lines += lines;
    sums[column].findings += findings;
  }
  at("chart").replaceChildren(chart(sums, end - span, span));
}

function chart(sums, begin, span) {
  const width = Math.max(280, at("chart").clientWidth - 24);
  const [left, upper, lower, middle] = [46, 46, 26, 14];
  const picture = draw("svg", { viewBox: `0 0 ${width} 108`, role: "img", preserveAspectRatio: "none" });
  const step = (width - left) / sums.length;
  const strip = (name, top, height) => {
    const most = Math.max(1, ...sums.map((sum) => sum[name]));
    picture.append(draw("line", { class: "axis", x1: left, x2: width, y1: top + height, y2: top + height }));
    picture.append(draw("text", { x: left - 6, y: top + 9, "text-anchor": "end" }, most.toLocaleString([], { notation: "compact" })));
    picture.append(draw("text", { x: left - 6, y: top + height, "text-anchor": "end" }, name));
    sums.forEach((sum, column) => {
      if (sum[name] === 0) return;
      const tall = Math.max(1.5, (sum[name] / most) * height);
      const bar = draw("rect", { class: name, x: left + column * step, y: top + height - tall, width: Math.max(1, step - 1), height: tall });
      bar.append(draw("title", {}, counted(sum[name], name.slice(0, -1))));
      picture.append(bar);
    });
  };
  strip("lines", 2, upper);
  strip("findings", 2 + upper + middle, lower);
  for (let mark = 0; mark <= 4; mark += 1) {
    const time = new Date((begin + (span * mark) / 4) * 60_000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
    const anchor = ["start", "middle", "middle", "middle", "end"][mark];
    picture.append(draw("text", { x: left + ((width - left) * mark) / 4, y: 105, "text-anchor": anchor }, time));
  }
  return picture;
}

// How the service is, and what there is to choose from

async function health() {
  const answer = await fetch("/ready");
  const { ready, lag_seconds: lag, queue_fill: fill, troubles } = await answer.json();
  const shown = lag < 1 ? `${Math.round(lag * 1000)} ms` : `${lag.toFixed(1)} s`;
  if (ready) badge("health", "well", `ready · lag ${shown} · queue ${Math.round(fill * 100)}%`);
  else badge("health", "ill", troubles.map(({ part, trouble }) => `${part}: ${trouble}`).join("; "));
}

function choose(id, any, choices) {
  const chosen = at(id).value;
  const option = ([value, text]) => {
    const one = make("option", "", text);
    one.value = value;
    return one;
  };
  at(id).replaceChildren(...[["", any], ...choices].map(option));
  at(id).value = choices.some(([value]) => value === chosen) ? chosen : "";
}

async function choices() {
  const { items: sources } = await get("/v1/sources");
  choose("source", "all", sources.map(({ name }) => [name, name]));
  const source = at("source").value || sources[0]?.name;
  const { items } = source ? await get("/v1/templates", { source }) : { items: [] };
  const shortened = (text) => (text.length > 80 ? `${text.slice(0, 80)}…` : text);
  choose("template", "any", items.map((item) => [item.key, shortened(item.template ?? item.key)]));
}

/** Does something now and then, and says so at a badge if it fails. */
function repeat(seconds, what, failed) {
  const again = () => what().catch(failed).finally(() => setTimeout(again, seconds * 1000));
  again();
}

choose("reason", "any", REASONS.map((name) => [name, words(name)]));
for (const id of ["reason", "template", "session", "since"]) at(id).addEventListener("change", load);
at("source").addEventListener("change", () => {
  load();
  choices().catch(() => {});
  volume().catch(() => {});
});
at("span").addEventListener("change", () => volume().catch(() => {}));
at("more").addEventListener("click", () => loadMore().catch((error) => badge("live", "ill", error.message)));
addEventListener("hashchange", open);
addEventListener("resize", () => volume().catch(() => {}));
load();
open();
repeat(5, health, () => badge("health", "ill", "no answer"));
repeat(15, volume, () => {});
repeat(60, choices, () => {});

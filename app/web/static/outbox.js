// Talks to the server with time limits, and keeps an answer in this tab until the server has acknowledged it.

const LIMIT = 8_000;
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;
const AGAIN_LATER = [408, 429];
const NO_CONNECTION = "There is no connection.";
const SILENT = "The server does not answer.";
const BUSY = "The server is busy.";
const TROUBLE = "The server has trouble.";
const KEY = "blindvote.outbox";
const tab = openStorage("sessionStorage");
export const choices = openStorage("localStorage");
let wake = () => {};

// Where cookies are blocked the browser's storage throws; then this page's memory has to do.
function openStorage(name) {
  try {
    return window[name];
  } catch {
    const kept = new Map();
    return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
  }
}

// The server said no, and would say it again.
export class Refused extends Error {
  constructor(httpStatus, code, message) {
    super(message);
    Object.assign(this, { httpStatus, code });
  }
}

// Whether the server took the request is not known, or it has no time now; the same request may be sent again.
export class Unreachable extends Error {
  constructor(message, retryAfter = 0) {
    super(message);
    this.retryAfter = retryAfter;
  }
}

export async function ask(method, path, body) {
  const options = { method, headers: { Accept: "application/json" }, signal: AbortSignal.timeout(LIMIT) };
  if (body) Object.assign(options, { body: JSON.stringify(body), headers: { ...options.headers, "Content-Type": "application/json" } });
  let answer, data;
  try {
    answer = await fetch(`/api/v1/matchups${path}`, options);
    data = await answer.json();
  } catch (error) {
    throw new Unreachable({ TimeoutError: SILENT, SyntaxError: TROUBLE }[error.name] ?? NO_CONNECTION);
  }
  if (answer.ok) return dated(data, answer);
  const pause = Number(answer.headers.get("Retry-After")) * 1000 || 0;
  if (answer.status >= 500 || !data.error) throw new Unreachable(TROUBLE, pause);
  if (AGAIN_LATER.includes(answer.status) && pause <= LONGEST_PAUSE) throw new Unreachable(BUSY, pause); // longer: a limit
  throw new Refused(answer.status, data.error.code, data.error.message);
}

// By this computer's clock, which may be wrong: only the span is taken from the server.
function dated(data, answer) {
  if (data.expires_at) data.lifetime = Date.parse(data.expires_at) - Date.parse(answer.headers.get("Date"));
  return data;
}

// Repeats an idempotent request until the server answers it; `onDelay` hears why an attempt failed.
export async function insist(request, onDelay = () => {}, attempts = Infinity) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof Unreachable) || attempt >= attempts) throw error;
      onDelay(error);
      await pause(Math.max(error.retryAfter, Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 1))));
    }
  }
}

export async function deliver(id, outcome, onDelay) {
  tab.setItem(KEY, JSON.stringify({ id, outcome }));
  try {
    return await insist(() => ask("POST", `/${id}/vote`, { outcome }), onDelay);
  } finally {
    forget(id);
  }
}

export function waiting() {
  return JSON.parse(tab.getItem(KEY) ?? "null");
}

export function forget(id) {
  if (waiting()?.id === id) tab.removeItem(KEY);
}

export function retryNow() {
  wake();
}

function pause(milliseconds) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

addEventListener("online", () => wake());

// The card after ten votes, in the place of the pictures: the page at /me/card, loaded while the tenth pair is looked at.

const arena = document.querySelector("[data-arena]");
const place = document.querySelector("[data-card-place]");
let coming = null;

export function prefetchCard() {
  coming ??= fetchCard();
  coming.catch(() => { coming = null; });
}

async function fetchCard() {
  const answer = await fetch(`/me/card${location.search}`, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(8_000) });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const card = page.querySelector("[data-card]");
  if (!answer.ok || !card) throw new Error("no card");
  await Promise.all([...page.querySelectorAll('link[href*="/card.css"]')].map(addStyle));
  return document.importNode(card, true);
}

function addStyle(link) {
  if (document.querySelector(`link[href="${link.getAttribute("href")}"]`)) return null;
  const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: link.getAttribute("href") });
  return new Promise((resolve, reject) => {
    Object.assign(style, { onload: resolve, onerror: reject });
    document.head.append(style);
  });
}

// Rejects where the card can't be had; the pairs go on without it.
export async function showCard(enter, goOn) {
  prefetchCard();
  const card = await coming;
  place.replaceChildren(card);
  place.hidden = false;
  enter("card");
  card.querySelector("[data-ten-more]").addEventListener("submit", (event) => {
    event.preventDefault();
    goOn();
  });
  card.querySelector("[data-share]").addEventListener("submit", share);
  card.querySelector("[data-card-title]").focus({ preventScroll: true });
}

export function hideCard() {
  coming = null;
  place.hidden = true;
  place.replaceChildren();
}

async function share(event) {
  event.preventDefault();
  const form = event.target;
  if (form.dataset.url) return copy(form.dataset.url);
  const { mode, question } = Object.fromEntries(new FormData(form));
  form.querySelector("button").disabled = true;
  const told = await post("/api/v1/taste", { mode, question });
  form.querySelector("button").disabled = false;
  form.querySelector("button").focus({ preventScroll: true });
  if (!told.url) return say(told.error?.message ?? "No connection. Nothing was shared; try again.");
  form.dataset.url = new URL(told.url, location).href;
  form.querySelector("[data-share-label]").textContent = "Copy link";
  const link = Object.assign(document.createElement("a"), { href: told.url, target: "_blank", textContent: "Its own page" });
  say(link, " can be taken back under Your votes.");
}

async function post(path, body) {
  const options = { method: "POST", headers: { Accept: "application/json", "Content-Type": "application/json" } };
  const answer = await fetch(path, { ...options, body: JSON.stringify(body), signal: AbortSignal.timeout(8_000) }).catch(() => null);
  return (await answer?.json().catch(() => null)) ?? {};
}

async function copy(url) {
  const copied = await (navigator.clipboard?.writeText(url) ?? Promise.reject(new Error("no clipboard"))).then(() => true, () => false);
  say(copied ? "The link is copied." : url);
}

function say(...words) {
  arena.querySelector("[data-card-status]").replaceChildren(...words);
}

// The playground in place: one request per model, so that the faster one shows first. The form does the same without.

import { offerCopies } from "./copy.js";

const form = document.querySelector("[data-ask]");
const results = document.querySelector("[data-results]");
const said = document.querySelector("[data-said]");
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
let drawing = false;

function names() {
  const picked = [...form.querySelectorAll("select[name=model]")].map((one) => ({ slug: one.value, name: one.selectedOptions[0].text.split(" · ")[0] }));
  return picked.filter((one, place) => one.slug && picked.findIndex((other) => other.slug === one.slug) === place);
}

function frame(name) {
  const waiting = document.createElement("article");
  waiting.className = "result";
  waiting.setAttribute("aria-label", name);
  waiting.setAttribute("aria-busy", "true");
  const title = Object.assign(document.createElement("h2"), { textContent: name });
  const box = Object.assign(document.createElement("div"), { className: "waiting" });
  const clock = Object.assign(document.createElement("b"), { textContent: "0.0 s" });
  clock.setAttribute("aria-hidden", "true");
  box.append(clock, "Drawing");
  waiting.append(title, box);
  const started = performance.now();
  const timer = setInterval(() => { clock.textContent = `${((performance.now() - started) / 1000).toFixed(1)} s`; }, 100);
  return { waiting, stop: () => clearInterval(timer) };
}

function refused(name, words) {
  const article = document.createElement("article");
  article.className = "result";
  article.setAttribute("aria-label", name);
  const title = Object.assign(document.createElement("h2"), { textContent: name });
  article.append(title, Object.assign(document.createElement("p"), { className: "notice", textContent: words }));
  return article;
}

// The answer is the whole page; its result is what counts here.
async function ask(model) {
  const body = new FormData(form);
  body.delete("model");
  body.append("model", model.slug);
  const answer = await fetch("/playground", { method: "POST", body });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const mistake = page.querySelector("[data-said]")?.textContent.trim();
  const result = page.querySelector("[data-result]");
  if (result) return document.importNode(result, true);
  return refused(model.name, mistake || page.querySelector(".lead")?.textContent || "That did not work.");
}

function summary(article, name) {
  const pictures = article.querySelectorAll(".pictures img").length;
  if (!pictures) return `${name}: ${article.querySelector(".notice")?.textContent.replace(/\s+/g, " ").trim()}`;
  const changes = article.querySelectorAll(".adjustments li").length;
  const changed = changes ? `, ${changes} ${changes === 1 ? "adjustment" : "adjustments"}` : "";
  return `${name}: ${pictures} ${pictures === 1 ? "picture" : "pictures"} in ${article.querySelector(".measures dd").textContent}${changed}.`;
}

async function draw(model, place) {
  let article;
  try {
    article = await ask(model);
    // Replaced when its pictures can be seen, not when they begin to load.
    await Promise.all([...article.querySelectorAll("img")].map((picture) => picture.decode().catch(() => null)));
  } catch {
    article = refused(model.name, "The server did not answer. Nothing is lost: draw again.");
  }
  place.stop();
  offerCopies(article);
  place.waiting.replaceWith(article);
  return summary(article, model.name);
}

async function drawAll() {
  const models = names();
  const button = form.querySelector("[type=submit]");
  drawing = true;
  button.setAttribute("aria-disabled", "true");
  said.textContent = `Drawing with ${models.map((one) => one.name).join(" and ")}…`;
  const places = models.map((one) => frame(one.name));
  results.replaceChildren(...places.map((place) => place.waiting));
  if (results.getBoundingClientRect().top > innerHeight * 0.6) results.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
  const told = [];
  await Promise.all(models.map(async (one, number) => {
    told.push(await draw(one, places[number]));
    said.textContent = told.join(" ");
  }));
  button.removeAttribute("aria-disabled");
  drawing = false;
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!drawing) drawAll();
});

for (const link of document.querySelectorAll("[data-starter]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    form.elements.prompt.value = link.textContent;
    form.elements.prompt.focus();
  });
}

offerCopies(results ?? document);

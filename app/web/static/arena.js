// Votes in place: the same answers as the forms give, with the next pair loaded meanwhile.

const arena = document.querySelector("[data-arena]");
const find = (name) => arena.querySelector(`[data-${name}]`);
const answers = find("answers");
const after = find("after");
const nextButton = find("next-button");
const nextLabel = find("next-label");
const undoForm = find("undo");
const auto = find("auto");
const status = find("status");
const sides = { a: arena.querySelector('[data-side="a"]'), b: arena.querySelector('[data-side="b"]') };
const input = find("input");
const wish = { mode: arena.dataset.mode, category: arena.dataset.category, competition: arena.dataset.competition, model: arena.dataset.model };
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const PAUSE = 4000;
const CHANGE_AFTER = 1500;
const SAID = { a: "You picked A", b: "You picked B", tie: "You called it a tie", both_bad: "You found both bad" };

let id = arena.dataset.id;
let state = arena.dataset.state;
let undoable = undoForm.hidden ? null : id;
let coming = null; // a promise of the next pair, its pictures decoded; of null when nothing is left
let timer = null;
let onNext = next;
let failures = 0;

class Refused extends Error {
  constructor(httpStatus, code, message) {
    super(message);
    Object.assign(this, { httpStatus, code });
  }
}

async function ask(method, path, body) {
  const options = { method, headers: { Accept: "application/json" } };
  if (body) Object.assign(options, { body: JSON.stringify(body), headers: { ...options.headers, "Content-Type": "application/json" } });
  const answer = await fetch(`/api/v1/matchups${path}`, options);
  const data = await answer.json();
  if (!answer.ok) throw new Refused(answer.status, data.error?.code, data.error?.message);
  return data;
}

// `more` is for those who do not see the names appear.
function say(words, { trouble = false, more = "" } = {}) {
  const unseen = Object.assign(document.createElement("span"), { className: "unseen", textContent: more && ` ${more}` });
  status.replaceChildren(words, unseen);
  arena.toggleAttribute("data-trouble", trouble);
}

function enter(newState) {
  state = arena.dataset.state = newState;
  const judging = ["loading", "open", "sending"].includes(state);
  answers.hidden = !judging;
  after.hidden = judging;
  find("skip").hidden = !judging;
  for (const button of answers.elements) if (button.type === "submit") button.disabled = state !== "open";
  find("auto-label").hidden = judging;
  undoForm.hidden = undoable === null || (judging && state !== "open");
  find("which").textContent = undoable === id ? " this vote" : " the last vote";
  stopClock();
}

// Pictures

function pictures() {
  return [...arena.querySelectorAll(".side:not([hidden]) .picture")];
}

async function showWhenDecoded() {
  enter("loading");
  say("Loading both images…");
  try {
    await Promise.all(pictures().map((picture) => picture.decode()));
  } catch {
    failures += 1;
    return failures > 1 ? stop("An image of this pair cannot be had.", "Next pair", next) : stop("An image did not load.", "Load again", reload);
  }
  failures = 0;
  await new Promise(requestAnimationFrame);
  enter("open");
  say("Names appear after you vote");
  coming ??= prepare();
  coming.catch(() => {}); // told when it is wanted
}

function reload() {
  for (const picture of pictures()) picture.src = picture.getAttribute("src");
  showWhenDecoded();
}

async function prepare() {
  const asked = Object.fromEntries(Object.entries(wish).filter(([, value]) => value));
  let pair;
  try {
    pair = await ask("POST", "", asked);
  } catch (refusal) {
    if (refusal.code === "nothing_left") return null;
    throw refusal;
  }
  if (pair.id === id) return undefined; // both open pairs are known to the server, this one is the older
  pair.pictures = { a: await picture(pair.a.image_url, "Image A"), b: await picture(pair.b.image_url, "Image B") };
  if (pair.competition.input_image_url) pair.pictures.input = await picture(pair.competition.input_image_url, "The image to change");
  await Promise.allSettled(Object.values(pair.pictures).map((image) => image.decode()));
  return pair;
}

// Not decoded yet: the caller decodes all of a pair at once.
async function picture(url, alt) {
  const image = new Image();
  Object.assign(image, { src: url, alt, className: "picture", draggable: false });
  return image;
}

function fill(pair) {
  const { competition, frame } = pair;
  id = arena.dataset.id = pair.id;
  find("eyebrow").textContent = [...competition.categories.map(categoryTitle), competition.title].join(" · ");
  find("words").textContent = competition.prompt;
  const short = competition.prompt.length <= Number(arena.dataset.fold);
  find("prompt").toggleAttribute("data-short", short);
  find("prompt").open = short;
  find("prompt").querySelector("summary").tabIndex = short ? -1 : 0;
  const blank = `data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='${frame.width * 4}' height='${frame.height * 4}'/%3E`;
  for (const sizer of arena.querySelectorAll(".sizer")) sizer.src = blank;
  input.hidden = !pair.pictures.input;
  find("pair").classList.toggle("with-input", !input.hidden);
  for (const [side, element] of Object.entries({ ...sides, input })) {
    if (pair.pictures[side]) show(pair.pictures[side], element.querySelector(".frame"));
    element.removeAttribute("data-won");
  }
  for (const caption of arena.querySelectorAll("figcaption")) caption.hidden = true;
  answers.action = `/arena/${id}/vote`;
  history.replaceState(null, "", `/arena/${id}${location.search}`);
  document.dispatchEvent(new Event("pair:new"));
}

function categoryTitle(slug) {
  const option = arena.querySelector(`[name="category"] option[value="${CSS.escape(slug)}"]`);
  return option?.textContent ?? slug.replaceAll("-", " ");
}

function show(picture, frame) {
  frame.querySelector(".picture")?.remove();
  frame.querySelector(".sizer").after(picture);
}

// Voting

async function vote(outcome) {
  if (state !== "open") return;
  enter("sending");
  try {
    reveal(await ask("POST", `/${id}/vote`, { outcome }));
  } catch (refusal) {
    refused(refusal);
  }
}

function refused(refusal) {
  const lost = { 404: true, 410: true }[refusal.httpStatus] || ["undone", "already_voted"].includes(refusal.code);
  if (lost) return stop(refusal.message, "Next pair", next);
  enter("open");
  say(refusal instanceof Refused ? refusal.message : "Not sent: no connection. Your answer is not stored yet; give it again.", { trouble: true });
}

function reveal(answer) {
  document.querySelector("[data-own]").textContent = `${answer.voter.votes.toLocaleString("en")} vote${answer.voter.votes === 1 ? "" : "s"} by you`;
  if (answer.outcome === "skip") return next("Skipped.");
  undoable = id;
  name(answer);
  sides[answer.outcome]?.setAttribute("data-won", "");
  enter("revealed");
  const result = { a: `${answer.a.model.name} beat ${answer.b.model.name}.`, b: `${answer.b.model.name} beat ${answer.a.model.name}.` };
  const kept = answer.counted ? "" : ` ${answer.reason_text}`;
  say(`${SAID[answer.outcome]}.${kept}`, { more: result[answer.outcome] ?? `${answer.a.model.name} and ${answer.b.model.name}.` });
  offer("Next pair", next);
  const voted = id;
  coming = Promise.resolve(coming).then((pair) => pair ?? prepare());
  coming.then((pair) => pair === null && id === voted && offerTheEnd(), () => {});
  startClock();
  showChange(id);
}

function name(answer) {
  for (const side of ["a", "b"]) {
    const caption = sides[side].querySelector("figcaption");
    const { model, rating, rank, change } = answer[side];
    const put = (part, words) => { caption.querySelector(`[data-${part}]`).textContent = words; };
    put("name", model.name);
    caption.querySelector("[data-name]").href = model.url;
    caption.querySelector("[data-full]").href = `/m/${id}/${side}.webp`;
    put("creator", model.creator ?? "");
    put("rating", rating == null ? "" : rating.toFixed(0));
    put("change", change == null ? "" : signed(change));
    put("rank", rank != null ? `· #${rank}` : rating == null ? "not ranked yet" : "· not ranked yet");
    caption.hidden = false;
  }
}

function signed(points) {
  const whole = Math.round(points);
  return whole > 0 ? `+${whole}` : `${whole}`.replace("-", "\u2212");
}

// The board takes this vote in a moment later.
function showChange(voted) {
  setTimeout(async () => {
    if (id !== voted || state !== "revealed") return;
    const today = await ask("GET", `/${voted}`).catch(() => null);
    if (today && id === voted && state === "revealed") name(today);
  }, CHANGE_AFTER);
}

async function undo() {
  if (undoable === null || state === "sending") return;
  const taken = undoable;
  stopClock();
  try {
    await ask("DELETE", `/${taken}/vote`);
  } catch (refusal) {
    return say(refusal instanceof Refused ? refusal.message : "Not sent: no connection. The vote still stands.", { trouble: true });
  }
  undoable = null;
  if (taken === id) {
    for (const side of Object.values(sides)) side.removeAttribute("data-won");
    enter("undone");
    offer("Next pair", next);
  } else enter(state);
  say("Taken back. That vote no longer counts.");
}

// Going on

async function next(said = "") {
  if (state === "loading" && coming === null) return;
  enter("loading");
  say(`${said} Loading the next pair…`.trim());
  let pair;
  try {
    pair = await (coming ?? prepare());
    if (pair === undefined) pair = await prepare();
  } catch (refusal) {
    coming = null;
    return stop(refusal instanceof Refused ? refusal.message : "No connection.", "Try again", next);
  }
  coming = null;
  if (!pair) return offerTheEnd();
  fill(pair);
  await showWhenDecoded();
  find("words").focus({ preventScroll: true });
}

function stop(words, label, action) {
  enter("failed");
  say(words, { trouble: true });
  offer(label, action);
}

function offer(label, action) {
  nextLabel.textContent = label;
  onNext = action;
  if (!after.hidden) nextButton.focus({ preventScroll: true });
}

function offerTheEnd() {
  if (state === "loading") enter("failed");
  say(`${state === "revealed" ? status.firstChild.textContent : ""} You have judged every pair there is here.`.trim());
  stopClock();
  offer("See the leaderboard", () => location.assign(`/leaderboards/${wish.mode}`));
}

function startClock() {
  if (!auto.checked) return;
  nextButton.classList.add("running");
  timer = setTimeout(next, PAUSE);
}

function stopClock() {
  clearTimeout(timer);
  nextButton.classList.remove("running");
}

// Hands

const KEYS = {
  ArrowLeft: () => vote("a"), 1: () => vote("a"), a: () => vote("a"),
  ArrowRight: () => vote("b"), 2: () => vote("b"), b: () => vote("b"),
  ArrowUp: () => vote("tie"), ArrowDown: () => vote("both_bad"),
  u: undo,
  " ": goOn, Enter: () => state !== "open" && goOn(),
};

function goOn() {
  if (state === "open") vote("skip");
  else if (!after.hidden) onNext();
}

document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (event.target.closest("input, select, textarea, [contenteditable], dialog")) return;
  if ([" ", "Enter"].includes(event.key) && event.target.matches("a, button, summary")) return;
  const action = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

answers.addEventListener("submit", (event) => {
  event.preventDefault();
  vote(event.submitter.value);
});
find("next").addEventListener("submit", (event) => {
  event.preventDefault();
  onNext();
});
undoForm.addEventListener("submit", (event) => {
  event.preventDefault();
  undo();
});
for (const gesture of ["pointerdown", "wheel"]) find("pair").addEventListener(gesture, stopClock, { passive: true });
find("zoom").addEventListener("click", stopClock);

auto.checked = !calm && localStorage.getItem("blindvote.auto") !== "off";
auto.addEventListener("change", () => {
  localStorage.setItem("blindvote.auto", auto.checked ? "on" : "off");
  stopClock();
});

arena.dataset.live = "";
if (state === "loading") showWhenDecoded();
else {
  enter(state);
  coming = prepare();
  coming.catch(() => {});
}

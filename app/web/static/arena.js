// Votes in place: the same answers as the forms give, with the next pair loaded meanwhile.

const arena = document.querySelector("[data-arena]");
const { Refused, ask, choices, deliver, forget, insist, retryNow, waiting } = await import(arena.dataset.outbox);
const { EARLIER, SAID, countVotes, name, setFrame, tellAsked, tellCrowd, tellQuestion, unname } = await import(arena.dataset.captions);
const { startClock, stopClock } = await import(arena.dataset.clock);
const find = (name) => document.querySelector(`[data-${name}]`);
const answers = find("answers");
const nextButton = find("next-button");
const undoForm = find("undo");
const status = find("status");
const tapping = find("tapping");
const letters = find("letters");
const sides = { a: find('side="a"'), b: find('side="b"') };
const input = find("input");
const dialog = find("dialog");
const auto = find("auto");
const wish = { mode: arena.dataset.mode, category: arena.dataset.category, competition: arena.dataset.competition, model: arena.dataset.model, question: arena.dataset.pinned };
const small = matchMedia("(max-width: 599px), (max-height: 499px)");
const CHANGE_AFTER = 1_500;
const DEAF = 400;
const SLOW = 400;
const STALL = 15_000;
const AGAIN = 500;
const SET = 10;

let id = arena.dataset.id;
let state = arena.dataset.state;
let undoable = undoForm.hidden ? null : id;
let coming = null; // a promise of the next pair, or of { end } when the server says that nothing is left
let card = null; // the module of the card, once ten pairs are judged
let deafUntil = 0;
let onNext = next;
let lifetime = 0;

// `more` is for those who do not see the names appear.
function say(words, { trouble = false, more = "" } = {}) {
  const unseen = Object.assign(document.createElement("span"), { className: "unseen", textContent: more && ` ${more}` });
  status.replaceChildren(words, unseen);
  arena.toggleAttribute("data-trouble", trouble);
}

function enter(newState) {
  if (newState !== state) becomeDeaf();
  state = arena.dataset.state = newState;
  const judging = ["loading", "open", "sending"].includes(state);
  answers.hidden = !judging;
  find("after").hidden = judging;
  status.tabIndex = judging ? -1 : 0;
  for (const button of answers.elements) if (button.type === "submit") button.disabled = state !== "open";
  undoForm.hidden = undoable !== id || !["revealed", "failed"].includes(state);
  find("undo-last").hidden = undoable === null || undoable === id;
  if (undoable) undoForm.action = `/arena/${undoable}/undo`;
  nextButton.hidden = false;
  stopClock();
}

// A press meant for what was on the screen must not hit what has just come.
function becomeDeaf() {
  deafUntil = performance.now() + DEAF;
}

const isDeaf = () => performance.now() < deafUntil;

// Pictures

function pictures() {
  return [...arena.querySelectorAll("a:not([hidden]) > .picture, a:not([hidden]) > picture > .picture")];
}

function within(promise, milliseconds) {
  const late = new Promise((_, reject) => { setTimeout(() => reject(new Error("late")), milliseconds); });
  return Promise.race([promise, late]);
}

function decodeAll(images) {
  return within(Promise.all(images.map((image) => image.decode())), STALL);
}

async function showWhenDecoded() {
  const shown = id;
  enter("loading");
  say("Loading both images…");
  try {
    await decodeAll(pictures()).catch(() => reload(shown));
  } catch {
    return shown === id && stop("The images of this pair can't be loaded.", "Another pair", giveBack);
  }
  if (shown !== id || state !== "loading") return;
  await new Promise(requestAnimationFrame);
  enter("open");
  say("Names appear after you vote");
  prefetch();
}

async function reload(shown) {
  await new Promise((resolve) => { setTimeout(resolve, AGAIN); });
  if (shown !== id) return;
  for (const image of pictures()) Object.assign(image, { src: image.currentSrc || image.src });
  await decodeAll(pictures());
}

// Costs the voter nothing where it can be avoided: a skip is counted, a pair given back is not.
async function giveBack() {
  enter("loading");
  say("Asking for another pair…");
  try {
    await insist(() => ask("POST", `/${id}/vote`, { outcome: "unloadable" }), undefined, 3)
      .catch((refusal) => refusal.code === "rate_limited" ? ask("POST", `/${id}/vote`, { outcome: "skip" }) : Promise.reject(refusal));
  } catch (error) {
    if (!(error instanceof Refused)) return stop(`${error.message} This pair was not given back yet.`, "Try again", giveBack);
  }
  next();
}

function prefetch() {
  coming ??= prepare();
  coming.catch(() => {}); // told when it is wanted
}

async function prepare() {
  const asked = Object.fromEntries(Object.entries(wish).filter(([, value]) => value));
  let pair;
  try {
    pair = await ask("POST", "", asked);
  } catch (refusal) {
    if (refusal.code === "nothing_left") return { end: refusal.message };
    throw refusal;
  }
  if (pair.id === id) return null; // both open pairs are known to the server, this one is the older
  ({ lifetime } = pair);
  pair.freshUntil = Date.now() + lifetime;
  pair.pictures = { a: picture(pair.a, "Image A"), b: picture(pair.b, "Image B") };
  const { input_image_url: large, input_image_url_small: light } = pair.competition;
  if (large) pair.pictures.input = picture({ image_url: light, image_url_small: light }, "The image to change");
  await within(Promise.allSettled(Object.values(pair.pictures).map((image) => image.decode())), STALL).catch(() => {});
  return pair;
}

function picture(side, alt) {
  const image = new Image();
  return Object.assign(image, { src: small.matches ? side.image_url_small : side.image_url, alt, className: "picture", draggable: false });
}

function fill(pair) {
  const { competition, frame } = pair;
  id = arena.dataset.id = pair.id;
  tellAsked(pair.question);
  tellQuestion(competition);
  setFrame(frame, competition.rendition_side);
  input.hidden = !pair.pictures.input;
  for (const [side, element] of Object.entries({ a: sides.a, b: sides.b, input })) {
    const link = element.closest("[data-closer]") ?? element.querySelector(".frame");
    link.href = `/m/${id}/${side}.webp`;
    if (pair.pictures[side]) link.replaceChildren(pair.pictures[side]);
  }
  for (const link of document.querySelectorAll("a.look")) link.href = `/m/${id}/${link.dataset.closer}.webp`;
  find("from-before")?.remove();
  answers.action = `/arena/${id}/vote`;
  history.replaceState(null, "", `/arena/${id}${location.search}`);
  document.dispatchEvent(new Event("pair:new"));
}

// Voting

async function vote(outcome) {
  if (state !== "open") return;
  document.dispatchEvent(new Event("pair:judged"));
  await submit(outcome);
}

async function submit(outcome) {
  const slow = setTimeout(() => tellDelay("Sending …"), SLOW);
  enter("sending");
  try {
    const answer = await deliver(id, outcome, ({ message }) => tellDelay(`${message} Your answer is kept in this tab and sent again.`));
    clearTimeout(slow);
    reveal(answer);
  } catch (refusal) {
    clearTimeout(slow);
    refused(refusal);
  }
}

function tellDelay(words) {
  answers.hidden = true;
  find("after").hidden = false;
  status.tabIndex = 0;
  nextButton.hidden = words === "Sending …";
  offer("Send now", retryNow);
  say(words, { trouble: true });
}

async function refused(refusal) {
  if (["already_voted", "undone"].includes(refusal.code)) return showStanding();
  if (refusal.httpStatus === 404) coming = null; // the pair that was prefetched belongs to the same lost cookie
  const lost = refusal.httpStatus === 404 ? "This browser no longer knows this pair: its cookie is gone. Your answer was not stored." : refusal.message;
  stop(lost, "Next pair", next);
}

// Another tab judged this pair, or the reply to an earlier answer was lost.
async function showStanding() {
  try {
    reveal(await insist(() => ask("GET", `/${id}`), () => tellDelay("Sending …")), EARLIER);
  } catch (refusal) {
    stop(refusal.message, "Next pair", next);
  }
}

function reveal(answer, words = SAID) {
  countVotes(answer.voter.votes);
  if (answer.outcome === "skip") return next("Skipped.");
  name(answer);
  sides[answer.outcome]?.setAttribute("data-won", "");
  if (answer.undone) return showUndone();
  undoable = id;
  enter("revealed");
  const { a, b } = answer;
  const result = { a: `${a.model.name} beat ${b.model.name}.`, b: `${b.model.name} beat ${a.model.name}.` };
  const told = answer.counted ? tellCrowd(answer) : answer.reason_text;
  say(`${words[answer.outcome]} ${told}`.trim(), { more: result[answer.outcome] ?? `${a.model.name} and ${b.model.name}.` });
  offerNext(answer.voter.votes % SET === 0);
  refreshComing();
  startClock(() => onNext());
  showChange(id);
}

// The server lets a prefetched pair start to age with the vote before it.
function refreshComing() {
  const voted = id;
  coming = Promise.resolve(coming).catch(() => null).then((pair) => pair ?? prepare());
  coming.then((pair) => {
    if (pair?.freshUntil) pair.freshUntil = Date.now() + lifetime;
    if (pair?.end && id === voted && state === "revealed" && onNext === next) offerTheEnd(pair.end);
  }, () => {});
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
    await insist(() => ask("DELETE", `/${taken}/vote`), undefined, 3);
  } catch (refusal) {
    return say(`${refusal.message}${refusal instanceof Refused ? "" : " The vote may still stand; try again."}`, { trouble: true });
  }
  undoable = null;
  const words = await fetch("/me/summary").then((answer) => answer.text()).catch(() => null);
  if (words) countVotes(Number.parseInt(words.replaceAll(",", ""), 10) || 0);
  if (taken === id) showUndone();
  else {
    enter(state);
    say("Taken back. That vote no longer counts.");
  }
}

function showUndone() {
  for (const side of Object.values(sides)) side.removeAttribute("data-won");
  enter("undone");
  offer("Next pair", next);
  say("Taken back. This vote no longer counts.");
}

// Going on

async function next(said = "") {
  card?.hideCard();
  enter("loading");
  unname();
  say(`${typeof said === "string" ? said : ""} Loading the next pair…`.trim());
  let pair;
  try {
    pair = await coming;
    if (!pair || pair.freshUntil < Date.now()) pair = await insist(prepare, undefined, 3);
  } catch (refusal) {
    coming = null;
    return stop(refusal.message, "Try again", next);
  }
  coming = null;
  if (pair?.end) return offerTheEnd(pair.end);
  if (!pair) return location.reload(); // the only open pair is the one on the screen
  fill(pair);
  await showWhenDecoded();
  if (state === "open") find("heading").focus({ preventScroll: true });
}

function stop(words, label, action) {
  enter("failed");
  say(words, { trouble: true });
  offer(label, action);
}

function offer(label, action) {
  find("next-label").textContent = label;
  onNext = action;
  if (!find("after").hidden) nextButton.focus({ preventScroll: true });
}

function offerTheEnd(words) {
  if (state === "loading") enter("failed");
  say(`${state === "revealed" ? status.firstChild.textContent : ""} ${words}`.trim());
  stopClock();
  offer("The board", () => location.assign(`/leaderboards/${wish.mode}`));
}

// After every ten votes a card takes the place of the pictures.

async function offerNext(isCardDue) {
  if (!isCardDue) return offer("Next pair", next);
  offer("Your card", showCard);
  card ??= await import(arena.dataset.cardModule).catch(() => null);
  card?.prefetchCard();
}

async function showCard() {
  onNext = next;
  if (!card) return next();
  say("Loading your card…");
  await card.showCard(enter, next).catch(next);
}

// Hands

const LETTERS = { 1: () => vote("a"), a: () => vote("a"), 2: () => vote("b"), b: () => vote("b"), u: undo };
const KEYS = {
  ...LETTERS,
  ArrowLeft: () => vote("a"), ArrowRight: () => vote("b"), ArrowUp: () => vote("tie"), ArrowDown: () => vote("both_bad"),
  " ": goOn, Enter: () => state !== "open" && goOn(),
};

function goOn() {
  if (isDeaf()) return;
  if (state === "open") vote("skip");
  else if (!find("after").hidden && !nextButton.hidden) onNext();
}

// Whoever speaks to a computer, or hits keys by chance, switches the keys off that a word or a slip would press.
const isSwitchedOff = (event) => !letters.checked && event.key.length === 1 && event.key !== " ";

document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (event.target.closest("input, select, textarea, [contenteditable], [popover]") || isSwitchedOff(event)) return;
  const isPress = [" ", "Enter"].includes(event.key);
  if (isPress && isDeaf()) return event.preventDefault();
  if (isPress && event.target.matches("a, button, summary")) return;
  const action = (dialog.open ? LETTERS : KEYS)[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action || (state === "card" && event.key.startsWith("Arrow"))) return;
  event.preventDefault();
  action();
});

document.addEventListener("click", (event) => {
  if (isDeaf() && event.isTrusted && event.target.closest("[data-arena], dialog")) {
    event.preventDefault();
    event.stopImmediatePropagation();
  } else if (tapping.checked && state === "open" && event.target.closest("[data-side] .frame")) {
    event.preventDefault();
    vote(event.target.closest("[data-side]").dataset.side);
  }
}, { capture: true });

answers.addEventListener("submit", (event) => {
  event.preventDefault();
  document.querySelector("#options:popover-open")?.hidePopover();
  if (event.submitter.value === "unloadable") giveBack();
  else vote(event.submitter.value);
});
find("next").addEventListener("submit", (event) => {
  event.preventDefault();
  onNext();
});
undoForm.addEventListener("submit", (event) => {
  event.preventDefault();
  document.querySelector("#options:popover-open")?.hidePopover();
  undo();
});

document.addEventListener("screen:changed", becomeDeaf);
document.addEventListener("pair:closed", (event) => state === "open" && stop(event.detail, "Next pair", next));

for (const [box, key] of [[auto, "blindvote.auto"], [tapping, "blindvote.tapping"], [letters, "blindvote.letters"]]) {
  box.checked = (choices.getItem(key) ?? (box.defaultChecked ? "on" : "off")) === "on";
  box.addEventListener("change", () => choices.setItem(key, box.checked ? "on" : "off"));
}

function begin() {
  const kept = waiting();
  if (kept?.id === id && state === "loading") return submit(kept.outcome);
  if (kept?.id === id) forget(id);
  else if (kept) deliver(kept.id, kept.outcome).catch(() => {});
  if (state === "loading") return showWhenDecoded();
  enter(state);
  if ("cardDue" in arena.dataset) offerNext(true);
  prefetch();
}

arena.dataset.live = "";
begin();

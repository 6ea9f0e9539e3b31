// What stands around the pictures: what was asked, then who made what, where they stand, and how everybody judged.

const find = (name) => document.querySelector(`[data-${name}]`);
const sides = { a: find('side="a"'), b: find('side="b"') };
export const SAID = { a: "You picked A.", b: "You picked B.", tie: "You called it a tie.", both_bad: "You found both bad." };
export const EARLIER = { a: "You had picked A.", b: "You had picked B.", tie: "You had called it a tie.", both_bad: "You had found both bad." };
const TOO = { a: "picked A too", b: "picked B too", tie: "called it a tie too", both_bad: "found both bad too" };
const NEEDED = 10;

export function tellCrowd({ outcome, crowd: others }) {
  if (!others) return "";
  const much = others.of >= NEEDED;
  const words = much ? `${Math.round((100 * others.same) / others.of)}\u00a0% of ${others.of} ${TOO[outcome]}.` : tellFew(others.of);
  if (others.expected == null) return words;
  const share = Math.round(100 * others.expected);
  return `${words} ${others.expected < 0.35 ? "A surprise: ratings" : "Ratings"} gave ${outcome.toUpperCase()} ${share}\u00a0%.`;
}

function tellFew(others) {
  return others ? `${others} other${others === 1 ? "" : "s"} judged this pair.` : "Nobody else judged this pair yet.";
}

export function countVotes(votes) {
  find("own").textContent = `${votes.toLocaleString("en")} vote${votes === 1 ? "" : "s"} by you`;
  countDots(votes > 0 && votes % 10 === 0 && find("arena").dataset.state !== "open" ? 10 : votes % 10);
}

function countDots(done) {
  [...find("dots").children].forEach((dot, place) => dot.classList.toggle("on", place < done));
  find("dots").setAttribute("aria-label", `${done} of ten pairs judged`);
}

export function name(answer) {
  for (const side of ["a", "b"]) {
    const { model, rating, rating_low: low, rating_high: high, rank, change } = answer[side];
    const put = (part, words) => { sides[side].querySelector(`[data-${part}]`).textContent = words; };
    put("name", model.name);
    sides[side].querySelector("[data-name]").href = model.url;
    put("creator", model.creator ?? "");
    put("elo", rating == null ? "" : "Elo ");
    put("rating", rating == null ? "" : rating.toFixed(0));
    put("interval", rating == null ? "" : `±${((high - low) / 2).toFixed(0)}`);
    put("change", change == null || rank == null ? "" : signed(change));
    put("rank", tellRanks(answer[side]));
    sides[side].querySelector("[data-rank]").title = rank == null ? "not ranked yet" : "ranks that the votes allow";
    sides[side].querySelector("[data-named]").hidden = false;
    sides[side].querySelector(".look").hidden = true;
  }
}

// A decided rank as one place, an undecided one as what the votes allow: #1, or #1 to 6.
function tellRanks({ rank, rank_low: low, rank_high: high }) {
  if (rank == null) return "#\u2013";
  return low == null || low === high ? `#${rank}` : `#${low}\u2013${high}`;
}

export function unname() {
  if (find("dots").querySelectorAll(".on").length === 10) countDots(0);
  for (const side of Object.values(sides)) {
    side.removeAttribute("data-won");
    side.querySelector("[data-named]").hidden = true;
    side.querySelector(".look").hidden = false;
  }
}

function signed(points) {
  const whole = Math.round(points);
  return whole > 0 ? `+${whole}` : `${whole}`.replace("-", "\u2212");
}

// What is asked stands in the bar and before the prompt; whoever looks or listens learns of a change first.
export function tellAsked({ slug, words }) {
  const changed = find("arena").dataset.question !== slug;
  find("arena").dataset.question = find("asked").dataset.question = slug;
  for (const part of ["asked", "aloud"]) {
    find(part).textContent = words;
    if (changed) find(part).hidden = false;
  }
  if (changed) document.body.classList.add("asking");
  find("asked").toggleAttribute("data-changed", changed);
}

export function tellQuestion(competition) {
  find("eyebrow").textContent = [...competition.categories.map(categoryTitle), competition.title].join(" · ");
  for (const words of document.querySelectorAll("[data-words]")) words.textContent = `\u201c${competition.prompt}\u201d`;
  tellOriginals(competition.rendition_side);
}

function tellOriginals(side) {
  for (const place of document.querySelectorAll("[data-originals]")) place.textContent = side > 0 && side < 640 ? `${side} px originals` : "";
}

// The same numbers as the frame's stylesheet has, which holds for the first pair.
export function setFrame({ width, height }, side) {
  const most = side > 0 ? (4 * side * width) / Math.max(width, height) : 100_000;
  for (const [name, value] of [["--fw", width], ["--fh", height], ["--most", `${most}px`]]) find("arena").style.setProperty(name, value);
}

function categoryTitle(slug) {
  const option = document.querySelector(`[name="category"] option[value="${CSS.escape(slug)}"]`);
  return option?.textContent ?? slug.replaceAll("-", " ");
}

// A model's page: the bar of its sections shows where one is, the language of the examples is remembered, and a mark
// opens the list its source stands in. Everything can be read, chosen and followed without.

import { offerCopies } from "./copy.js";

offerCopies(document);

const KEY = "blindvote.language";
const bar = document.querySelector("[data-contents]");
const links = [...bar.querySelectorAll("a")];
const sections = links.map((link) => document.querySelector(link.hash));

function showPlace() {
  const line = bar.getBoundingClientRect().bottom + 40;
  const isAtEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
  const passed = sections.filter((one) => one.getBoundingClientRect().top <= line).length;
  const here = links[isAtEnd ? links.length - 1 : Math.max(passed - 1, 0)];
  if (here.hasAttribute("aria-current")) return;
  for (const link of links) link.removeAttribute("aria-current");
  here.setAttribute("aria-current", "location");
  // On a phone the bar is longer than the screen.
  bar.scrollTo({ left: here.offsetLeft - bar.offsetLeft - bar.clientWidth / 3 });
}

let isWaiting = false;
function showPlaceSoon() {
  if (isWaiting) return;
  isWaiting = true;
  requestAnimationFrame(() => { isWaiting = false; showPlace(); });
}

addEventListener("scroll", showPlaceSoon, { passive: true });
addEventListener("resize", showPlaceSoon);
showPlace();

// Not every browser opens a fold that a link leads into.
for (const mark of document.querySelectorAll("a[role=doc-noteref]")) {
  mark.addEventListener("click", () => {
    const fold = document.querySelector(mark.hash).closest("details");
    if (fold) fold.open = true;
  });
}

// A browser may forbid storage: the choice then lasts as long as the page.
function stored(change) {
  try { return change(localStorage); } catch { return null; }
}

const languages = [...document.querySelectorAll("input[name=language]")];
const last = stored((storage) => storage.getItem(KEY));
for (const input of languages) {
  if (input.value === last) input.checked = true;
  input.addEventListener("change", () => stored((storage) => storage.setItem(KEY, input.value)));
}

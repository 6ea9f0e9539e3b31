// Goes on by itself, for somebody who asked for it, looks at this tab and does nothing.

const PAUSE = 6_000;
const auto = document.querySelector("[data-auto]");
const button = document.querySelector("[data-next-button]");
let timer = null;

const isBusy = () => document.hidden || document.querySelector("dialog[open], :popover-open, [data-named] a:hover");

export function startClock(goOn) {
  stopClock();
  if (!auto.checked || isBusy()) return;
  button.classList.add("running");
  timer = setTimeout(goOn, PAUSE);
}

export function stopClock() {
  clearTimeout(timer);
  button.classList.remove("running");
}

for (const doing of ["pointerdown", "wheel", "pointermove", "touchstart"]) addEventListener(doing, stopClock, { passive: true });
document.addEventListener("keydown", stopClock, { capture: true });
document.addEventListener("visibilitychange", stopClock);
document.addEventListener("toggle", stopClock, { capture: true });
document.addEventListener("focusin", (event) => event.target !== button && stopClock());
addEventListener("resize", stopClock);
visualViewport?.addEventListener("resize", stopClock);
auto.addEventListener("change", stopClock);

// Looks closer: the whole window, one picture at a time; A and B change places under the same zoom and position.

const arena = document.querySelector("[data-arena]");
const dialog = document.querySelector("[data-dialog]");
const find = (name) => dialog.querySelector(`[data-${name}]`);
const box = find("view");
const NAMES = { a: "Image A", b: "Image B", input: "Before" };
const FARTHEST = 8;
const LEAST_CLOSE = 2;
const STEP = 0.15;
const SWIPE = 40;
const DOUBLE = 350;
const view = { zoom: 1, x: 0, y: 0 }; // x, y: the left upper corner, in widths and heights of the window
const pointers = new Map();
let side = "a";
let pressed = null; // where a finger came down, until it moves or a second one comes
let lastTap = { at: 0, x: 0, y: 0 };

function draw() {
  view.zoom = Math.min(FARTHEST, Math.max(1, view.zoom));
  view.x = Math.min(0, Math.max(1 - view.zoom, view.x));
  view.y = Math.min(0, Math.max(1 - view.zoom, view.y));
  const { width, height } = box.getBoundingClientRect();
  for (const image of box.children) image.style.transform = `translate(${view.x * width}px, ${view.y * height}px) scale(${view.zoom})`;
  box.classList.toggle("zoomed", view.zoom > 1);
  find("actual").setAttribute("aria-pressed", view.zoom > 1);
}

// The point (in widths and heights of the window) under the finger stays there.
function zoomTo(zoom, at = { x: 0.5, y: 0.5 }) {
  const wanted = Math.min(FARTHEST, Math.max(1, zoom));
  view.x = at.x - ((at.x - view.x) / view.zoom) * wanted;
  view.y = at.y - ((at.y - view.y) / view.zoom) * wanted;
  view.zoom = wanted;
  draw();
}

// A pixel of the file on a pixel of the page; more where the window is larger than the file.
function toggleActual(at) {
  const image = box.querySelector(".shown");
  const fitted = Math.min(box.clientWidth / image.naturalWidth, box.clientHeight / image.naturalHeight);
  zoomTo(view.zoom > 1 ? 1 : Math.max(1 / fitted, LEAST_CLOSE), at);
}

function show(wanted) {
  side = wanted;
  for (const image of box.children) image.classList.toggle("shown", image.dataset.closerImage === side);
  find("title").textContent = NAMES[side];
}

function flip(by = 1) {
  const order = [...box.children].map((image) => image.dataset.closerImage);
  show(order[(order.indexOf(side) + by + order.length) % order.length]);
}

// While a key is held the image to change lies over A and B, in the same place.
function holdInput(on) {
  const given = arena.querySelector('[data-closer="input"]:not([hidden]) .picture');
  for (const held of arena.querySelectorAll(".held")) held.remove();
  if (!given || !on) return;
  for (const frame of arena.querySelectorAll(".frame")) frame.append(Object.assign(given.cloneNode(), { className: "picture held" }));
}

function open(link) {
  const links = [...arena.querySelectorAll("a[data-closer]:not(.look, [hidden])")];
  const images = links.map((one) => {
    const image = Object.assign(new Image(), { src: one.href, alt: NAMES[one.dataset.closer], draggable: false });
    image.dataset.closerImage = one.dataset.closer;
    return image;
  });
  const order = ["a", "b", "input"];
  box.replaceChildren(...images.sort((one, other) => order.indexOf(one.dataset.closerImage) - order.indexOf(other.dataset.closerImage)));
  find("closer-answers").hidden = arena.dataset.state !== "open";
  dialog.showModal();
  document.dispatchEvent(new Event("screen:changed"));
  zoomTo(1);
  show(link.dataset.closer);
  box.focus({ preventScroll: true });
}

function close() {
  if (dialog.open) dialog.close();
}

function place(event) {
  const { left, top, width, height } = box.getBoundingClientRect();
  return { x: (event.clientX - left) / width, y: (event.clientY - top) / height, width, height };
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-closer]");
  if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(link);
});

box.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  pressed = pointers.size === 1 ? { x: event.clientX, y: event.clientY } : null;
  box.setPointerCapture(event.pointerId);
});

box.addEventListener("pointermove", (event) => {
  const before = pointers.get(event.pointerId);
  if (!before) return;
  const now = { x: event.clientX, y: event.clientY };
  const { width, height } = place(event);
  const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
  if (other) {
    const grown = Math.hypot(now.x - other.x, now.y - other.y) / Math.hypot(before.x - other.x, before.y - other.y);
    zoomTo(view.zoom * grown, place({ clientX: (now.x + other.x) / 2, clientY: (now.y + other.y) / 2 }));
  } else if (view.zoom > 1) {
    view.x += (now.x - before.x) / width;
    view.y += (now.y - before.y) / height;
    draw();
  }
  pointers.set(event.pointerId, now);
});

box.addEventListener("pointerup", (event) => {
  const came = pressed;
  pointers.delete(event.pointerId);
  pressed = null;
  if (!came) return;
  const across = event.clientX - came.x;
  const moved = Math.hypot(across, event.clientY - came.y);
  if (moved < 8) tap(event);
  else if (view.zoom === 1 && Math.abs(across) > SWIPE && Math.abs(across) > moved * 0.7) flip(across < 0 ? 1 : -1);
});
box.addEventListener("pointercancel", (event) => pointers.delete(event.pointerId));

function tap(event) {
  const isSecond = event.timeStamp - lastTap.at < DOUBLE && Math.hypot(event.clientX - lastTap.x, event.clientY - lastTap.y) < 30;
  lastTap = { at: isSecond ? 0 : event.timeStamp, x: event.clientX, y: event.clientY };
  if (isSecond) toggleActual(place(event));
}

box.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoomTo(view.zoom * Math.exp(-event.deltaY / (event.ctrlKey ? 100 : 400)), place(event));
}, { passive: false });

const PAN = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

function pan([x, y]) {
  view.x += x * STEP;
  view.y += y * STEP;
  draw();
}

const KEYS = {
  f: () => flip(),
  z: () => toggleActual(),
  "+": () => zoomTo(view.zoom * 1.25),
  "-": () => zoomTo(view.zoom * 0.8),
};

document.addEventListener("keydown", (event) => {
  if (arena.dataset.state === "card" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
  if (event.key.length === 1 && !arena.querySelector("[data-letters]").checked) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (!dialog.open) {
    if (key === "o" && !event.repeat) holdInput(true);
    else if (["f", "z"].includes(key) && !event.repeat) open(arena.querySelector('[data-closer="a"]'));
    else return;
  } else if (PAN[key] && view.zoom > 1) pan(PAN[key]);
  else if (key === "ArrowLeft") show("a");
  else if (key === "ArrowRight") show("b");
  else if (KEYS[key] && !(key === "f" && event.repeat)) KEYS[key]();
  else return;
  event.preventDefault();
});

document.addEventListener("keyup", (event) => event.key.toLowerCase() === "o" && holdInput(false));
addEventListener("blur", () => holdInput(false));
find("flip").addEventListener("click", () => flip());
find("actual").addEventListener("click", () => toggleActual());
find("close").addEventListener("click", close);
dialog.addEventListener("close", () => {
  document.dispatchEvent(new Event("screen:changed"));
  box.replaceChildren();
});
for (const change of ["pair:new", "pair:judged"]) document.addEventListener(change, close);
addEventListener("resize", () => dialog.open && draw());

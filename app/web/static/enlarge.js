// A picture opens over the page at its full size; arrow keys go on, Escape closes. Without a script the link opens it.

const links = document.getElementsByTagName("main")[0].querySelectorAll("a[data-enlarge]");
const dialog = document.createElement("dialog");
const image = new Image();
const caption = document.createElement("p");
let shown = 0;

function button(name, sign, label, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = name;
  made.textContent = sign;
  made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}

function show(place) {
  shown = (place + links.length) % links.length;
  const link = links[shown];
  const small = link.querySelector("img");
  const large = new Image();
  large.src = link.href;
  // The thumbnail holds the place until the large one is there.
  image.src = small.currentSrc || small.src;
  image.alt = small.alt;
  large.decode().then(() => { if (links[shown] === link) image.src = link.href; }, () => {});
  caption.textContent = links[shown].closest("figure")?.querySelector("figcaption")?.textContent.trim() ?? "";
  for (const one of dialog.querySelectorAll(".before, .after")) one.hidden = links.length < 2;
}

dialog.className = "enlarged";
caption.setAttribute("aria-live", "polite");
dialog.setAttribute("aria-label", "Picture");
dialog.append(
  image,
  caption,
  button("before", "‹", "Picture before", () => show(shown - 1)),
  button("after", "›", "Next picture", () => show(shown + 1)),
  button("close", "×", "Close", () => dialog.close()),
);
dialog.addEventListener("click", (event) => {
  if (!event.target.closest("button")) dialog.close();
});
dialog.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (step && !event.altKey && !event.ctrlKey && !event.metaKey) show(shown + step);
});
dialog.addEventListener("close", () => links[shown]?.focus());
document.body.append(dialog);

links.forEach((link, place) => {
  link.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    show(place);
    dialog.showModal();
  });
});

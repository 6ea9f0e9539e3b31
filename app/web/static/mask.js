// The mask of an edit, painted over the image with a mouse, a finger or a pen. Without a script a file does the same.

const form = document.querySelector("[data-ask]");
const editor = form?.querySelector("[data-mask-editor]");
const picture = editor?.querySelector("[data-picture]");
const strokes = editor?.querySelector("[data-strokes]");
const brush = editor?.querySelector("[data-brush]");
const undo = editor?.querySelector("[data-undo]");
const clear = editor?.querySelector("[data-clear]");
const LONGEST = 1024; // pixels of the editor; the mask is scaled to the image's own size
let natural = null;
let lines = []; // each with its width and points, in pixels of the editor
let current = null;
let latest = 0;

function operation() {
  return form.elements.operation.value;
}

// Models that cannot do what is asked for stay in the list, so that the choice does not jump.
function offer() {
  const wanted = operation() === "edit" && form.elements.mask.files.length ? "mask" : operation();
  for (const option of form.querySelectorAll("select[name=model] option[data-can]")) {
    option.disabled = !option.dataset.can.split(" ").includes(wanted);
  }
  for (const select of form.querySelectorAll("select[name=model]")) {
    if (!select.selectedOptions[0]?.disabled) continue;
    const others = [...form.querySelectorAll("select[name=model]")].filter((one) => one !== select).map((one) => one.value);
    const able = [...select.options].filter((option) => !option.disabled);
    select.value = (able.find((option) => !option.value) ?? able.find((option) => !others.includes(option.value)))?.value ?? select.value;
  }
  form.elements.prompt.required = operation() !== "variation";
  form.elements.image.required = operation() !== "generation";
}

function stroke(line, context) {
  context.lineCap = context.lineJoin = "round";
  context.lineWidth = line.width;
  context.beginPath();
  const [first, ...rest] = line.points;
  context.moveTo(...first);
  context.lineTo(first[0] + 0.01, first[1]);
  for (const point of rest) context.lineTo(...point);
  context.stroke();
}

function redraw() {
  const context = strokes.getContext("2d");
  context.clearRect(0, 0, strokes.width, strokes.height);
  context.strokeStyle = getComputedStyle(form).getPropertyValue("--accent") || "#c33";
  for (const line of lines) stroke(line, context);
  undo.disabled = clear.disabled = !lines.length;
}

async function show(file) {
  const turn = (latest += 1);
  editor.hidden = true;
  lines = [];
  natural = null;
  attach(null);
  if (!file) return;
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return; // the server says what is wrong with it
  }
  if (turn !== latest) return;
  natural = [bitmap.width, bitmap.height];
  const scale = Math.min(1, LONGEST / Math.max(...natural));
  picture.width = strokes.width = Math.max(1, Math.round(natural[0] * scale));
  picture.height = strokes.height = Math.max(1, Math.round(natural[1] * scale));
  picture.getContext("2d").drawImage(bitmap, 0, 0, picture.width, picture.height);
  bitmap.close();
  editor.hidden = false;
  redraw();
}

// As the API wants it: of the image's size, transparent where it may change.
async function maskFile() {
  const canvas = Object.assign(document.createElement("canvas"), { width: natural[0], height: natural[1] });
  const context = canvas.getContext("2d");
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.globalCompositeOperation = "destination-out";
  context.scale(canvas.width / strokes.width, canvas.height / strokes.height);
  for (const line of lines) stroke(line, context);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  return blob && new File([blob], "mask.png", { type: "image/png" });
}

function attach(file) {
  const held = new DataTransfer();
  if (file) held.items.add(file);
  form.elements.mask.files = held.files;
  offer();
}

async function finish() {
  current = null;
  redraw();
  const turn = (latest += 1);
  const file = lines.length ? await maskFile() : null;
  if (turn === latest) attach(file);
}

function place(event) {
  const box = strokes.getBoundingClientRect();
  return [((event.clientX - box.left) * strokes.width) / box.width, ((event.clientY - box.top) * strokes.height) / box.height];
}

if (editor) {
  form.elements.image.addEventListener("change", () => show(form.elements.image.files[0]));
  form.elements.mask.addEventListener("change", () => { lines = []; redraw(); offer(); });
  for (const choice of form.elements.operation) choice.addEventListener("change", offer);
  strokes.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button) return;
    event.preventDefault();
    strokes.setPointerCapture(event.pointerId);
    current = { width: (brush.value / 100) * Math.max(strokes.width, strokes.height), points: [place(event)] };
    lines.push(current);
    redraw();
  });
  strokes.addEventListener("pointermove", (event) => {
    if (!current || !event.isPrimary) return;
    for (const one of event.getCoalescedEvents?.() ?? [event]) current.points.push(place(one));
    redraw();
  });
  for (const name of ["pointerup", "pointercancel"]) strokes.addEventListener(name, () => current && finish());
  undo.addEventListener("click", () => { lines.pop(); finish(); });
  clear.addEventListener("click", () => { lines = []; finish(); });
  offer();
  if (form.elements.image.files.length) show(form.elements.image.files[0]);
}

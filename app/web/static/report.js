// Reports a picture in place, from its caption or from the large view.

const arena = document.querySelector("[data-arena]");
const { ask, insist } = await import(arena.dataset.outbox);
const dialog = document.querySelector("[data-dialog]");
const sheets = [...arena.querySelectorAll("[data-report]")];
const ASKED = "An admin will look at it.";
const THANKS = "Reported. Thank you: an admin will look at it.";

function mark(sheet, reason, words) {
  const letter = sheet.dataset.report;
  const flag = arena.querySelector(`[data-flag="${letter}"]`);
  flag.toggleAttribute("data-reported", reason !== null);
  flag.setAttribute("aria-label", reason === null ? `Report picture ${letter.toUpperCase()}` : `Picture ${letter.toUpperCase()} is reported`);
  for (const button of sheet.querySelectorAll("[data-reason]")) button.setAttribute("aria-pressed", button.value === reason);
  sheet.querySelector("[data-told]").textContent = words;
}

async function send(sheet, reason) {
  const { id } = arena.dataset;
  sheet.querySelector("[data-told]").textContent = "Sending …";
  let words = THANKS, taken = null;
  try {
    taken = await insist(() => ask("POST", `/${id}/report`, { picture: sheet.dataset.report, reason }), undefined, 3);
  } catch (error) {
    words = error.code ? error.message : `${error.message} The report may not have been sent; try again.`;
  }
  if (id !== arena.dataset.id) return;
  if (taken) mark(sheet, reason, words);
  else sheet.querySelector("[data-told]").textContent = words;
  if (taken?.pair === "closed") leave(sheet);
}

// The pair can't be judged any more: the picture rests.
function leave(sheet) {
  sheet.hidePopover();
  document.dispatchEvent(new Event("pair:judged"));
  document.dispatchEvent(new CustomEvent("pair:closed", { detail: "Thank you for the report. This pair is closed." }));
}

for (const sheet of sheets) {
  sheet.addEventListener("submit", (event) => {
    event.preventDefault();
    send(sheet, event.submitter.value);
  });
  // A modal dialog lets nobody reach what is outside it, so the sheet moves in and out with it.
  sheet.addEventListener("toggle", (event) => event.newState === "closed" && sheet.parentElement === dialog && arena.append(sheet));
}

dialog.querySelector("[data-report-shown]").addEventListener("click", () => {
  const letter = dialog.querySelector(".shown").dataset.closerImage;
  const sheet = sheets.find((one) => one.dataset.report === letter);
  if (!sheet) return;
  dialog.append(sheet);
  sheet.showPopover();
});
dialog.addEventListener("close", () => sheets.forEach((sheet) => sheet.matches(":popover-open") && sheet.hidePopover()));

document.addEventListener("pair:new", () => {
  for (const sheet of sheets) {
    sheet.querySelector("form").action = `/arena/${arena.dataset.id}/report`;
    mark(sheet, null, ASKED);
  }
});

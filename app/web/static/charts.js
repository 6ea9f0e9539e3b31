// Charts: what a point says, under the chart, on hover and focus; its row in the table, marked. Links work without.

for (const chart of document.querySelectorAll("[data-chart]")) {
  const readout = chart.querySelector("[data-readout]");
  if (!readout) continue;
  const said = readout.textContent;

  function tell(spot) {
    readout.textContent = spot ? spot.getAttribute("aria-label") : said;
    for (const row of chart.querySelectorAll("tbody tr")) {
      row.toggleAttribute("data-told", Boolean(spot) && row.querySelector("a").getAttribute("href") === spot.getAttribute("href"));
    }
  }

  for (const spot of chart.querySelectorAll(".spot")) {
    // The native tooltip would say the same a second later.
    const title = spot.querySelector("title");
    spot.setAttribute("aria-label", title.textContent);
    title.remove();
    spot.addEventListener("pointerenter", () => tell(spot));
    spot.addEventListener("pointerleave", () => tell(null));
    spot.addEventListener("focus", () => tell(spot));
    spot.addEventListener("blur", () => tell(null));
  }
}

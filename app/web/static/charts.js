// Charts: the name of a point on hover and focus, all of it under the chart, its row in the table marked; arrow keys
// go from point to point. Links work without.

for (const chart of document.querySelectorAll("[data-chart]")) {
  const readout = chart.querySelector("[data-readout]");
  if (!readout) continue;
  const usual = readout.textContent;
  const spots = [...chart.querySelectorAll(".spot")];

  function tell(spot) {
    readout.textContent = spot ? spot.dataset.said : usual;
    chart.querySelector(".told")?.remove();
    if (spot) spot.lastElementChild.append(nameOf(spot));
    for (const row of chart.querySelectorAll("tbody tr")) {
      row.toggleAttribute("data-told", Boolean(spot) && row.querySelector("a").getAttribute("href") === spot.getAttribute("href"));
    }
  }

  for (const spot of spots) {
    // The native tooltip would say the same a second later.
    const title = spot.querySelector("title");
    spot.dataset.said = title.textContent;
    title.remove();
    // Who speaks to a computer says the number that stands at a point.
    const number = [...spot.querySelectorAll("text")].find(({ textContent }) => /^\d+$/.test(textContent));
    spot.setAttribute("aria-label", number ? `${number.textContent}. ${spot.dataset.said}` : spot.dataset.said);
    spot.addEventListener("pointerenter", () => tell(spot));
    spot.addEventListener("pointerleave", () => tell(null));
    spot.addEventListener("focus", () => tell(spot));
    spot.addEventListener("blur", () => tell(null));
  }
  walkWithArrows(spots.toSorted((one, other) => left(one) - left(other)));
}

function left(spot) {
  return parseFloat(spot.lastElementChild.getAttribute("x"));
}

// The name beside its point, towards the middle of the drawing.
function nameOf(spot) {
  const isRight = left(spot) > 50;
  const name = document.createElementNS("http://www.w3.org/2000/svg", "text");
  name.setAttribute("class", "told");
  name.setAttribute("x", isRight ? -10 : 10);
  name.setAttribute("y", 4);
  name.setAttribute("text-anchor", isRight ? "end" : "start");
  name.textContent = spot.dataset.said.split(/: \d/)[0];
  return name;
}

// One stop for the tabulator, then the arrows: sixty stops would stand between a reader and the rest of the page.
function walkWithArrows(spots) {
  spots.forEach((spot, place) => {
    spot.tabIndex = place ? -1 : 0;
    spot.addEventListener("keydown", (event) => {
      const next = spots[place + { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key]];
      if (!next || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      spot.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
  });
}

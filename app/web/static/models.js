// The list of models narrows while one types. It works without, by form.

// As the server compares names: case, accents, spaces, dots and hyphens make no difference.
function wordsOf(text) {
  const plain = text.normalize("NFKD").toLowerCase().replace(/[\p{M}·]/gu, "");
  return plain.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
}

const search = document.querySelector("[data-search] input[name=q]");
const rows = [...document.querySelectorAll("[data-rows] tbody tr")];
const found = document.querySelector("[data-found]");
// Only a list that the server has not searched already holds every row.
if (search && found && !search.value) {
  search.addEventListener("input", () => {
    const words = wordsOf(search.value);
    const whole = words.join("");
    for (const row of rows) {
      const known = row.dataset.words;
      row.hidden = !known.includes(whole) && !words.every((word) => known.includes(word));
    }
    const left = rows.filter((row) => !row.hidden).length;
    found.textContent = left ? `${left} ${left === 1 ? "model" : "models"}` : "No name holds this. Show finds names like it.";
  });
}

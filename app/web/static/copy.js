// A button on each example that puts its text on the clipboard; without it the text can be marked by hand.

export function offerCopies(root) {
  if (!navigator.clipboard) return;
  for (const code of root.querySelectorAll(".code")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy: ${code.querySelector("[aria-label]").getAttribute("aria-label")}`);
    button.addEventListener("click", async () => {
      const copied = await navigator.clipboard.writeText(code.querySelector("pre").textContent).then(() => true, () => false);
      button.textContent = copied ? "Copied" : "Not copied";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    code.append(button);
  }
}

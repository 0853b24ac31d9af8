// Keys of a work list: up and down choose a row, Enter opens it (it is a link), P takes the proposal of the chosen row.

const links = () => [...document.querySelectorAll("#work-list .work__title")];

function choose(step) {
  const all = links();
  if (!all.length) return;
  const now = all.indexOf(document.activeElement?.closest(".work__row")?.querySelector(".work__title"));
  const next = now < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(now + step, 0), all.length - 1);
  all[next].focus();
}

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
  if (event.target.closest("input, select, textarea, dialog")) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    choose(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key.toLowerCase() === "p" && !event.repeat) {
    const row = document.activeElement?.closest(".work__row") ?? document.querySelector(".work__row");
    row?.querySelector("[data-accepts]:not(:disabled)")?.click();
  }
});

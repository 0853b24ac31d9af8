// Keys of a work list: up and down choose a row, Enter opens it (it is a link), P takes what is proposed or signs, X ticks, S supervises.

const links = () => [...document.querySelectorAll("#work-list .work__title")];
const boxes = () => [...document.querySelectorAll(".work__pick")];
const all = document.getElementById("pick-all");

function choose(step) {
  const every = links();
  if (!every.length) return;
  const now = every.indexOf(chosenRow()?.querySelector(".work__title"));
  const next = now < 0 ? (step > 0 ? 0 : every.length - 1) : Math.min(Math.max(now + step, 0), every.length - 1);
  every[next].focus();
}

function chosenRow() {
  return document.activeElement?.closest(".work__row");
}

function count() {
  const picked = boxes().filter((box) => box.checked).length;
  document.getElementById("bulk-send").disabled = picked === 0;
  document.getElementById("bulk-count").textContent = picked ? `已勾选 ${picked} 件` : "";
  all.checked = picked > 0 && picked === boxes().length;
  all.indeterminate = picked > 0 && !all.checked;
}

if (all) {
  all.addEventListener("change", () => {
    for (const box of boxes()) box.checked = all.checked;
    count();
  });
  document.getElementById("work-list").addEventListener("change", count);
  count();
}

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
  if (event.target.closest("input:not([type=checkbox]), select, textarea, dialog")) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    choose(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key.toLowerCase() === "p" && !event.repeat) {
    const row = chosenRow() ?? document.querySelector(".work__row");
    row?.querySelector("[data-accepts]:not(:disabled)")?.click();
  } else if (event.key.toLowerCase() === "x" && !event.repeat) {
    chosenRow()?.querySelector(".work__pick")?.click();
  } else if (event.key.toLowerCase() === "s" && !event.repeat) {
    chosenRow()?.querySelector("[data-supervises]")?.click();
  }
});

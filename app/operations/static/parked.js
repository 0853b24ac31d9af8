// Another try for parked reports: one by its button, all of the page by a button or the key r.

import { send } from "../platform/request.js";
import { toast } from "../platform/toast.js";

const list = document.getElementById("parked-list");
let isTrying = false;

list.addEventListener("click", (event) => {
  const one = event.target.closest("[data-retry]");
  if (one) tryAgain([one]);
  else if (event.target.closest("#retry-all")) tryAll();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "r" || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.matches("input, textarea, select") || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  tryAll();
});

/** The oldest first: what came later may need it. */
function tryAll() {
  tryAgain([...list.querySelectorAll("[data-retry]")].reverse());
}

async function tryAgain(buttons) {
  if (isTrying || !buttons.length) return;
  isTrying = true;
  for (const button of list.querySelectorAll("[data-retry], #retry-all")) button.disabled = true;
  let kept = 0;
  let refused = 0;
  for (const button of buttons) {
    try {
      const { data } = await send("POST", `/api/v1/call-events/parked/${button.dataset.retry}/retry`);
      if (data.is_kept) kept += 1;
      else refused += 1;
    } catch (problem) {
      if (problem.status === 409) continue; // somebody else was quicker
      toast(problem.message, { isBad: true });
      break;
    }
  }
  isTrying = false;
  if (kept) toast(buttons.length > 1 ? `已入库 ${kept} 条` : "已重新入库");
  if (refused) toast(buttons.length > 1 ? `仍有 ${refused} 条不能入库` : "仍不能入库，请看原因", { isBad: true });
  document.body.dispatchEvent(new CustomEvent("parked-tried"));
}

// Closing a row of the missed-call list. The row goes when the server has it, and says so aloud.

import { send } from "../platform/request.js";
import { toast } from "../platform/toast.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-resolve]");
  if (!button) return;
  const row = button.closest("tr");
  for (const one of row.querySelectorAll("button")) one.disabled = true;
  try {
    await send("POST", `/api/v1/missed-calls/${button.dataset.resolve}/resolve`, {
      body: { resolution: button.dataset.resolution },
    });
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    toast(button.dataset.resolution === "called_back" ? "已标记为回拨" : "已标记为无需回拨");
    if (next) next.querySelector("button")?.focus();
    else window.htmx.ajax("GET", location.href, { target: "#main", select: "#main > *", swap: "innerHTML" });
  } catch (problem) {
    for (const one of row.querySelectorAll("button")) one.disabled = false;
    toast(problem.message, { isBad: true });
  }
});

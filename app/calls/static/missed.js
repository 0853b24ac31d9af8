// Closing a row of the missed-call list, or having it called back. The row goes when the server has it, and says so aloud.

import { send } from "../platform/request.js";
import { toast } from "../platform/toast.js";

document.addEventListener("click", async (event) => {
  const callBack = event.target.closest("[data-call-back]");
  if (callBack) await askForCallBack(callBack);
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

async function askForCallBack(button) {
  button.disabled = true;
  try {
    await send("POST", "/api/v1/callbacks", { body: { missed_call_id: Number(button.dataset.callBack) } });
    button.textContent = "回拨已登记";
    toast("已登记回拨：按市民原来的排队顺序，由空闲坐席接听后呼叫");
  } catch (problem) {
    button.disabled = false;
    toast(problem.message, { isBad: true });
  }
}

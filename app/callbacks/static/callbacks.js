// Cancelling a call-back. The list is drawn anew when the server has it.

import { send } from "../platform/request.js";
import { toast } from "../platform/toast.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-cancel]");
  if (!button || !confirm("取消这条回拨？市民将不会再接到回拨。")) return;
  button.disabled = true;
  try {
    await send("POST", `/api/v1/callbacks/${button.dataset.cancel}/cancel`);
    toast("回拨已取消");
    window.htmx.ajax("GET", location.href, { target: "#main", select: "#main > *", swap: "innerHTML" });
  } catch (problem) {
    button.disabled = false;
    toast(problem.message, { isBad: true });
  }
});

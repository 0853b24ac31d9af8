// Have the citizen of a ticket rung: nobody is shown the number.

import { send } from "../platform/request.js";
import { toast } from "../platform/toast.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-rings]");
  if (!button) return;
  button.disabled = true;
  try {
    await send("POST", button.dataset.rings);
    button.textContent = "呼叫已登记";
    toast("已登记：空闲的话务员接起后，系统呼叫市民并打开本工单");
  } catch (problem) {
    button.disabled = false;
    toast(problem.message, { isBad: true });
  }
});

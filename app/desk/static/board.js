// The supervisors' board: running clocks, and steering an agent with a question first.

import { send } from "../platform/request.js";
import { toast } from "../platform/toast.js";
import { startTimers, tick } from "./timers.js";

document.addEventListener("htmx:afterSwap", tick);

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-control]");
  if (!button) return;
  const { agent, control, name } = button.dataset;
  if (control === "sign-out" && !confirm(`把 ${name}（${agent}）从所有队列中签出？`)) return;
  button.disabled = true;
  try {
    await send("POST", `/api/v1/agents/${encodeURIComponent(agent)}/${control}`);
    toast("已发送，状态变化后会显示在列表中");
  } catch (problem) {
    toast(problem.message, { isBad: true });
    button.disabled = false;
  }
});

startTimers();

// What the agent asks of the switch. The bar changes when the fact comes home, not when the button is pressed.

import { send } from "../platform/request.js";
import { toast } from "../platform/toast.js";

const ASKED = {
  "sign-in": "正在签入队列…",
  "sign-out": "正在签出…",
  resume: "正在恢复就绪…",
  pause: "正在示忙…",
  "finish-wrap-up": "正在结束话后整理…",
  "extend-wrap-up": "正在延长话后整理…",
};
const GIVE_UP_MS = 5000;

const agent = document.body.dataset.agent;

/** Ask; the button is busy until the bar is drawn again or nothing came for a while. */
export async function ask(action, body) {
  const buttons = document.querySelectorAll("#agent-bar button");
  for (const button of buttons) button.disabled = true;
  document.getElementById("state-text")?.setAttribute("aria-busy", "true");
  try {
    await send("POST", `/api/v1/agents/${encodeURIComponent(agent)}/${action}`, { body });
    document.getElementById("state-text").textContent = ASKED[action];
    setTimeout(() => document.dispatchEvent(new CustomEvent("hotline:bar")), GIVE_UP_MS);
  } catch (problem) {
    toast(problem.message, { isBad: true });
    for (const button of buttons) button.disabled = false;
  }
  if (action === "finish-wrap-up") document.dispatchEvent(new CustomEvent("hotline:bar"));
}

export function setUpAgentBar() {
  document.getElementById("agent-bar").addEventListener("click", (event) => {
    const button = event.target.closest("[data-ask]");
    if (button && !button.disabled) ask(button.dataset.ask);
  });
  const dialog = document.getElementById("pause-dialog");
  const pause = (reason) => {
    dialog.close();
    ask("pause", { reason });
  };
  dialog.addEventListener("click", (event) => {
    const button = event.target.closest("[data-reason]");
    if (button) pause(button.dataset.reason);
  });
  dialog.addEventListener("keydown", (event) => {
    const button = /^[1-9]$/.test(event.key) && dialog.querySelectorAll("[data-reason]")[Number(event.key) - 1];
    if (button) pause(button.dataset.reason);
  });
}

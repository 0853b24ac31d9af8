// One key plays the citizen a text or a flow. The panel changes when telephony reports a step, not when a key is pressed.

import { send } from "../platform/request.js";
import { toast } from "../platform/toast.js";

const panel = document.getElementById("call-panel");

/** Ask for it; the buttons stay off until a step is reported, or it was refused. */
async function ask(move, body) {
  const call = panel.querySelector("[data-call]")?.dataset.call;
  if (!call) return;
  for (const button of panel.querySelectorAll(".handover button, .flows button")) button.disabled = true;
  try {
    await send("POST", `/api/v1/calls/${encodeURIComponent(call)}/${move}`, { body });
  } catch (problem) {
    toast(problem.message, { isBad: true });
    for (const button of panel.querySelectorAll(".handover button, .flows button")) button.disabled = false;
  }
}

export const playFlow = (flow) => ask("play-flow", { flow });

/** What a step means for the agent, said once: a page that was loaded again shows it already. */
export function tellPlayed({ play, title, step, words }) {
  if (step === "started" || panel.querySelector(`[data-played="${play}-${step}"]`)) return;
  toast(`${title}：${words}`);
}

export function setUpAgentFlows() {
  panel.addEventListener("click", (event) => {
    const button = event.target.closest("[data-play-flow], [data-stop-flow]");
    if (!button || button.disabled) return;
    if (button.dataset.playFlow) playFlow(button.dataset.playFlow);
    else ask("stop-flow");
  });
}

// One key to 110, 119, 120, 122 or a line. The panel changes when telephony reports a step, not when a key is pressed.

import { send } from "../platform/request.js";
import { toast } from "../platform/toast.js";
import { playFlow } from "./agent_flow.js";

const dialog = document.getElementById("handover-dialog");
const form = document.getElementById("handover-form");
const panel = document.getElementById("call-panel");

const tell = document.getElementById("handover-tell");

const WORDS = { leave: "正在交给对方…", "take-back": "正在撤回…" };

function choose(target) {
  const radio = form.querySelector(`input[value="${CSS.escape(target)}"]`);
  if (radio) radio.checked = true;
}

/** What is told to the citizen first: of emergencies only. */
function showTelling() {
  tell.hidden = !form.querySelector("input[name=target]:checked")?.dataset.flow;
}

async function ask(path, body, words) {
  for (const button of panel.querySelectorAll(".handover button")) button.disabled = true;
  if (words) toast(words);
  try {
    await send("POST", `/api/v1/handovers${path}`, { body });
  } catch (problem) {
    toast(problem.message, { isBad: true });
    for (const button of panel.querySelectorAll(".handover button")) button.disabled = false;
  }
}

/** What a step means for the agent, said once: a page that was loaded again shows it already. */
export function tellStep({ handover_id: id, target, status, status_text: words }) {
  if (panel.querySelector(`[data-attempt="${id}-${status}"]`)) return;
  toast(`${target} ${words}`, { isBad: status === "refused" });
}

export function setUpHandover() {
  dialog.addEventListener("hotline:open", (event) => {
    form.reset();
    if (event.detail.dataset.target) choose(event.detail.dataset.target);
    showTelling();
    requestAnimationFrame(() => {
      const isChosen = Boolean(event.detail.dataset.target);
      (isChosen ? form.querySelector("#handover-confirm") : form.querySelector("input:checked"))?.focus();
    });
  });
  dialog.addEventListener("keydown", (event) => {
    const radio = /^[1-9]$/.test(event.key) && form.querySelectorAll("input[name=target]")[Number(event.key) - 1];
    if (!radio) return;
    event.preventDefault();
    radio.checked = true;
    showTelling();
    form.querySelector("#handover-confirm").focus();
  });
  form.addEventListener("change", showTelling);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    dialog.close();
    const target = new FormData(form).get("target");
    const flow = form.elements.tell.checked && form.querySelector("input[name=target]:checked")?.dataset.flow;
    const call = panel.querySelector("[data-call]")?.dataset.call;
    if (flow) playFlow(flow);
    else if (target && call) ask("", { target, call_id: call });
  });
  panel.addEventListener("click", (event) => {
    const button = event.target.closest("[data-handover-move]");
    const id = button?.closest("[data-handover]")?.dataset.handover;
    if (button && id && !button.disabled) ask(`/${id}/${button.dataset.handoverMove}`, undefined, WORDS[button.dataset.handoverMove]);
  });
}

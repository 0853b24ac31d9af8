// Taking a referred matter. An agent goes on at the desk with its draft; a supervisor's row goes, and says so aloud.

import { send } from "../platform/request.js";
import { toast } from "../platform/toast.js";

async function take(button) {
  const cell = button.closest("[data-referral]");
  const taker = cell.querySelector("[data-taker]");
  if (taker && !taker.value) {
    toast("请先选择话务员", { isBad: true });
    taker.focus();
    return;
  }
  button.disabled = true;
  try {
    const body = taker ? { agent: taker.value } : {};
    const { data: taken } = await send("POST", `/api/v1/referrals/${cell.dataset.referral}/take`, { body });
    if (!taker) {
      location.assign(`/desk?ticket_id=${taken.ticket_id}`);
      return;
    }
    const row = cell.closest("tr");
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    toast(`已指派给 ${taken.agent}`);
    if (next) next.querySelector("select, button")?.focus();
    else location.reload();
  } catch (problem) {
    button.disabled = false;
    toast(problem.message, { isBad: true });
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-take]");
  if (button) take(button);
});

document.addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.repeat) return;
  const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
  const button = digit && document.querySelectorAll("tbody tr")[Number(digit) - 1]?.querySelector("[data-take]");
  if (!button || button.disabled) return;
  event.preventDefault();
  if (button.closest("[data-referral]").querySelector("[data-taker]")) button.previousElementSibling.focus();
  else take(button);
});

// Show a full number: only with a reason, which the server writes down. It is gone again when the dialog closes.

import { send } from "./request.js";

const dialog = document.getElementById("reveal-dialog");
const form = document.getElementById("reveal-form");
const reason = document.getElementById("reveal-reason");
const error = document.getElementById("reveal-reason-error");
const number = document.getElementById("reveal-number");
const submit = document.getElementById("reveal-submit");
const MIN_REASON_LENGTH = 4;
let url = "";

dialog?.addEventListener("hotline:open", (event) => {
  url = event.detail.dataset.url;
  reason.value = error.textContent = number.textContent = "";
  submit.hidden = false;
  reason.removeAttribute("aria-invalid");
});

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  error.textContent = "";
  if (reason.value.trim().length < MIN_REASON_LENGTH) return refuse("请写明查看原因，不少于 4 个字");
  submit.disabled = true;
  try {
    const { data } = await send("POST", url, { body: { reason: reason.value.trim() } });
    const numbers = [...new Set([data.caller_number, data.contact_number])].filter(Boolean);
    number.textContent = numbers.join("　") || "没有号码";
    submit.hidden = true;
  } catch (problem) {
    refuse(problem.message);
  } finally {
    submit.disabled = false;
  }
});

function refuse(text) {
  error.textContent = text;
  reason.setAttribute("aria-invalid", "true");
  reason.focus();
}

// Show a full number: only with a reason, which the server writes down. It is gone again when the dialog closes.

import { send } from "./request.js";

const dialog = document.getElementById("reveal-dialog");
const form = document.getElementById("reveal-form");
const reason = document.getElementById("reveal-reason");
const error = document.getElementById("reveal-reason-error");
const number = document.getElementById("reveal-number");
const submit = document.getElementById("reveal-submit");
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
  if (!reason.value.trim()) return refuse("请填写查看原因");
  submit.disabled = true;
  try {
    const { data } = await send("POST", url, { body: { reason: reason.value.trim() } });
    number.textContent = data.caller_number ?? "该来电没有号码";
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

// One person's data: a ZIP that the browser keeps, or a deletion that is asked for twice.

import { csrfToken, send } from "../platform/request.js";
import { toast } from "../platform/toast.js";

const form = document.getElementById("person-form");
const dialog = document.getElementById("person-dialog");
const confirm = document.getElementById("person-confirm");
const told = document.getElementById("person-told");
const fields = { number: "请填写电话号码", reason: "请写明办理依据，不少于 4 个字" };
const LEAST = { number: 5, reason: 4 };

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = read();
  if (!body) return;
  told.textContent = "正在整理…";
  try {
    const answer = await fetch("/api/v1/person-exports", {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": csrfToken() },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error((await answer.json()).detail);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = "person.zip";
    link.click();
    URL.revokeObjectURL(link.href);
    told.textContent = "已导出 person.zip";
  } catch (problem) {
    told.textContent = "";
    toast(problem.message || "导出没有成功，请稍后再试", { isBad: true });
  }
});

document.getElementById("person-delete")?.addEventListener("click", () => {
  if (read()) dialog.showModal();
});

confirm?.addEventListener("click", async () => {
  confirm.disabled = true;
  try {
    const { data } = await send("POST", "/api/v1/person-deletions", { body: read(), timeoutMs: 300000 });
    dialog.close();
    form.reset();
    told.textContent = `已删除，凭证编号 ${data.id}`;
    const main = { target: "#main", select: "#main > *", swap: "innerHTML" };
    await window.htmx.ajax("GET", location.pathname, main);
    toast(`已删除，凭证编号 ${data.id}`);
  } catch (problem) {
    dialog.close();
    toast(problem.message, { isBad: true });
  } finally {
    confirm.disabled = false;
  }
});

function read() {
  const body = {};
  let firstWrong = null;
  for (const [name, message] of Object.entries(fields)) {
    const input = document.getElementById(name);
    body[name] = input.value.trim();
    const isWrong = body[name].length < LEAST[name];
    input.setCustomValidity(isWrong ? message : "");
    if (isWrong && !firstWrong) firstWrong = input;
  }
  firstWrong?.reportValidity();
  return firstWrong ? null : body;
}

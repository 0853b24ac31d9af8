// The editor of a plan: row numbers, files, the draft in this browser, jumping to a fault, the quick change of a line.

import { csrfToken } from "../platform/request.js";
import { toast } from "../platform/toast.js";

const plan = document.getElementById("plan");
const rows = document.getElementById("plan-rows");
const form = document.getElementById("plan-form");
const result = document.getElementById("check-result");
const reset = document.getElementById("plan-reset");
const original = plan.value;
const DRAFT = "hotline-plan-draft";
const LARGEST_BYTES = 600_000;
let checked = null;

function drawRows() {
  const count = plan.value.split("\n").length;
  rows.textContent = Array.from({ length: count }, (_, i) => i + 1).join("\n");
  rows.scrollTop = plan.scrollTop;
}

function changed() {
  drawRows();
  reset.disabled = plan.value === original;
  keepDraft();
  const isStale = checked !== null && checked !== plan.value;
  const stale = document.getElementById("check-stale");
  if (stale) stale.hidden = !isStale;
  const propose = document.getElementById("propose");
  if (propose) propose.disabled = isStale;
}

function keepDraft() {
  try {
    if (plan.value === original) localStorage.removeItem(DRAFT);
    else localStorage.setItem(DRAFT, JSON.stringify({ base: plan.dataset.base, text: plan.value }));
  } catch {
    // storage may be forbidden or full; the text is still on the page
  }
}

function takeDraft() {
  try {
    const draft = JSON.parse(localStorage.getItem(DRAFT));
    if (draft?.base !== plan.dataset.base || draft.text === original) return;
    plan.value = draft.text;
    toast("已恢复上次没有提交的修改；按“恢复原文”可放弃");
  } catch {
    // a draft that cannot be read is none
  }
}

function setText(text) {
  plan.focus();
  plan.setRangeText(text, 0, plan.value.length, "start");
  changed();
}

plan.addEventListener("input", changed);
plan.addEventListener("scroll", () => (rows.scrollTop = plan.scrollTop));
reset.addEventListener("click", () => setText(original));

plan.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
  }
});

document.getElementById("plan-file").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  event.target.value = "";
  if (!file) return;
  if (file.size > LARGEST_BYTES) return toast("文件过大，方案文件不超过 600 千字节", { isBad: true });
  try {
    setText(new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer()));
    toast(`已读入 ${file.name}`);
  } catch {
    toast("文件不是 UTF-8 编码，请另存后再试", { isBad: true });
  }
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target === form) checked = plan.value;
});

document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (event.detail.xhr.getResponseHeader("HX-Redirect")) localStorage.removeItem(DRAFT);
});

result.addEventListener("click", (event) => {
  const button = event.target.closest("[data-row]");
  if (button) showRow(Number(button.dataset.row));
});

function showRow(row) {
  const lines = plan.value.split("\n");
  const start = lines.slice(0, row - 1).join("\n").length + (row > 1 ? 1 : 0);
  plan.focus();
  plan.setSelectionRange(start, start + lines[row - 1].length);
  plan.scrollTop = Math.max(0, (row - 5) * parseFloat(getComputedStyle(plan).lineHeight));
}

const period = document.getElementById("period-form");
const dialog = document.getElementById("period-dialog");
const HINTS = {
  direct_merge: "拨这个号码就是拨 12345，由我方话务员接听。",
  forward: "“部门转到 12345”：部门交换机把来电转给我们；“12345 转往部门”：我们把来电转给部门，占线或无人接听时回到我方队列。",
  parallel: "部门（中继、自有坐席，或两者）和 12345 都响铃，谁先接起算谁的，其余停止振铃。",
  dual_number: "保留原号码，由我方接听，数据共享。",
  cancelled: "先播放“已并入 12345”的提示，再进入 12345 队列。",
};

function chosen(name) {
  return period.elements[name]?.value ?? "";
}

function showFields() {
  const mode = chosen("mode");
  document.getElementById("period-hint").textContent = HINTS[mode] ?? "";
  for (const part of period.querySelectorAll("[data-for-mode]")) {
    const fits = part.dataset.forMode.split(" ").includes(mode);
    const { forDirection, forOrder } = part.dataset;
    const isOther =
      (forDirection && mode === "forward" && chosen("direction") !== forDirection) ||
      (forOrder && chosen("order") !== forOrder);
    part.hidden = !fits || Boolean(isOther);
  }
}

period.addEventListener("change", showFields);
dialog.addEventListener("hotline:open", showFields);

period.addEventListener("submit", async (event) => {
  event.preventDefault();
  const error = document.getElementById("period-error");
  error.textContent = "";
  if (!chosen("line")) {
    error.textContent = "请选择线路";
    return period.elements.line.focus();
  }
  const body = new URLSearchParams(new FormData(period));
  body.set("plan", plan.value);
  try {
    const answer = await fetch("/operations/changes/period", {
      method: "POST",
      headers: { "X-CSRF-Token": csrfToken(), "HX-Request": "true" },
      body,
    });
    if (!answer.ok) {
      error.textContent = (await answer.json()).detail ?? "没有写入，请检查方案文本";
      return;
    }
    const before = plan.value;
    setText(await answer.text());
    dialog.close();
    showRow(firstDifference(before, plan.value));
    form.requestSubmit();
  } catch {
    error.textContent = "网络不通，请检查连接";
  }
});

function firstDifference(before, after) {
  const [old, now] = [before.split("\n"), after.split("\n")];
  const index = now.findIndex((line, i) => line !== old[i]);
  return Math.max(index, 0) + 1;
}

takeDraft();
changed();
if (period.dataset.line) {
  period.elements.line.value = period.dataset.line;
  document.getElementById("open-period").click();
}

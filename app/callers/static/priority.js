// Priority callers: flag a number, import a list, take a flag away with a reason. Keys: n flags, i imports.

import { send } from "../platform/request.js";
import { toast } from "../platform/toast.js";

const API = "/api/v1/priority-callers";
const SHOWN_ROWS = 10;
let clearedId = "";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
  if (event.target.matches("input, textarea, select")) return;
  const dialog = { n: "flag-dialog", i: "import-dialog" }[event.key];
  if (!dialog) return;
  event.preventDefault();
  document.querySelector(`[data-opens="${dialog}"]`).click();
});

document.getElementById("clear-dialog").addEventListener("hotline:open", ({ detail: opener }) => {
  clearedId = opener.dataset.clear;
  document.getElementById("clear-number").textContent = opener.dataset.shown;
});

onSubmit("flag-form", async (form) => {
  const { number, kind, reason } = Object.fromEntries(new FormData(form));
  const { data } = await send("POST", API, { body: { number, kind, reason } });
  done(form, `${data.caller_number} 已标记为${data.kind_text}`);
});

onSubmit("clear-form", async (form) => {
  await send("POST", `${API}/${clearedId}/clear`, { body: { reason: form.reason.value } });
  done(form, "标记已取消");
});

onSubmit("import-form", async (form) => {
  const file = form.csv.files[0];
  if (!file) throw missing("csv", "请选择文件");
  const body = { csv: decode(await file.arrayBuffer()), reason: form.reason.value };
  const { data } = await send("POST", `${API}/import`, { body, timeoutMs: 60000 });
  const said = `新标记 ${data.flagged} 个，已标记过 ${data.known} 个`;
  if (!data.broken.length) return done(form, said);
  report(form, said, data.broken);
  redraw();
});

/** Office programs write UTF-8 or GB18030. */
function decode(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("gb18030").decode(bytes);
  }
}

function report(form, said, broken) {
  const lines = broken.slice(0, SHOWN_ROWS).map(({ row, reason }) => `第 ${row} 行：${reason}`);
  if (broken.length > SHOWN_ROWS) lines.push(`……共 ${broken.length} 行`);
  const place = document.getElementById("import-report");
  place.replaceChildren(
    ...[`${said}；${broken.length} 行没有导入：`, ...lines].map((text) => {
      const line = document.createElement("p");
      line.textContent = text;
      return line;
    }),
  );
  form.csv.value = "";
}

function missing(field, message) {
  return Object.assign(new Error(message), { body: { errors: [{ field, message }] } });
}

function done(form, said) {
  form.closest("dialog").close();
  form.reset();
  toast(said);
  redraw();
}

function redraw() {
  window.htmx.ajax("GET", location.href, { target: "#main", select: "#main > *", swap: "innerHTML" });
}

/** Each error beside its field; what has no field is said as a whole. */
function onSubmit(id, act) {
  const form = document.getElementById(id);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const submit = form.querySelector("[type=submit]");
    submit.disabled = true;
    for (const place of form.querySelectorAll(".field__error")) place.textContent = "";
    document.getElementById("import-report").replaceChildren();
    try {
      await act(form);
    } catch (problem) {
      showErrors(form, problem);
    } finally {
      submit.disabled = false;
    }
  });
}

function showErrors(form, problem) {
  const places = (problem.body?.errors ?? []).map(({ field, message }) => ({
    place: form.querySelector(`[data-field="${field}"] .field__error`),
    message,
  }));
  const field = { "not-a-number": "number", "file-unreadable": "csv" }[problem.body?.code];
  if (field) places.push({ place: form.querySelector(`[data-field="${field}"] .field__error`), message: problem.message });
  for (const { place, message } of places) if (place) place.textContent = message;
  if (!places.some(({ place }) => place)) toast(problem.message, { isBad: true });
}

// Pages of flows and prompts: forms that go to the API, prompts that are heard, the editor, a caller's telephone.

import { csrfToken, Problem, send } from "../platform/request.js";
import { toast } from "../platform/toast.js";

const PATIENCE_MS = 70_000;
const LARGEST_WAV = 20 * 1024 * 1024;

// A button that opens a form tells it what it is about.
document.addEventListener("hotline:open", (event) => {
  const form = event.target.querySelector?.("form[data-api]");
  const opener = event.detail;
  if (!form || !opener) return;
  form.querySelector("[data-says]")?.replaceChildren(opener.dataset.says ?? "");
  if (opener.dataset.url) form.dataset.url = opener.dataset.url;
  for (const field of form.querySelectorAll('input[type="hidden"]')) {
    const name = field.name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
    if (name in opener.dataset) field.value = opener.dataset[name];
  }
}, true);

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-api]");
  if (!form) return;
  event.preventDefault();
  clearErrors(form);
  const values = read(form);
  const missing = [...form.querySelectorAll(".field__required")].map((mark) => mark.closest(".field")).filter(
    (field) => !field.querySelector("input, textarea, select").value.trim(),
  );
  for (const field of missing) field.querySelector(".field__error").textContent = "必填";
  if (missing.length) return missing[0].querySelector("input, textarea, select").focus();
  const submit = form.querySelector('[type="submit"]');
  submit.disabled = true;
  try {
    const answer = await deliver(form, values);
    done(form, values, answer);
  } catch (problem) {
    showErrors(form, problem);
  } finally {
    submit.disabled = false;
  }
});

/** The fields of a form as JSON wants them. */
function read(form) {
  const values = {};
  for (const field of form.querySelectorAll("[name]")) {
    if (field.type === "file") continue;
    if (field.dataset.type === "bool") values[field.name] = field.type === "checkbox" ? field.checked : field.value === "true";
    else if (field.dataset.type === "int") values[field.name] = field.value === "" ? null : Number(field.value);
    else values[field.name] = field.value.trim();
  }
  return values;
}

async function deliver(form, values) {
  const body = { ...values };
  let url = form.dataset.url ?? form.dataset.urlFrom;
  url = url.replace(/\{(\w+)\}/g, (_, name) => {
    const value = body[name];
    delete body[name];
    return encodeURIComponent(value);
  });
  const inQuery = form.dataset.inQuery;
  if (inQuery) url += `?${new URLSearchParams({ [inQuery]: values[inQuery] })}`;
  if (form.dataset.file) return upload(form.dataset.api, url, form.elements[form.dataset.file].files[0]);
  const answer = await send(form.dataset.api, url, { body: inQuery ? undefined : body, timeoutMs: PATIENCE_MS });
  return answer.data;
}

async function upload(method, url, file) {
  if (file.size > LARGEST_WAV) throw new Problem(413, { detail: "文件超过 20 兆，请导出为单声道" });
  let answer;
  try {
    answer = await fetch(url, {
      method,
      credentials: "same-origin",
      signal: AbortSignal.timeout(PATIENCE_MS),
      headers: { Accept: "application/json", "X-CSRF-Token": csrfToken(), "Content-Type": "audio/wav" },
      body: file,
    });
  } catch {
    throw new Problem(0, { detail: "网络不通，请检查连接" });
  }
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Problem(answer.status, data);
  return data;
}

function done(form, values, answer) {
  form.closest("dialog")?.close();
  let next = form.dataset.next ?? location.pathname;
  next = next.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values[name]));
  if (answer.build) next += `?build=${answer.build}`;
  try {
    sessionStorage.setItem("hotline-said", form.dataset.done);
  } catch {
    // the new page says the rest
  }
  location.assign(next + (next === location.pathname ? location.search : ""));
}

function clearErrors(form) {
  for (const place of form.querySelectorAll(".field__error")) place.textContent = "";
}

/** Each error beside its field; what has no field is said as a whole. */
function showErrors(form, problem) {
  const unplaced = [];
  for (const { field, message } of problem.body?.errors ?? []) {
    const place = form.querySelector(`[data-field="${field}"] .field__error`);
    if (place) place.textContent = message;
    else unplaced.push(message);
  }
  if (unplaced.length || !problem.body?.errors?.length) toast(unplaced.join("；") || problem.message, { isBad: true });
}

const said = sessionStorage.getItem("hotline-said");
if (said) {
  sessionStorage.removeItem("hotline-said");
  toast(said);
}

// Speaking what is missing: the part below the heading follows it.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-build]");
  if (!button) return;
  button.disabled = true;
  try {
    const { data } = await send("POST", button.dataset.build);
    window.htmx.ajax("GET", `/operations/prompts/builds/${data.id}`, { target: "#build", swap: "innerHTML" });
  } catch (problem) {
    button.disabled = false;
    toast(problem.message, { isBad: true });
  }
});

document.addEventListener("prompts-built", () => {
  const sound = document.querySelector(".flow-audio audio");
  if (sound) sound.src = `${sound.src.split("?")[0]}?at=${Date.now()}`;
});

// Prompts are heard one at a time; the same button stops.
let playing = null;
let coming = [];

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-audio]");
  const sound = document.getElementById("prompt-audio");
  if (!button || !sound) return;
  const isSame = playing === button;
  stop(sound);
  if (isSame) return;
  playing = button;
  button.setAttribute("aria-pressed", "true");
  coming = button.dataset.audio.trim().split(/\s+/);
  playNext(sound);
});

document.getElementById("prompt-audio")?.addEventListener("ended", (event) => playNext(event.target));

/** A sentence may be made of several prompts: one after the other. */
async function playNext(sound) {
  const button = playing;
  if (!coming.length) return stop(sound);
  sound.src = coming.shift();
  try {
    await sound.play();
  } catch {
    if (playing !== button) return;
    stop(sound);
    toast("这条提示音还没有语音，或浏览器不能播放", { isBad: true });
  }
}

function stop(sound) {
  sound.pause();
  playing?.setAttribute("aria-pressed", "false");
  playing = null;
  coming = [];
}

// The picture: a node leads to its row; wide pictures can be made to fit.
document.getElementById("picture-fit")?.addEventListener("click", (event) => {
  const fits = document.getElementById("flow-picture").classList.toggle("flow-picture--fits");
  event.target.setAttribute("aria-pressed", String(fits));
});

document.getElementById("flow-picture")?.addEventListener("click", (event) => {
  const name = event.target.closest(".node")?.querySelector("title")?.textContent;
  if (name && document.getElementById(`node-${name}`)) location.hash = `node-${name}`;
});

// The editor: rows, jumping to a fault, publishing what was checked.
const text = document.getElementById("flow-text");
const flowForm = document.getElementById("flow-form");

if (text && flowForm) {
  const original = text.value;
  const rows = document.getElementById("flow-rows");
  const reset = document.getElementById("flow-reset");
  let checked = null;
  const state = () => JSON.stringify([text.value, flowForm.elements.line.value, flowForm.elements.since.value]);
  const changed = () => {
    rows.textContent = Array.from({ length: text.value.split("\n").length }, (_, i) => i + 1).join("\n");
    rows.scrollTop = text.scrollTop;
    reset.disabled = text.value === original;
    const isStale = checked !== null && checked !== state();
    const stale = document.getElementById("check-stale");
    if (stale) stale.hidden = !isStale;
    const publish = document.getElementById("publish-button");
    if (publish) publish.disabled = isStale;
  };
  text.addEventListener("input", changed);
  text.addEventListener("scroll", () => (rows.scrollTop = text.scrollTop));
  flowForm.addEventListener("change", changed);
  reset.addEventListener("click", () => {
    text.value = original;
    changed();
  });
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    flowForm.requestSubmit();
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target === flowForm) checked = state();
  });
  document.addEventListener("htmx:afterSwap", changed);
  document.getElementById("check-result").addEventListener("click", (event) => {
    const row = event.target.closest("[data-row]");
    if (row) showRow(text, Number(row.dataset.row));
    if (event.target.closest("#publish-button")) publishText(text);
  });
  window.addEventListener("beforeunload", (event) => {
    if (text.value !== original && !text.dataset.isPublished) event.preventDefault();
  });
  changed();
}

function showRow(area, row) {
  const lines = area.value.split("\n");
  const start = lines.slice(0, row - 1).join("\n").length + (row > 1 ? 1 : 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[row - 1] ?? "").length);
  area.scrollTop = Math.max(0, (row - 5) * parseFloat(getComputedStyle(area).lineHeight));
}

async function publishText(area) {
  const { name } = document.getElementById("publish").dataset;
  const note = document.getElementById("publish-note");
  const button = document.getElementById("publish-button");
  const error = document.getElementById("publish-note-error");
  error.textContent = "";
  if (!note.value.trim()) {
    error.textContent = "必填";
    return note.focus();
  }
  button.disabled = true;
  const { line, since } = flowForm.elements;
  const body = { text: area.value, line: line.value, since: since.value || null, note: note.value.trim() };
  try {
    const { data } = await send("POST", `/api/v1/flows/${name}/publish`, { body, timeoutMs: PATIENCE_MS });
    area.dataset.isPublished = "true";
    sessionStorage.setItem("hotline-said", `已发布第 ${data.number} 版`);
    location.assign(`/operations/flows/${name}?version=${data.number}`);
  } catch (problem) {
    button.disabled = false;
    const wrong = problem.body?.errors?.find((one) => one.field === "note");
    if (wrong) error.textContent = wrong.message;
    else toast(problem.message, { isBad: true });
  }
}

// A caller's telephone: keys on the page and on the keyboard.
const played = document.getElementById("played");

if (played) {
  const press = (key) => {
    const field = document.getElementById("keyed");
    const most = Number(field.closest("[data-most]").dataset.most);
    field.value += key;
    if (most === 1) field.form.requestSubmit(document.getElementById("keyed-send"));
  };
  played.addEventListener("click", (event) => {
    const key = event.target.closest("[data-key]");
    if (key) press(key.dataset.key);
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.matches("input, textarea, select") && event.target.id !== "keyed";
    const field = document.getElementById("keyed");
    if (isTyping || !field || event.ctrlKey || event.metaKey || event.altKey || !/^[0-9*#]$/.test(event.key)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    press(event.key);
  }, true);
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== played) return;
    const turns = played.querySelector(".flow-turns");
    if (turns) turns.scrollTop = turns.scrollHeight;
    (document.getElementById("keyed") ?? played.querySelector(".flow-answer button"))?.focus();
  });
}

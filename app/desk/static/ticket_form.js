// One ticket's form: saved as the agent types. Only changed fields travel, guarded by If-Match; what is not saved yet
// lies in the browser's storage, is tried again until it is saved, and survives a reload.

import { send } from "../platform/request.js";
import { setUpComboboxes } from "./combobox.js";
import { resolveConflict } from "./conflict.js";
import { clearFieldError, clearFieldErrors, showFieldErrors } from "./errors.js";
import { keepUnsent, readUnsent } from "./unsent.js";

const TYPING_PAUSE_MS = 700;
const RETRY_MS = [1000, 2000, 4000, 8000, 15000];

export class TicketForm {
  constructor(form, { onSaved }) {
    this.form = form;
    this.id = form.dataset.ticket;
    this.number = form.dataset.number;
    this.callId = form.dataset.call;
    this.etag = form.dataset.etag;
    this.onSaved = onSaved;
    this.changed = new Set();
    this.refused = new Set();
    this.failures = 0;
    this.lastTypedAt = 0;
    this.isComposing = false;
    this.timer = null;
    this.saving = null;
    setUpComboboxes(form);
    form.addEventListener("input", (event) => this.onInput(event.target));
    form.addEventListener("compositionstart", () => (this.isComposing = true));
    form.addEventListener("compositionend", () => (this.isComposing = false));
    form.addEventListener("submit", (event) => event.preventDefault());
    this.restore();
  }

  /** What a reload or a dead network left behind comes back into the fields and is sent again. */
  restore() {
    const unsent = readUnsent(this.id);
    for (const [name, value] of Object.entries(unsent)) {
      if (this.put(name, value)) this.changed.add(name);
    }
    if (this.changed.size) this.schedule(0);
  }

  read(name) {
    const control = this.form.elements[name];
    if (control instanceof RadioNodeList) return control.value || null;
    if (control.type === "checkbox") return control.checked;
    if (control.type === "hidden") return control.value || null;
    return control.value;
  }

  put(name, value) {
    const control = this.form.elements[name];
    if (!control) return false;
    if (control instanceof HTMLElement && control.type === "checkbox") control.checked = Boolean(value);
    else control.value = value ?? "";
    if (control.type === "hidden") this.putComboboxText(control);
    return true;
  }

  putComboboxText(hidden) {
    const field = hidden.closest(".combo");
    const options = JSON.parse(document.getElementById(field.dataset.source).textContent);
    field.querySelector("[role=combobox]").value = options.find((o) => o.code === hidden.value)?.full_name ?? "";
  }

  onInput(control) {
    if (!control.name) return;
    this.lastTypedAt = Date.now();
    this.changed.add(control.name);
    this.refused.delete(control.name);
    clearFieldError(this.form, control.name);
    this.keep();
    this.schedule(TYPING_PAUSE_MS);
  }

  values(names = this.changed) {
    return Object.fromEntries([...names].map((name) => [name, this.read(name)]));
  }

  keep() {
    keepUnsent(this.id, this.values());
  }

  schedule(delayMs) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), delayMs);
  }

  get isBusy() {
    return this.isComposing || Date.now() - this.lastTypedAt < 4000;
  }

  /** Send what changed. Resolves to true when nothing is left unsaved. */
  async save() {
    clearTimeout(this.timer);
    if (this.saving) {
      await this.saving;
      return this.pending.length ? this.save() : this.changed.size === 0;
    }
    if (!this.pending.length) return this.changed.size === 0;
    this.saving = this.sendChanges(this.values(this.pending));
    const isSaved = await this.saving;
    this.saving = null;
    return isSaved;
  }

  /** Changed, and not refused as they stand. */
  get pending() {
    return [...this.changed].filter((name) => !this.refused.has(name));
  }

  async sendChanges(fields) {
    this.show("saving", "保存中…");
    try {
      const { data, etag } = await send("PATCH", `/api/v1/tickets/${this.id}`, {
        body: fields,
        headers: { "If-Match": this.etag },
      });
      this.etag = etag;
      this.failures = 0;
      this.settle(fields);
      this.onSaved(data);
    } catch (problem) {
      return this.onProblem(problem, fields);
    }
    if (this.pending.length) this.schedule(TYPING_PAUSE_MS);
    return this.changed.size === 0;
  }

  /** These fields are stored; what was typed meanwhile is still to be sent. */
  settle(fields) {
    for (const [name, value] of Object.entries(fields)) {
      if (this.read(name) === value) this.changed.delete(name);
    }
    this.keep();
    const time = new Date().toLocaleTimeString("zh-CN", { hour12: false, timeZone: "Asia/Shanghai" });
    if (!this.changed.size) this.show("saved", `已保存 ${time}`);
  }

  async onProblem(problem, fields) {
    if (problem.status === 412) {
      let choice;
      try {
        choice = await resolveConflict(this, problem.body, fields);
      } catch {
        this.show("failed", "保存失败，正在重试");
        this.schedule(RETRY_MS[0]);
        return false;
      }
      this.etag = choice.etag;
      for (const [name, value] of Object.entries(choice.taken)) {
        this.put(name, value);
        this.changed.delete(name);
      }
      this.keep();
      if (!this.changed.size) this.show("saved", "已采用对方的内容");
      else this.schedule(0);
      return false;
    }
    if (problem.status === 422) {
      this.show("refused", "部分内容未通过检查");
      const errors = problem.body.errors ?? [];
      for (const { field } of errors) this.refused.add(field);
      if (!errors.length) for (const name of Object.keys(fields)) this.refused.add(name);
      this.markErrors(errors);
      if (this.pending.length) this.schedule(0);
      return false;
    }
    if (problem.status >= 400 && problem.status < 500 && problem.status !== 408 && problem.status !== 429) {
      this.show("failed", `保存失败：${problem.message}`);
      return false;
    }
    this.show("failed", "保存失败，正在重试");
    this.schedule(RETRY_MS[Math.min(this.failures++, RETRY_MS.length - 1)]);
    return false;
  }

  /** Errors of a save do not move the focus: the agent is typing elsewhere. */
  markErrors(errors) {
    const active = document.activeElement;
    showFieldErrors(this.form, errors);
    if (active instanceof HTMLElement) active.focus({ preventScroll: true });
  }

  /** Accept or finish. Resolves to the ticket, or to null with the errors beside the fields. */
  async move(verb) {
    const problemText = document.getElementById("form-problem");
    problemText.textContent = "";
    clearFieldErrors(this.form);
    this.refused.clear();
    if (!(await this.save())) {
      problemText.textContent = "内容尚未保存，请稍候再提交";
      return null;
    }
    try {
      const { data } = await send("POST", `/api/v1/tickets/${this.id}/${verb}`, { headers: { "If-Match": this.etag } });
      keepUnsent(this.id, {});
      return data;
    } catch (problem) {
      const unplaced = showFieldErrors(this.form, problem.body.errors ?? []);
      const text = unplaced.length ? unplaced.join("；") : problem.message;
      problemText.textContent = problem.body.errors?.length ? "请补全标出的内容" + (unplaced.length ? `；${text}` : "") : text;
      return null;
    }
  }

  show(state, text) {
    if (!this.form.isConnected) return;
    const place = this.form.querySelector("#save-state");
    place.dataset.state = state;
    place.textContent = text;
  }

  focus() {
    const type = this.form.querySelector("input[name=ticket_type]:checked, input[name=ticket_type]");
    type?.focus({ preventScroll: false });
  }
}

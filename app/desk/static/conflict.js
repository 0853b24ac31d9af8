// Somebody else saved first. Changes to other fields are simply taken over; where both wrote the same field, the agent
// sees who and what, and chooses.

import { send } from "../platform/request.js";
import { toast } from "../platform/toast.js";

/** Resolves to {etag, taken}: the version to go on with, and the fields whose other content was taken. */
export async function resolveConflict(ticketForm, body, mine) {
  const { data: current, etag } = await send("GET", `/api/v1/tickets/${ticketForm.id}`);
  const changes = body.changes ?? [];
  const changed = new Set(changes.flatMap((change) => change.fields));
  const others = [...changed].filter((name) => name in current && name in ticketForm.form.elements);
  const disputed = others.filter((name) => name in mine && current[name] !== mine[name]);
  const untouched = others.filter((name) => !ticketForm.changed.has(name));
  const taken = pick(current, untouched);
  if (!disputed.length) {
    toast(`${whoChanged(changes)}修改了这件工单，已合并到您的页面`);
    return { etag, taken };
  }
  const isMine = await askWhich(ticketForm, changes, current, mine, disputed);
  return { etag, taken: isMine ? taken : { ...taken, ...pick(current, disputed) } };
}

function pick(values, names) {
  return Object.fromEntries(names.map((name) => [name, values[name]]));
}

function whoChanged(changes) {
  return [...new Set(changes.map((change) => change.actor))].join("、") || "其他人";
}

function askWhich(ticketForm, changes, current, mine, names) {
  const dialog = document.getElementById("conflict-dialog");
  document.getElementById("conflict-who").textContent =
    `${whoChanged(changes)}刚刚修改了这件工单。请选择保留哪一份；关闭本窗口等于保留您的内容。`;
  document
    .getElementById("conflict-rows")
    .replaceChildren(...names.map((name) => row(ticketForm.form, name, current[name], mine[name])));
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    document.getElementById("conflict-mine").onclick = () => dialog.close("mine");
    document.getElementById("conflict-theirs").onclick = () => dialog.close("theirs");
    // closed without a choice: nothing of the agent's is thrown away
    dialog.onclose = () => resolve(dialog.returnValue !== "theirs");
  });
}

function row(form, name, theirs, mine) {
  const line = document.createElement("tr");
  for (const text of [labelOf(form, name), shown(form, name, theirs), shown(form, name, mine)]) {
    const cell = document.createElement("td");
    cell.textContent = text;
    line.append(cell);
  }
  return line;
}

function labelOf(form, name) {
  return form.querySelector(`[data-field="${name}"] label, [data-field="${name}"] legend`)?.firstChild.textContent ?? name;
}

/** A value as people read it: the word of a choice, the name behind a code. */
function shown(form, name, value) {
  if (value === null || value === undefined || value === "") return "（空）";
  if (typeof value === "boolean") return value ? "是" : "否";
  const field = form.querySelector(`[data-field="${name}"]`);
  const choice = field?.querySelector(`input[type=radio][value="${CSS.escape(value)}"]`);
  if (choice) return choice.nextElementSibling.textContent;
  if (field?.dataset.source) {
    const options = JSON.parse(document.getElementById(field.dataset.source).textContent);
    return options.find((option) => option.code === value)?.full_name ?? value;
  }
  return value;
}

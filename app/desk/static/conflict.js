// Somebody else saved first: show who and what, field by field, and let the agent choose.

/** Resolves to {etag, taken}: the version to go on with, and the fields whose other content was taken. */
export function resolveConflict(ticketForm, body, mine) {
  const dialog = document.getElementById("conflict-dialog");
  const theirs = theirValues(body, mine);
  const names = Object.keys(theirs);
  document.getElementById("conflict-who").textContent = describe(body);
  document.getElementById("conflict-rows").replaceChildren(...names.map((name) => row(ticketForm, name, theirs[name], mine[name])));
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    const decide = (isMine) => () => {
      dialog.returnValue = isMine ? "mine" : "theirs";
      dialog.close();
    };
    document.getElementById("conflict-mine").onclick = decide(true);
    document.getElementById("conflict-theirs").onclick = decide(false);
    // closed without a choice: nothing of the agent's is thrown away
    dialog.onclose = () => resolve({ etag: body.etag, taken: dialog.returnValue === "theirs" ? theirs : {} });
  });
}

function theirValues(body, mine) {
  const current = body.current ?? {};
  return Object.fromEntries(Object.keys(mine).filter((name) => name in current).map((name) => [name, current[name]]));
}

function describe(body) {
  const who = body.changed_by ? `${body.changed_by} 已修改了这件工单。` : "这件工单已被他人修改。";
  return `${who}请选择保留哪一份；关闭本窗口等于保留您的内容。`;
}

function row(ticketForm, name, theirs, mine) {
  const line = document.createElement("tr");
  for (const text of [labelOf(ticketForm.form, name), shown(ticketForm.form, name, theirs), shown(ticketForm.form, name, mine)]) {
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

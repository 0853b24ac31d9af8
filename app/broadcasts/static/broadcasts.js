// Announcing, ending, saying that an outage is over, and ticking off who was told. The list is drawn anew when the server has it.

import { send } from "../platform/request.js";
import { toast } from "../platform/toast.js";

const form = document.getElementById("broadcast-form");

async function move(button, url, said, body) {
  button.disabled = true;
  try {
    await send("POST", url, { body });
    toast(said);
    redraw();
  } catch (problem) {
    button.disabled = false;
    toast(problem.message, { isBad: true });
  }
}

function redraw() {
  window.htmx.ajax("GET", location.href, { target: "#main", select: "#main > *", swap: "innerHTML" });
}

const endDialog = document.getElementById("end-dialog");

document.addEventListener("click", (event) => {
  const end = event.target.closest("[data-end]");
  const ends = event.target.closest("[data-ends]");
  const told = event.target.closest("[data-told]");
  const over = event.target.closest("[data-over]");
  if (end?.dataset.kind === "incident") {
    endDialog.dataset.of = end.dataset.end;
    endDialog.showModal();
  } else if (end && confirm("停止播放这条公告？")) {
    move(end, `/api/v1/broadcasts/${end.dataset.end}/end`, "公告已停播");
  }
  if (ends) {
    const isOver = ends.dataset.ends === "is-over";
    const said = isOver ? "公告已停播，正在告知关注的市民" : "公告已停播";
    endDialog.close();
    move(ends, `/api/v1/broadcasts/${endDialog.dataset.of}/end`, said, { is_over: isOver }).then(() => {
      ends.disabled = false;
    });
  }
  if (told) move(told, `/api/v1/broadcasts/${told.dataset.told}/told`, "已标记为告知");
  if (over && confirm("确认已经恢复？系统将逐一告知关注的市民。")) {
    move(over, `/api/v1/broadcasts/${over.dataset.over}/over`, "正在告知关注的市民");
  }
});

/** A moment of the form is one of Asia/Shanghai, wherever the browser is. */
function moment(text) {
  return text ? `${text}:00+08:00` : null;
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const values = Object.fromEntries(new FormData(form));
  const body = {
    kind: values.kind,
    text: values.text,
    line: values.line.trim(),
    region_code: values.region_code || null,
    expires_at: moment(values.expires_at),
    expected_at: values.kind === "incident" ? moment(values.expected_at) : null,
  };
  const submit = document.getElementById("broadcast-submit");
  submit.disabled = true;
  for (const place of form.querySelectorAll(".field__error")) place.textContent = "";
  try {
    await send("POST", "/api/v1/broadcasts", { body });
    document.getElementById("broadcast-dialog").close();
    form.reset();
    toast("公告已发布，语音生成后即播放");
    redraw();
  } catch (problem) {
    showErrors(problem);
  } finally {
    submit.disabled = false;
  }
});

/** Each error beside its field; what has no field is said as a whole. */
function showErrors(problem) {
  const unplaced = [];
  for (const { field, message } of problem.body?.errors ?? []) {
    const place = form.querySelector(`[data-error-for="field-${field}"]`);
    if (place) place.textContent = message;
    else unplaced.push(message);
  }
  if (unplaced.length || !problem.body?.errors?.length) toast(unplaced.join("；") || problem.message, { isBad: true });
}

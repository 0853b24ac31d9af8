// The agent's page put together: events in, parts drawn again, the form kept.

import { send } from "../platform/request.js";
import { toast } from "../platform/toast.js";
import { setUpAgentBar } from "./agent_bar.js";
import { setUpAgentFlows, tellPlayed } from "./agent_flow.js";
import { redraw } from "./fragments.js";
import { setUpHandover, tellStep } from "./handover.js";
import { setUpKeys } from "./keys.js";
import { Link } from "./link.js";
import { TicketForm } from "./ticket_form.js";
import { msUntil, startTimers, tick } from "./timers.js";
import { markUnsent } from "./unsent.js";

const LINE_CHECK_MS = 20000;
const ALIKE_PAUSE_MS = 900;

let form = null;
let waitingDraft = null;
let wrapUpTimer = null;
let alikeTimer = null;

const banner = document.getElementById("switch-banner");
const ring = document.getElementById("ring-banner");
const drafts = document.getElementById("drafts");

function openForm() {
  const element = document.getElementById("ticket-form");
  form = element ? new TicketForm(element, { onSaved: onSaved }) : null;
  if (form) checkAlike(0);
}

function onSaved(ticket) {
  const chip = drafts.querySelector(`[data-ticket="${ticket.id}"] .draft__title`);
  if (chip) chip.textContent = ticket.title || "未填标题";
  markUnsent(drafts);
  checkAlike(ALIKE_PAUSE_MS);
}

/** What was just saved is compared with other tickets, once the agent pauses. */
function checkAlike(pauseMs) {
  clearTimeout(alikeTimer);
  alikeTimer = setTimeout(() => {
    if (form && document.getElementById("alike")) redraw("alike", `/desk/alike?ticket_id=${form.id}`);
  }, pauseMs);
}

async function drawBar() {
  await redraw("agent-bar", "/desk/bar");
  tick();
  watchWrapUp();
}

/** Wrap-up ends by itself, without an event: draw the bar again then. */
function watchWrapUp() {
  clearTimeout(wrapUpTimer);
  const until = document.querySelector("#agent-bar [data-until]")?.dataset.until;
  if (until) wrapUpTimer = setTimeout(() => inTurn(() => Promise.all([drawBar(), drawCall()])), msUntil(until) + 200);
}

async function drawCall(callId = "") {
  await redraw("call-panel", `/desk/call?call_id=${encodeURIComponent(callId)}`);
  tick();
  const call = document.querySelector("#call-panel [data-call]");
  if (call?.dataset.state !== "ringing") ring.hidden = true;
  return call;
}

async function drawDrafts() {
  await redraw("drafts", `/desk/drafts?open=${form?.id ?? ""}`);
  markUnsent(drafts);
}

/** Show another draft. What stands in the present form is sent first; unsent words stay in the browser's storage. */
async function showTicket(ticketId, { isFocused = true } = {}) {
  if (form && form.id === String(ticketId)) {
    if (isFocused) form.focus();
    return;
  }
  form?.save();
  banner.hidden = true;
  waitingDraft = null;
  if (!(await redraw("form-panel", `/desk/form?ticket_id=${ticketId}`))) return;
  openForm();
  await drawDrafts();
  if (isFocused) form?.focus();
}

async function onPop({ pop_id: popId, call_id: callId, kind }) {
  const call = await drawCall(callId);
  if (call?.dataset.call !== callId) return; // not drawn: it is not acknowledged, and the next check brings it again
  shownPops.add(popId);
  if (kind === "ringing") showRinging(call);
  else await onAnswered(call);
  send("POST", `/api/v1/pops/${popId}/acknowledge`).catch(() => {});
}

function showRinging(call) {
  if (call.dataset.state !== "ringing") return;
  const number = call.querySelector("#call-number").textContent;
  const place = call.querySelector(".call__who").textContent.trim();
  ring.textContent = `${call.dataset.callback ? "回拨任务" : "来电振铃"}　${number}　${place}`;
  ring.hidden = false;
}

async function onAnswered(call) {
  ring.hidden = true;
  const draft = call.dataset.draft;
  await drawDrafts();
  if (!draft || form?.id === draft) return;
  if (form?.isBusy) {
    waitingDraft = draft;
    banner.hidden = false;
    return;
  }
  await showTicket(draft);
}

/** The call is about an older ticket; with `urges` the citizen asks again for it. */
async function attach(button, { urges = false } = {}) {
  const call = document.querySelector("#call-panel [data-call]");
  const { attach: attached, urge: urged, number } = button.dataset;
  button.disabled = true;
  try {
    await form?.save();
    const [address, body] = urges ? [`${urged}/urge`, { reason: "诉求人来电催办" }] : [`${attached}/attach-call`, {}];
    await send("POST", `/api/v1/tickets/${address}`, { body: { call_id: call.dataset.call, ...body } });
    toast(urges ? `已为工单 ${number} 登记催办` : `本次来电已并入工单 ${number}`);
    await drawCall(call.dataset.call);
    await leaveMergedForm(call.dataset.call);
  } catch (problem) {
    button.disabled = false;
    toast(problem.message, { isBad: true });
  }
}

/** The call's own draft was merged away: show what is left. */
async function leaveMergedForm(callId) {
  if (form?.callId === callId) {
    form = null;
    await redraw("form-panel", "/desk/form");
    openForm();
  }
  await drawDrafts();
}

async function move(button) {
  if (!form) return;
  const moved = form;
  button.disabled = true;
  const ticket = await moved.move(button.dataset.move);
  button.disabled = false;
  if (!ticket) return;
  toast(button.dataset.move === "accept" ? `工单 ${moved.number} 已受理` : `工单 ${moved.number} 已直接答复办结`);
  form = null;
  await redraw("form-panel", "/desk/form");
  openForm();
  await Promise.all([drawDrafts(), drawBar(), drawCall()]);
}

document.addEventListener("click", (event) => {
  const attachButton = event.target.closest("[data-attach]");
  const urgeButton = event.target.closest("[data-urge]");
  const moveButton = event.target.closest("[data-move]");
  const draft = event.target.closest("[data-ticket].draft");
  if (attachButton && !attachButton.disabled) attach(attachButton);
  if (urgeButton && !urgeButton.disabled) attach(urgeButton, { urges: true });
  if (moveButton && !moveButton.disabled) move(moveButton);
  if (draft) showTicket(draft.dataset.ticket);
});
document.addEventListener("hotline:bar", drawBar);
document.getElementById("switch-now").addEventListener("click", () => waitingDraft && showTicket(waitingDraft));
window.addEventListener("pagehide", () => form?.keep());
document.addEventListener("visibilitychange", () => document.hidden && form?.save());

const link = new Link();
const shownPops = new Set();
let done = Promise.resolve();

/** One event after the other: two that draw the same part must not cross. */
function inTurn(handle) {
  done = done.then(handle).catch((error) => console.error(error));
}

link.addEventListener("pop", (event) => inTurn(() => onPop(event.detail)));
link.addEventListener("state", () => inTurn(() => Promise.all([drawBar(), drawCall()])));
link.addEventListener("handover", (event) => {
  tellStep(event.detail);
  inTurn(() => drawCall());
});
link.addEventListener("flow", (event) => {
  tellPlayed(event.detail);
  inTurn(() => drawCall());
});
link.addEventListener("back", () => {
  inTurn(() => Promise.all([drawBar(), drawCall(), drawDrafts()]));
  form?.save();
});

/** A quiet line may be a dead one: ask now and then. While signed in, this also keeps the log-in alive. */
async function checkLine() {
  if (document.querySelector("#agent-bar .bar")?.dataset.status === "offline") return;
  try {
    const { data } = await send("GET", "/api/v1/pops");
    for (const pop of data.items) {
      if (!shownPops.has(pop.id)) inTurn(() => onPop({ pop_id: pop.id, call_id: pop.call_id, kind: pop.kind }));
    }
  } catch (problem) {
    if (problem.status === 0) link.suspect();
  }
}

setInterval(checkLine, LINE_CHECK_MS);
setUpAgentBar();
setUpHandover();
setUpAgentFlows();
setUpKeys({
  switchNow: () => waitingDraft && showTicket(waitingDraft),
  saveNow: () => form?.save(),
});
openForm();
markUnsent(drafts);
startTimers();
watchWrapUp();
link.open();

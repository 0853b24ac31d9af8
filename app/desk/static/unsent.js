// What was typed and not saved yet, kept in the browser until the server has it: a reload or a dead network loses nothing.

const PREFIX = `hotline-unsent:${document.body.dataset.agent}:`;

export function keepUnsent(ticketId, fields) {
  try {
    if (Object.keys(fields).length) localStorage.setItem(PREFIX + ticketId, JSON.stringify(fields));
    else localStorage.removeItem(PREFIX + ticketId);
  } catch {
    // storage forbidden or full: saving to the server still goes on
  }
}

export function readUnsent(ticketId) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + ticketId) ?? "{}");
  } catch {
    return {};
  }
}

/** Mark the drafts in the list that have unsaved words in this browser. */
export function markUnsent(list) {
  for (const draft of list.querySelectorAll("[data-ticket]")) {
    const hasUnsent = Object.keys(readUnsent(draft.dataset.ticket)).length > 0;
    draft.querySelector(".draft__unsent").hidden = !hasUnsent;
  }
}

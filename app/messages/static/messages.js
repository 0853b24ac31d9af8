// Dealing with messages: ticked off, or made a ticket of. One player at a time.

import { send } from "../platform/request.js";
import { toast } from "../platform/toast.js";

async function act(button, url, done) {
  button.disabled = true;
  try {
    const { data } = await send("POST", url);
    done(data);
  } catch (problem) {
    button.disabled = false;
    toast(problem.message, { isBad: true });
  }
}

function redraw() {
  window.htmx.ajax("GET", location.href, { target: "#main", select: "#main > *", swap: "innerHTML" });
}

document.addEventListener("click", (event) => {
  const handled = event.target.closest("[data-handle]");
  const ticket = event.target.closest("[data-ticket]");
  if (handled) {
    act(handled, `/api/v1/messages/${handled.dataset.handle}/handle`, () => {
      toast("已标记为处理");
      redraw();
    });
  }
  if (ticket) {
    act(ticket, `/api/v1/messages/${ticket.dataset.ticket}/ticket`, (made) => {
      location.href = made.is_own_draft ? `/desk?ticket_id=${made.ticket_id}` : `/tickets/${made.ticket_id}`;
    });
  }
});

document.addEventListener(
  "play",
  (event) => {
    for (const other of document.querySelectorAll("audio")) if (other !== event.target) other.pause();
  },
  true,
);

// Running clocks: elements of class `timer` with data-since (ISO). The server's clock counts, not this computer's.

const serverAhead = new Date(document.body.dataset.now).getTime() - Date.now();

export function tick() {
  for (const timer of document.querySelectorAll(".timer[data-since]")) {
    const seconds = Math.max(0, Math.floor((Date.now() + serverAhead - new Date(timer.dataset.since)) / 1000));
    timer.textContent = clockText(seconds);
  }
}

/** Milliseconds until a moment of the server's clock; never below zero. */
export function msUntil(moment) {
  return Math.max(0, new Date(moment) - Date.now() - serverAhead);
}

/** 03:07, or 1:02:09 from an hour on. */
export function clockText(seconds) {
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

export function startTimers() {
  tick();
  setInterval(tick, 1000);
}

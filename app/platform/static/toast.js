// Short notices at the corner; read aloud by the live region they stand in.

const SHOWN_MS = 5000;

export function toast(text, { isBad = false, sticky = false } = {}) {
  const corner = document.getElementById("toasts");
  if (!corner) return;
  const note = document.createElement("div");
  note.className = isBad ? "toast toast--bad" : "toast";
  note.textContent = text;
  corner.append(note);
  if (!sticky) setTimeout(() => note.remove(), isBad ? SHOWN_MS * 2 : SHOWN_MS);
}

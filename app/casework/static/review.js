// Keys of the audit desk: P passes the reply, R opens what is asked for when it is sent back.

const pass = document.getElementById("judge-pass");
const redo = document.getElementById("judge-redo");

document.addEventListener("keydown", (event) => {
  if (!pass || event.repeat || event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
  if (event.target.closest("input, select, textarea, dialog")) return;
  if (event.key.toLowerCase() === "p") {
    pass.click();
  } else if (event.key.toLowerCase() === "r") {
    event.preventDefault();
    redo.open = true;
    redo.querySelector("select, textarea").focus();
  }
});

// Pressed twice, sent once.
for (const form of document.querySelectorAll("main form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
}

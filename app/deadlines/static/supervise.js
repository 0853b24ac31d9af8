// The one form of a supervision, filled in for the row whose button opened it.

const dialog = document.getElementById("supervise-dialog");

dialog?.addEventListener("hotline:open", ({ detail: opener }) => {
  const form = document.getElementById("supervise-form");
  form.reset();
  form.action = opener.dataset.supervises;
  document.getElementById("supervise-told").textContent = opener.dataset.told;
});

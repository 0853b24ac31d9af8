// Keys on the pages of operations: a number opens a tab, n begins a change, ? explains.

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target) || document.querySelector("dialog[open]"))
    return;
  const tab = /^[1-9]$/.test(event.key) && document.querySelector(`[data-tab-key="${event.key}"]`);
  if (tab) tab.click();
  else if (event.key === "n") document.getElementById("new-change")?.click();
  else if (event.key === "?") document.getElementById("keys-dialog")?.showModal();
  else return;
  event.preventDefault();
});

function isTyping(element) {
  return element.matches("input, textarea, select, [contenteditable]");
}

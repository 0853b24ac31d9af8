// Runs before the first paint, so that a chosen scheme never flashes. Without a choice the system's preference holds.
(() => {
  try {
    const chosen = localStorage.getItem("hotline-scheme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    // storage may be forbidden; the system's preference holds
  }
})();

// What every page needs: scheme switch, dialogs, CSRF for htmx, errors of htmx as toasts.

import { csrfToken } from "./request.js";
import { toast } from "./toast.js";

const root = document.documentElement;

document.getElementById("scheme-switch")?.addEventListener("click", () => {
  const isDark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = isDark ? "light" : "dark";
  try {
    localStorage.setItem("hotline-scheme", root.dataset.theme);
  } catch {
    // not kept beyond this page
  }
});

document.querySelector(".nav [aria-current]")?.scrollIntoView({ inline: "nearest", block: "nearest" });

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.opens);
    dialog?.dispatchEvent(new CustomEvent("hotline:open", { detail: opener }));
    dialog?.showModal();
  }
  const closer = event.target.closest("[data-closes]");
  if (closer) document.getElementById(closer.dataset.closes)?.close();
});

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRF-Token"] = csrfToken();
});

document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401) location.assign("/login");
  else toast(problemText(event.detail.xhr), { isBad: true });
});

document.addEventListener("htmx:sendError", () => toast("网络不通，请检查连接", { isBad: true }));

document.addEventListener("hotline:logged-out", () => toast("登录已过期，请重新登录", { isBad: true, sticky: true }), {
  once: true,
});

function problemText(xhr) {
  try {
    return JSON.parse(xhr.responseText).detail || "操作没有成功";
  } catch {
    return "操作没有成功，请稍后再试";
  }
}

// A part that is read again and again keeps its open details open: by their ids, else by their places.
let openDetails = new Set();

document.addEventListener("htmx:beforeSwap", (event) => {
  const all = [...event.detail.target.querySelectorAll("details")];
  openDetails = new Set(all.map((details, i) => (details.open ? details.id || i : null)));
});

document.addEventListener("htmx:afterSwap", (event) => {
  event.detail.target.querySelectorAll("details").forEach((details, i) => {
    if (openDetails.has(details.id || i)) details.open = true;
  });
});

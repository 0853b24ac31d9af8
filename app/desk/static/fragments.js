// Parts of the page that the server draws again. One request per part at a time; the newest answer wins.

import { toast } from "../platform/toast.js";

const latest = new Map();

/** Draw `url` into the element `id`; resolves to true once it stands in the page. */
export async function redraw(id, url) {
  const mark = (latest.get(id) ?? 0) + 1;
  latest.set(id, mark);
  let answer;
  try {
    answer = await fetch(url, { credentials: "same-origin", headers: { "HX-Request": "true" } });
  } catch {
    return false; // the link indicator already says so; the next event draws it again
  }
  if (answer.status === 401) {
    document.dispatchEvent(new CustomEvent("hotline:logged-out"));
    return false;
  }
  if (!answer.ok) {
    toast("页面内容没有更新，请刷新重试", { isBad: true });
    return false;
  }
  const html = await answer.text();
  if (latest.get(id) !== mark) return false;
  const place = document.getElementById(id);
  if (!place) return false; // its part of the page is gone meanwhile
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const selector = focused && describe(focused);
  place.innerHTML = html;
  window.htmx?.process(place);
  if (selector) place.querySelector(selector)?.focus({ preventScroll: true });
  return true;
}

/** How to find the focused control again after its part was drawn anew. */
function describe(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  for (const key of ["ask", "target", "opens", "ticket", "attach", "urge"]) {
    if (element.dataset[key]) return `[data-${key}="${CSS.escape(element.dataset[key])}"]`;
  }
  return null;
}

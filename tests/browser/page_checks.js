// What a page must hold to, asked from inside it. Each answer lists what is wrong; an empty list is good.
const questions = {
  unlabelled: () =>
    [...document.querySelectorAll("input:not([type=hidden]):not([hidden]), select, textarea, button, a")]
      .filter((e) => e.checkVisibility({ visibilityProperty: true }))
      .filter((e) => !(e.labels?.length || e.getAttribute("aria-label") || e.textContent.trim()))
      .map((e) => e.outerHTML.slice(0, 120)),

  sameIds: () => {
    const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
    return ids.filter((id, i) => ids.indexOf(id) !== i);
  },

  danglingReferences: () =>
    [...document.querySelectorAll("[aria-describedby], [aria-labelledby], [aria-controls], label[for]")].flatMap((e) =>
      ["aria-describedby", "aria-labelledby", "aria-controls", "for"].flatMap((name) =>
        (e.getAttribute(name) ?? "").split(/\s+/).filter((id) => id && !document.getElementById(id)),
      ),
    ),

  // WCAG 2.2, 1.4.3: text against what lies behind it, 4.5 to 1; switched-off controls are exempt
  poorContrast: () => {
    const colour = (text) => {
      const parts = text.match(/[\d.]+/g).map(Number);
      return parts.length < 4 ? [...parts, 1] : parts;
    };
    const over = (front, back) =>
      [0, 1, 2].map((i) => front[i] * front[3] + back[i] * (1 - front[3])).concat(1);
    const channel = (v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
    const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
    const behind = (element) => {
      const layers = [];
      for (let e = element; e; e = e.parentElement) {
        layers.push(colour(getComputedStyle(e).backgroundColor));
        if (layers.at(-1)[3] >= 1) break;
      }
      return layers.reverse().reduce((back, front) => over(front, back), [255, 255, 255, 1]);
    };
    return [...document.querySelectorAll("body *")]
      .filter((e) => [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.textContent.trim()))
      .filter((e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !e.closest(":disabled"))
      .map((e) => {
        const back = behind(e);
        const [high, low] = [light(over(colour(getComputedStyle(e).color), back)), light(back)].sort((a, b) => b - a);
        return { ratio: (high + 0.05) / (low + 0.05), text: `${e.className} ${e.textContent.trim().slice(0, 30)}` };
      })
      .filter(({ ratio }) => ratio < 4.5)
      .map(({ ratio, text }) => `${ratio.toFixed(2)} ${text}`);
  },

  tooWide: () => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth > clientWidth ? [`${scrollWidth} > ${clientWidth}`] : [];
  },
};

function checks() {
  return Object.fromEntries(Object.entries(questions).map(([name, ask]) => [name, ask()]));
}

// Keyboard shortcuts. Alt with a letter or digit by its place on the keyboard, so that an input method changes nothing.

function press(selector) {
  const button = document.querySelector(selector);
  if (button && !button.disabled) button.click();
}

export function setUpKeys({ switchNow, saveNow }) {
  const withAlt = {
    KeyI: () => press('[data-ask="sign-in"]'),
    KeyR: () => press('[data-ask="resume"]'),
    KeyP: () => press('[data-opens="pause-dialog"]'),
    KeyW: () => press('[data-ask="finish-wrap-up"]'),
    KeyX: () => press('[data-ask="extend-wrap-up"]'),
    KeyH: () => press('.handover [data-opens="handover-dialog"][data-target=""]'),
    KeyO: () => press('[data-handover-move="leave"]'),
    KeyB: () => press('[data-handover-move="take-back"], [data-stop-flow]'),
    KeyN: switchNow,
    KeyC: () => focus("#call-panel a, #call-panel button"),
    KeyJ: () => focus("#ticket-form input[name=ticket_type]:checked, #ticket-form input[name=ticket_type]"),
    KeyL: () => focus("#drafts button"),
    KeyK: () => focus("#alike a, #alike li"),
    Enter: () => press('[data-move="finish"]'),
  };
  const withCtrl = { KeyS: saveNow, Enter: () => press('[data-move="accept"]') };

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.repeat) return;
    const isModal = document.querySelector("dialog[open]") !== null;
    let action = null;
    if (event.altKey && !event.ctrlKey && !event.metaKey) {
      const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
      action = digit ? () => attachNth(Number(digit)) : withAlt[event.code];
    } else if ((event.ctrlKey || event.metaKey) && !event.altKey) {
      action = withCtrl[event.code];
    } else if (/^F[2489]$/.test(event.key)) {
      action = () => press(`[data-play-flow][data-key="${event.key}"]`);
    } else if (event.key === "?" && !isTyping(event.target)) {
      action = () => press('[data-opens="keys-dialog"]');
    }
    if (!action || isModal) return;
    event.preventDefault();
    action();
  });
}

function attachNth(number) {
  document.querySelectorAll("[data-attach]")[number - 1]?.click();
}

function focus(selector) {
  document.querySelector(selector)?.focus();
}

function isTyping(target) {
  return target.matches("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]");
}

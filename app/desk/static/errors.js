// Errors beside their fields, the first one focused.

export function showFieldErrors(form, errors) {
  clearFieldErrors(form);
  const unplaced = [];
  for (const { field, message } of errors) {
    const place = form.querySelector(`[data-field="${CSS.escape(field)}"]`);
    if (!place) {
      unplaced.push(message);
      continue;
    }
    place.querySelector(".field__error").textContent = message;
    const control = place.querySelector(".input, input:not([type=hidden])");
    (place.matches("fieldset") ? place : control).setAttribute("aria-invalid", "true");
  }
  form.querySelector("[aria-invalid=true]:is(.input), [aria-invalid=true] input")?.focus();
  return unplaced;
}

export function clearFieldErrors(form) {
  for (const text of form.querySelectorAll(".field__error")) text.textContent = "";
  for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
}

export function clearFieldError(form, field) {
  const place = form.querySelector(`[data-field="${CSS.escape(field)}"]`);
  if (!place) return;
  place.querySelector(".field__error")?.replaceChildren();
  for (const control of [place, ...place.querySelectorAll("[aria-invalid]")]) control.removeAttribute("aria-invalid");
}

// Files of a citizen: too many or too large is said before they are sent; the server looks into them.

const files = document.getElementById("field-files");
const error = document.getElementById("field-files-error");
const form = document.getElementById("material-form");

function problem() {
  const chosen = [...files.files];
  const mib = Number(files.dataset.mostMib);
  if (chosen.length > Number(files.dataset.most)) return `一次最多上传${files.dataset.most}个附件`;
  const large = chosen.find((file) => file.size > mib * 1024 * 1024);
  if (large) return `附件“${large.name}”超过${mib}兆，请压缩后再上传`;
  const empty = chosen.find((file) => file.size === 0);
  return empty ? `附件“${empty.name}”是空文件，请重新选择` : "";
}

function tell() {
  error.textContent = problem();
  files.toggleAttribute("aria-invalid", Boolean(error.textContent));
  return error.textContent;
}

files?.addEventListener("change", tell);
if (files?.files.length) tell(); // chosen before this script was here, or kept by a browser that loads the page again
form?.addEventListener("submit", (event) => {
  if (tell()) {
    event.preventDefault();
    files.focus();
  } else {
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-busy", "true");
  }
});

// A select with search: type a part of the name, choose with the arrows. Options: [{code, name, full_name}].

const SHOWN = 40;

export function setUpComboboxes(form) {
  for (const field of form.querySelectorAll(".combo")) {
    const options = JSON.parse(document.getElementById(field.dataset.source).textContent);
    new Combobox(field, options);
  }
}

class Combobox {
  constructor(field, options) {
    this.options = options;
    this.input = field.querySelector("[role=combobox]");
    this.code = field.querySelector("input[type=hidden]");
    this.list = field.querySelector("[role=listbox]");
    this.matches = [];
    this.active = -1;
    this.input.addEventListener("input", (event) => {
      event.stopPropagation(); // what is typed here is a search, not a value
      this.open();
    });
    this.input.addEventListener("click", () => this.open());
    this.input.addEventListener("keydown", (event) => this.onKey(event));
    this.input.addEventListener("blur", () => this.leave());
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const option = event.target.closest("[role=option]");
      if (option) this.choose(this.matches[Number(option.dataset.index)]);
    });
  }

  find(text) {
    const words = text.trim().split(/\s+/).filter(Boolean);
    const chosen = this.options.find((option) => option.code === this.code.value);
    if (!words.length || (chosen && text === chosen.full_name)) return this.options;
    const fits = this.options.filter((option) => words.every((w) => option.full_name.includes(w) || option.code.startsWith(w)));
    return fits.sort((a, b) => Number(b.name.startsWith(words[0])) - Number(a.name.startsWith(words[0])));
  }

  open() {
    this.matches = this.find(this.input.value).slice(0, SHOWN);
    this.active = this.matches.length ? Math.max(0, this.matches.findIndex((o) => o.code === this.code.value)) : -1;
    this.list.replaceChildren(...this.matches.map((option, index) => this.draw(option, index)));
    if (!this.matches.length) {
      const none = document.createElement("li");
      none.className = "combo__none";
      none.textContent = "没有匹配的选项";
      this.list.append(none);
    }
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.mark();
  }

  draw(option, index) {
    const item = document.createElement("li");
    item.className = "combo__option";
    item.role = "option";
    item.id = `${this.list.id}-${index}`;
    item.dataset.index = index;
    item.textContent = option.name;
    if (option.full_name !== option.name) {
      const path = document.createElement("span");
      path.className = "combo__path";
      path.textContent = option.full_name;
      item.append(path);
    }
    return item;
  }

  mark() {
    this.list.querySelectorAll("[role=option]").forEach((item, index) => {
      item.setAttribute("aria-selected", String(index === this.active));
      if (index === this.active) item.scrollIntoView({ block: "nearest" });
    });
    if (this.active >= 0) this.input.setAttribute("aria-activedescendant", `${this.list.id}-${this.active}`);
    else this.input.removeAttribute("aria-activedescendant");
  }

  onKey(event) {
    if (event.isComposing || event.altKey || event.ctrlKey) return;
    const isOpen = !this.list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!isOpen) this.open();
      else if (this.matches.length) {
        this.active = (this.active + (event.key === "ArrowDown" ? 1 : -1) + this.matches.length) % this.matches.length;
        this.mark();
      }
    } else if (event.key === "Enter" && isOpen && this.active >= 0) {
      event.preventDefault();
      this.choose(this.matches[this.active]);
    } else if (event.key === "Escape" && isOpen) {
      event.stopPropagation();
      this.close();
    }
  }

  choose(option) {
    this.input.value = option.full_name;
    this.close();
    if (this.code.value === option.code) return;
    this.code.value = option.code;
    this.code.dispatchEvent(new Event("input", { bubbles: true }));
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  /** Left without choosing: an emptied field means "none", any other text goes back to what was chosen. */
  leave() {
    this.close();
    const chosen = this.options.find((option) => option.code === this.code.value);
    if (this.input.value.trim() === "" && this.code.value) {
      this.code.value = "";
      this.code.dispatchEvent(new Event("input", { bubbles: true }));
    } else {
      this.input.value = chosen?.full_name ?? "";
    }
  }
}

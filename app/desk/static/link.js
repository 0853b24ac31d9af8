// The line to the server: /desk/events. Says when it is lost, comes back by itself, forgets nothing: whatever was not
// acknowledged is told again by the server after every reconnect.

const RETRY_MS = 3000;
const PATIENCE_MS = 2500;

export class Link extends EventTarget {
  #source = null;
  #lostTimer = null;

  constructor() {
    super();
    window.addEventListener("offline", () => {
      this.close();
      this.#say("lost");
      setTimeout(() => this.open(), RETRY_MS); // "online" is not told where there is but the machine itself
    });
    window.addEventListener("online", () => this.open());
  }

  open() {
    this.#source?.close();
    const source = new EventSource("/desk/events");
    this.#source = source;
    source.addEventListener("open", () => this.#say("open"));
    source.addEventListener("pop", (event) => this.#tell("pop", event.data));
    source.addEventListener("handover", (event) => this.#tell("handover", event.data));
    source.addEventListener("flow", (event) => this.#tell("flow", event.data));
    source.addEventListener("state", (event) => this.#tell("state", event.data));
    source.addEventListener("error", () => {
      // the browser reconnects a broken line itself; one that was refused has to be opened again
      this.#lostTimer ??= setTimeout(() => this.#say("lost"), PATIENCE_MS);
      if (source.readyState === EventSource.CLOSED) setTimeout(() => this.open(), RETRY_MS);
    });
  }

  /** A line that looks open but is dead: say so, and open a new one. */
  suspect() {
    this.#say("lost");
    this.open();
  }

  close() {
    this.#source?.close();
  }

  #tell(name, data) {
    this.dispatchEvent(new CustomEvent(name, { detail: JSON.parse(data) }));
  }

  #say(state) {
    clearTimeout(this.#lostTimer);
    this.#lostTimer = null;
    const badge = document.getElementById("link-state");
    const was = badge.dataset.state;
    badge.dataset.state = state;
    document.getElementById("link-text").textContent = state === "open" ? "已连接" : "连接中断，正在重连";
    if (state === "open" && was === "lost") this.dispatchEvent(new CustomEvent("back"));
  }
}

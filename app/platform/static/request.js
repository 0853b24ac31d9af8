// JSON requests to our API: CSRF header, problem details, a time limit.

export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || "操作没有成功，请稍后再试");
    this.status = status;
    this.body = body;
  }
}

export function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}

/** Send JSON; resolves to {data, etag}, throws Problem. `status` 0 means that the server was not reached. */
export async function send(method, url, { body, headers = {}, timeoutMs = 10000, keepalive = false } = {}) {
  let answer;
  try {
    answer = await fetch(url, {
      method,
      keepalive,
      credentials: "same-origin",
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        Accept: "application/json",
        "X-CSRF-Token": csrfToken(),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Problem(0, { detail: "网络不通，请检查连接" });
  }
  const text = await answer.text();
  let data = {};
  try {
    data = text ? JSON.parse(text) : {};
  } catch {
    data = { detail: "服务器的回答无法读取" };
  }
  if (answer.status === 401) showLogin();
  if (!answer.ok) throw new Problem(answer.status, data);
  return { data, etag: answer.headers.get("ETag") };
}

/** The log-in ended: say so once, keep what was typed (it is in the browser's storage). */
function showLogin() {
  document.dispatchEvent(new CustomEvent("hotline:logged-out"));
}

const AUTH = `${API}/accounts/auth`;

async function send(url, { method = "GET", body, headers = {}, credentials = "omit" } = {}) {
  const json = body ? { "Content-Type": "application/json" } : {};
  const options = { method, credentials, headers: { ...json, ...headers }, body: body && JSON.stringify(body) };
  const response = await fetch(url, options);
  const text = await response.text();
  return { status: response.status, ...(text && JSON.parse(text)) };
}

// By cookie: the browser keeps the session, the page keeps the CSRF token for its writes.
const byCookie = {
  csrf: "",
  async signIn(credentials) {
    const answer = await send(`${AUTH}/login/`, { method: "POST", body: credentials, credentials: "include" });
    if (answer.success) this.csrf = answer.data.csrf_token;
    return answer;
  },
  async ask(path, options = {}) {
    let answer = await this.once(path, options);
    if (answer.code === "csrf_failed") {  // another tab has signed in since
      this.csrf = (await send(`${AUTH}/csrf/`, { credentials: "include" })).data.csrf_token;
      answer = await this.once(path, options);
    }
    if (answer.status === 401) showLogin();
    return answer;
  },
  once(path, { headers, ...options }) {
    const signed = { ...headers, "X-CSRFToken": this.csrf };
    return send(`${API}/${path}`, { ...options, headers: signed, credentials: "include" });
  },
};

// By token: all tabs share the tokens in a cache of the page's origin. Not in localStorage: what one tab writes there,
// another may see too late.
const byToken = {
  async read() {
    const kept = await (await caches.open("tokens")).match("/tokens");
    return kept ? kept.json() : null;
  },
  async write(tokens) {
    await (await caches.open("tokens")).put("/tokens", new Response(JSON.stringify(tokens)));
  },
  async signIn(credentials) {
    const answer = await send(`${AUTH}/token/`, { method: "POST", body: credentials });
    if (answer.success) await this.write(answer.data);
    return answer;
  },
  // A refresh token is used once, so one tab refreshes while the others wait for what it keeps.
  refresh(refused, headers) {
    return navigator.locks.request("tokens", async () => {
      const tokens = await this.read();
      if (tokens?.access !== refused) return tokens;
      const body = { refresh: tokens.refresh };
      const answer = await send(`${AUTH}/token/refresh/`, { method: "POST", body, headers });
      const next = answer.success ? answer.data : answer.status === 401 ? null : tokens;
      await this.write(next);
      return next;
    });
  },
  async ask(path, { headers, ...options } = {}) {
    const once = (tokens) => {
      const bearer = tokens ? { Authorization: `Bearer ${tokens.access}` } : {};
      return send(`${API}/${path}`, { ...options, headers: { ...headers, ...bearer } });
    };
    const tokens = await this.read();
    let answer = await once(tokens);
    if (answer.status === 401 && tokens) {
      const device = headers?.["X-Device-Token"];
      const next = await this.refresh(tokens.access, device && { "X-Device-Token": device });
      if (next) answer = await once(next);
    }
    if (answer.status === 401) showLogin();
    return answer;
  },
  async signOut() {
    const tokens = await this.read();
    await this.write(null);
    if (tokens) await send(`${AUTH}/token/revoke/`, { method: "POST", body: { refresh: tokens.refresh } });
    showLogin();
  },
};

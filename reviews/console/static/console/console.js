/* Everything works without this file. It adds one-key answers and keeps the lease. */
"use strict";

// Whoever dictates, or rests a hand on the keyboard, may turn single keys off.
const keyed = document.body.dataset.keys !== "off";
document.documentElement.classList.toggle("keys", keyed);

// On a phone the places stand in a row that scrolls: where one is, is not cut off.
const places = document.querySelector("header nav");
const place = places?.querySelector("[aria-current]");
if (place) places.scrollLeft = place.offsetLeft - places.offsetLeft - (places.clientWidth - place.offsetWidth) / 2;

const typing = (target) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName)) &&
  target.type !== "checkbox";

// The letter or figure that a key gives; where it gives neither, as on a Greek or Thai keyboard or
// for figures on a French one, what is written there on a Latin one.
const keyOf = (event) => {
  const { key, code, shiftKey } = event;
  const given = key.toLowerCase();
  if (/^[a-z0-9/]$/.test(given)) return given;
  const [, letter, figure] = /^(?:Key([A-Z])|Digit([0-9]))$/.exec(code) ?? [];
  // No dead key, no input method at work.
  if ([...key].length !== 1 || event.getModifierState("AltGraph")) return null;
  if (letter && /\p{L}/u.test(key)) return letter.toLowerCase();
  return figure && !shiftKey ? figure : null;
};

// What nobody sees does nothing: there may be no explicit word on the page.
const targetOf = (key) => {
  const target = document.querySelector(`[data-key="${key}"]:not(:disabled)`);
  return target?.type === "checkbox" && !target.checkVisibility() ? null : target;
};
// Of the list of keys, what works on this page.
const listKeys = (help) => {
  const anything = (row) => {
    const named = row.dataset.keyRow.split(/[ –]+/).filter((key) => /^[a-z0-9/]$/.test(key));
    return !named.length || named.some(targetOf);
  };
  for (const section of help.querySelectorAll("section")) {
    const here = !section.dataset.on || document.body.classList.contains(section.dataset.on);
    const rows = [...section.querySelectorAll("[data-key-row]")];
    for (const row of rows) row.hidden = !anything(row);
    section.hidden = !here || rows.every((row) => row.hidden);
  }
};

document.addEventListener("keydown", (event) => {
  if (!keyed || event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  if (typing(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const help = document.querySelector("dialog.keys-help");
  if ("?؟".includes(event.key) && help) {
    event.preventDefault();
    if (help.open) {
      help.close();
      return;
    }
    listKeys(help);
    help.showModal();
    return;
  }
  if (help && help.open) return;
  const open = document.querySelector("dialog.sheet[open]");
  const key = keyOf(event);
  if (!key) return;
  const target = targetOf(key);
  if (!target) return;
  event.preventDefault();
  // A sheet answers by number, and is closed by the key that opened it.
  if (open && target.dataset.opens === open.id) {
    open.close();
    return;
  }
  if (open && !/^[0-9]$/.test(key)) return;
  if (target.form && target.tagName === "BUTTON") target.form.requestSubmit(target);
  else if (typing(target)) target.focus();
  else target.click();
});

// What a sheet shows is a page of its own without this.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-opens]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  document.getElementById(link.dataset.opens).showModal();
});

// One answer a page: a second press while the first is on its way would be refused as late, or be
// meant for the page before. Nothing is queued, as that would answer what nobody has looked at.
let sent = false;
let storing = false;
const STORING = "The answer before is still being stored, so this was not done. Do it again in a moment.";
document.addEventListener("submit", (event) => {
  // The dialog's form goes nowhere.
  if (event.target.method === "dialog") return;
  if (sent) {
    event.preventDefault();
    const line = storing && document.querySelector("[data-storing]");
    if (line) line.textContent = STORING;
    return;
  }
  sent = true;
  if (event.target.matches(".who")) window.sessionStorage.clear();
  if (event.target.id !== "answer" || event.submitter?.hasAttribute("formaction")) return;
  event.preventDefault();
  answerAndGoOn(event.target, event.submitter);
});
const settle = () => {
  document.querySelector("main")?.removeAttribute("aria-busy");
  const line = document.querySelector("[data-storing]");
  if (line) line.textContent = "";
  sent = storing = false;
};
window.addEventListener("pageshow", settle);
// Whoever left now would not see that their answer was refused.
window.addEventListener("beforeunload", (event) => {
  if (storing) event.preventDefault();
});

// What somebody began to write is kept in this tab until it is stored, whatever becomes of its
// page; but not beyond its case, nor for anybody else.
const WORDS = "[name=note], [name=text]";
document.addEventListener("input", (event) => {
  const name = event.target.form?.dataset.kept;
  if (!name || !event.target.matches(WORDS)) return;
  if (event.target.value) window.sessionStorage.setItem(name, event.target.value);
  else window.sessionStorage.removeItem(name);
});
const recall = () => {
  // Nobody reads what somebody else began in this tab. Who logs out keeps nothing; whose session
  // ended finds it after logging in again.
  const { user } = document.body.dataset;
  for (const name of Object.keys(window.sessionStorage)) {
    const theirs = user && name.startsWith(`note-${user}-`);
    if (user && name.startsWith("note-") && !theirs) window.sessionStorage.removeItem(name);
  }
  for (const { dataset } of document.querySelectorAll("[data-stored]")) {
    window.sessionStorage.removeItem(dataset.stored);
  }
  for (const form of document.querySelectorAll("form[data-kept]")) {
    const field = form.querySelector(WORDS);
    const begun = window.sessionStorage.getItem(form.dataset.kept);
    if (begun && field.value === field.defaultValue) field.value = begun;
  }
};
recall();

// What an answer says; null where it broke off on the way.
const wholeOf = (answer) => answer.text().catch(() => null);
const read = (text) => new DOMParser().parseFromString(text, "text/html");

// Some pages look again by themselves while somebody looks at them; 304 when nothing changed.
const again = document.querySelector("[data-again]");
if (again) {
  let version = again.dataset.version;
  const same = (one) => (other) =>
    other.textContent === one.textContent &&
    (other.href ?? other.form?.action) === (one.href ?? one.form?.action);
  window.setInterval(async () => {
    if (document.visibilityState !== "visible" || sent) return;
    const headers = version ? { "If-None-Match": version } : {};
    const answer = await fetch(window.location.href, { headers }).catch(() => null);
    const text = answer?.ok ? await wholeOf(answer) : null;
    if (!text || sent) return;
    const page = read(text);
    const fresh = page.querySelector("[data-again]");
    if (!fresh) {
      // What was waited for has come.
      window.location.reload();
      return;
    }
    version = fresh.dataset.version;
    document.title = page.title;
    const focused = again.contains(document.activeElement) ? document.activeElement : null;
    again.replaceChildren(...fresh.childNodes);
    if (focused) [...again.querySelectorAll("a, button")].find(same(focused))?.focus();
  }, again.dataset.again * 1000);
}

// The page comes anew when more than its ages changed; these are told here meanwhile, by the clock
// of the server and in the words of its filters `duration` and `ago`.
const MINUTE = 60_000;
const clock = document.querySelector("[data-now]");
if (clock) {
  const ahead = Date.now() - Date.parse(clock.dataset.now);
  const units = [["minute", 1, 60], ["hour", 60, 24], ["day", 1440, 28]];
  window.setInterval(() => {
    for (const one of clock.querySelectorAll("time[data-age]")) {
      const minutes = Math.floor((Date.now() - ahead - Date.parse(one.dateTime)) / MINUTE);
      const [name, length] = units.find(([, each, most]) => minutes < each * most) ?? [];
      const count = Math.floor(minutes / length);
      const ago = one.dataset.age === "ago" ? " ago" : "";
      if (count >= 1) one.textContent = `${count}\u00a0${name}${count === 1 ? "" : "s"}${ago}`;
    }
  }, MINUTE / 2);
}

// How much waits, in a line on the page of a case; 304 when nothing changed.
const depth = { line: "", version: "", due: 0 };
const tellDepth = () => {
  const line = document.querySelector("[data-depth]");
  if (line) line.textContent = depth.line;
  return line;
};
const askDepth = async () => {
  const url = tellDepth()?.dataset.depth;
  if (!url || document.visibilityState !== "visible") return;
  const answer = await fetch(url, { headers: { "If-None-Match": depth.version } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const line = await wholeOf(answer);
  if (line === null) return;
  depth.version = answer.headers.get("ETag");
  depth.line = line;
  tellDepth();
};
window.setInterval(askDepth, 30_000);
askDepth();
// It told of before the answer; whoever answers fast asks once for several.
const askDepthSoon = () => {
  depth.due ||= window.setTimeout(() => {
    depth.due = 0;
    askDepth();
  }, 2_000);
};

// While somebody looks at a case its lease is renewed, and the case after it is leased and
// fetched: it is there at once when they answer.
let watch = null;
let renewNow = null;
let following = null;
const endWatch = () => {
  window.clearInterval(watch);
  renewNow = null;
};

// What is under way arrives even if somebody leaves the page.
const post = (url, more = {}) => {
  const token = document.querySelector("input[name=csrfmiddlewaretoken]").value;
  const headers = { "X-CSRFToken": token, ...more.headers };
  return fetch(url, { ...more, method: "POST", headers, keepalive: true });
};

const lookAhead = async (lease) => {
  const leased = await post(lease.dataset.ahead).catch(() => null);
  const told = leased?.ok && !leased.redirected ? await wholeOf(leased) : null;
  const { url = null, shows = "" } = told ? JSON.parse(told) : {};
  const same = following?.url === url && following?.shows === shows;
  if (url && same && Date.now() - following.fetched < 2 * MINUTE) {
    following.at = Date.now();
    return;
  }
  const answer = url && (await fetch(url, { headers: { "X-Ahead": "1" } }).catch(() => null));
  if (!answer?.ok || answer.redirected || !lease.isConnected) return;
  const page = read((await wholeOf(answer)) ?? "");
  if (page.querySelector("#answer") && lease.isConnected) {
    following = { url, page, shows, at: Date.now(), fetched: Date.now() };
  }
};

const keepLease = () => {
  endWatch();
  following = null;
  const lease = document.querySelector("[data-lease]");
  if (!lease) return;
  const minutes = lease.querySelector("[data-minutes]");
  const renew = async () => {
    // A page that nobody looks at gives its case back when the lease ends.
    if (document.visibilityState !== "visible") return;
    const answer = await post(lease.dataset.renew).catch(() => null);
    if (!answer || !lease.isConnected) return;
    if (answer.ok && !answer.redirected) {
      const told = await wholeOf(answer);
      if (told) minutes.textContent = `${JSON.parse(told).minutes_left} min`;
      if (lease.dataset.ahead) await lookAhead(lease);
    } else if (answer.redirected || [404, 409].includes(answer.status)) {
      lease.hidden = true;
      document.querySelector("[data-lost]").textContent =
        "No longer yours: the time ran out, or somebody else decided.";
      following = null;
      endWatch();
    }
  };
  renewNow = renew;
  watch = window.setInterval(renew, MINUTE);
  if (lease.dataset.ahead) lookAhead(lease);
};

const goTo = (url) => {
  window.history.pushState({}, "", url);
  here = window.location.pathname;
};
let here = window.location.pathname;
const show = (title, body, url) => {
  document.title = title;
  if (body !== document.body) document.body.replaceWith(document.adoptNode(body));
  if (url) goTo(url);
  tellDepth();
  window.scrollTo(0, 0);
  document.querySelector("main").focus({ preventScroll: true });
};

const UNSENT = "No answer came back, so yours may not be stored. Give it again: nothing is stored twice.";
const PATIENCE = 20_000;

// The next case is shown at once, and the page that was answered is kept until it is known to be
// stored: it comes back as it was when it is not.
const answerAndGoOn = async (form, button) => {
  const [title, body] = [document.title, document.body];
  const unsent = body.querySelector("[data-unsent]");
  if (unsent) unsent.textContent = "";
  storing = true;
  const request = { body: new FormData(form, button), signal: AbortSignal.timeout(PATIENCE) };
  const dangerous = button?.value === "danger";
  // What was found dangerous leads elsewhere than to the next case, and is kept nowhere.
  if (dangerous) window.sessionStorage.removeItem(form.dataset.kept);
  const fresh = following && Date.now() - following.at < 1.5 * MINUTE;
  const ahead = fresh && !dangerous ? following : null;
  following = null;
  endWatch();
  if (ahead) show(ahead.page.title, ahead.page.body);
  recall();
  document.querySelector("main").setAttribute("aria-busy", "true");
  request.headers = { "X-Shown-Ahead": ahead ? `${ahead.url} ${ahead.shows}` : "" };
  const answer = await post(form.action, request).catch(() => null);
  const text = answer && (await wholeOf(answer));
  const isTold = answer?.ok && answer.headers.get("Content-Type")?.startsWith("application/json");
  const page = text && !isTold && answer.status < 500 ? read(text) : null;
  if (isTold && text) {
    const told = JSON.parse(text);
    window.sessionStorage.removeItem(form.dataset.kept);
    if (told.url) {
      storing = false;
      window.location.assign(told.url);
      return;
    }
    goTo(ahead.url);
    document.querySelector("main").prepend(...read(told.flashes).body.childNodes);
    const minutes = document.querySelector("[data-minutes]");
    if (minutes) minutes.textContent = `${told.minutes_left} min`;
    askDepthSoon();
  } else if (page?.querySelector("main#content")) {
    // Refused, with what is true now and the note; or somebody is to log in first.
    const { kept } = form.dataset;
    const given = page.querySelector("textarea.kept")?.value.trim();
    const isShown = answer.status === 409 && given === window.sessionStorage.getItem(kept)?.trim();
    if (answer.status === 404 || isShown) window.sessionStorage.removeItem(kept);
    show(page.title, page.body, answer.redirected && answer.url);
  } else {
    show(title, body);
    if (unsent) unsent.textContent = UNSENT;
  }
  recall();
  keepLease();
  settle();
};

// Whoever comes back to the page finds the next case there, as if they had never left.
document.addEventListener("visibilitychange", () => {
  if (!following || Date.now() - following.at > MINUTE) renewNow?.();
});
window.addEventListener("popstate", () => {
  // Not for a place on the same page.
  if (window.location.pathname !== here) window.location.reload();
});
keepLease();

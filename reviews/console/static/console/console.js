/* Everything works without this file. It answers by one key and has the next case ready. What else
   comes anew in place is fetched by htmx, as the templates say. */
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
  if (typing(target)) target.focus();
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
// Long enough to be read, though the answer before is stored by then.
const HEARD = 4000;
let fading = 0;
const STORING = "The answer before is still being stored, so this was not done. Do it again in a moment.";
const say = (words, forMs = 0) => {
  clearTimeout(fading);
  fading = forMs && setTimeout(say, forMs, "");
  const line = document.querySelector("[data-said]");
  if (line) line.textContent = words;
};
const isFirst = () => {
  if (sent && storing) say(STORING, HEARD);
  const first = !sent;
  sent = true;
  return first;
};
document.addEventListener("submit", (event) => {
  // The dialog's form goes nowhere, and htmx asks by itself whether it is the first.
  if (event.target.method === "dialog" || event.defaultPrevented) return;
  if (!isFirst()) {
    event.preventDefault();
    return;
  }
  if (event.target.matches(".who")) window.sessionStorage.clear();
  if (event.target.id !== "answer" || event.submitter?.hasAttribute("formaction")) return;
  event.preventDefault();
  answerAndGoOn(event.target, event.submitter);
});
const settle = () => {
  document.querySelector("main")?.removeAttribute("aria-busy");
  if (!fading) say("");
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

// A part that looks again by itself does so while somebody looks at it.
const looksAgain = (part) => part.getAttribute("hx-trigger")?.includes("every");
document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, verb } = event.detail.requestConfig;
  const go = looksAgain(elt) ? document.visibilityState === "visible" : verb === "get" || isFirst();
  if (!go) event.preventDefault();
});
// Of what looks again by itself only what changed is put in place of what was there: nobody loses
// what they selected, nor where they are.
const alter = (old, fresh) => {
  if (old.isEqualNode(fresh)) return;
  const [olds, news] = [old, fresh].map(({ childNodes }) => [...childNodes]);
  if (old.nodeName !== fresh.nodeName || olds.length !== news.length) {
    old.replaceWith(document.adoptNode(fresh));
    return;
  }
  if (old.nodeType === Node.TEXT_NODE) old.nodeValue = fresh.nodeValue;
  for (const { name } of [...(old.attributes ?? [])]) {
    if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes ?? []) old.setAttribute(name, value);
  olds.forEach((child, place) => alter(child, news[place]));
};
// An answer without the part that was asked for is another page: somebody is to log in first, or
// what they did was refused. It is shown, but not in place of one that only looked again.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { xhr, requestConfig } = detail;
  const { elt, verb } = requestConfig;
  const part = elt.closest("[hx-select]").getAttribute("hx-select");
  const page = detail.shouldSwap && read(xhr.response);
  if (!page) return;
  requestConfig.before = detail.target.previousElementSibling;
  const fresh = page.querySelector(part);
  if (fresh) {
    if (elt.id === "live" && looksAgain(fresh)) {
      const { id } = document.activeElement;
      detail.shouldSwap = false;
      document.title = page.title;
      alter(elt, fresh);
      htmx.process(elt);
      if (id && document.activeElement === document.body) document.getElementById(id)?.focus({ preventScroll: true });
      return;
    }
    // What is typed there is stored by now; a field that is kept over the change would hold it on.
    if (verb !== "get" && xhr.status < 400 && elt.matches("form")) elt.reset();
    return;
  }
  detail.shouldSwap = false;
  const isOurs = xhr.status < 500 && page.querySelector("main#content");
  if (elt.matches("[data-minutes]")) {
    if ([404, 409].includes(xhr.status)) loseLease();
    else if (isOurs && xhr.status !== 429) tellOfLease(LOGGED_OUT);
  } else if (elt.id === "live") {
    if (isOurs && !sent) window.location.reload();
  } else if (!isOurs) requestConfig.failed = true;
  else if (!looksAgain(elt)) {
    const { responsePath, finalRequestPath } = detail.pathInfo;
    show(page.title, page.body, (verb === "get" || responsePath !== finalRequestPath) && responsePath);
    if (verb !== "get") settle();
  }
});
const BROKEN = "No answer came back. Try it again.";
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const { xhr, requestConfig, target } = detail;
  const { elt, before, failed, verb } = requestConfig;
  if (looksAgain(elt)) return;
  if (verb !== "get") settle();
  recall();
  say(!xhr.status || failed ? BROKEN : "");
  // Further rows of a list are gone on with; of what else is new, its heading tells.
  if (elt.closest(".older")) before?.nextElementSibling?.querySelector("a, button")?.focus();
  const fresh = document.getElementById(target.id)?.querySelector("[data-tells]");
  if (fresh) document.querySelector("[data-told]").textContent = fresh.textContent;
  if (document.activeElement === document.body) {
    document.querySelector("main").focus({ preventScroll: true });
  }
});

// While somebody looks at a case its lease is renewed, and the case after it is leased and
// fetched: it is there at once when they answer.
let following = null;
const MINUTE = 60_000;

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
  following = null;
  const lease = document.querySelector("[data-ahead]");
  if (lease) lookAhead(lease);
};
const LOGGED_OUT = "Not kept for you any longer: log in again in another tab.";
const tellOfLease = (words) => {
  document.querySelector("[data-lost]").textContent = words;
};
const loseLease = () => {
  if (sent) return;
  document.querySelector("[data-lease]").remove();
  tellOfLease("No longer yours: the time ran out, or somebody else decided.");
  following = null;
};
document.addEventListener("htmx:afterSwap", ({ target }) => {
  if (target.matches("[data-minutes]")) tellOfLease("");
  const lease = target.matches("[data-minutes]") && target.closest("[data-ahead]");
  if (lease) lookAhead(lease);
});

const goTo = (url) => {
  window.history.pushState({}, "", url);
  here = window.location.pathname;
};
let here = window.location.pathname;
const show = (title, body, url) => {
  document.title = title;
  if (body !== document.body) {
    const [depth, known] = [body, document].map((each) => each.querySelector("#depth"));
    if (depth && known) depth.textContent = known.textContent;
    document.body.replaceWith(document.adoptNode(body));
    // What looks again by itself has forgotten to where it was not shown meanwhile.
    for (const part of body.querySelectorAll("[hx-trigger]")) part.replaceWith(part.cloneNode(true));
    htmx.process(body);
  }
  if (url) goTo(url);
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
    document.querySelector("#flashes").replaceWith(...read(told.flashes).body.children);
    const minutes = document.querySelector("[data-minutes]");
    if (minutes) minutes.textContent = `${told.minutes_left} min`;
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
  const minutes = document.querySelector("[data-minutes]");
  if (minutes && !(following && Date.now() - following.at < MINUTE)) htmx.trigger(minutes, "renew");
});
window.addEventListener("popstate", () => {
  // Not for a place on the same page.
  if (window.location.pathname !== here) window.location.reload();
});
keepLease();

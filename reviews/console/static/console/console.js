/* Everything works without this file. It adds one-key answers and keeps the lease. */
"use strict";

document.documentElement.classList.add("keys");

const typing = (target) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName)) &&
  target.type !== "checkbox";

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  if (typing(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const help = document.querySelector("dialog.keys-help");
  if (event.key === "?" && help) {
    event.preventDefault();
    if (help.open) help.close();
    else help.showModal();
    return;
  }
  if (help && help.open) return;
  const open = document.querySelector("dialog.sheet[open]");
  const key = event.key.toLowerCase();
  if (!/^[a-z0-9/]$/.test(key)) return;
  const target = document.querySelector(`[data-key="${key}"]:not(:disabled)`);
  // What nobody sees does nothing: there may be no explicit word on the page.
  if (!target || (target.type === "checkbox" && !target.checkVisibility())) return;
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

// One answer a page: a second press while the first is on its way would be refused as late.
let sent = false;
document.addEventListener("submit", (event) => {
  // The dialog's form goes nowhere.
  if (event.target.method === "dialog") return;
  if (sent) {
    event.preventDefault();
    return;
  }
  sent = true;
  if (!isAhead(event.target, event.submitter)) return;
  event.preventDefault();
  answerAndGoOn(event.target, event.submitter);
});
window.addEventListener("pageshow", () => { sent = false; });

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
    if (!answer || !answer.ok || sent) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
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

// While somebody looks at a case its lease is renewed, and the case after it is leased and
// fetched: it is there at once when they answer. Without it the answer is sent like any form.
const MINUTE = 60_000;
let watch = null;
let following = null;

// What is under way arrives even if somebody leaves the page.
const post = (url, headers = {}, body = undefined) => {
  const token = document.querySelector("input[name=csrfmiddlewaretoken]").value;
  headers = { "X-CSRFToken": token, ...headers };
  return fetch(url, { method: "POST", headers, body, keepalive: true });
};

const lookAhead = async (lease) => {
  const leased = await post(lease.dataset.ahead).catch(() => null);
  const url = leased?.ok && !leased.redirected ? (await leased.json()).url : null;
  const answer = url && (await fetch(url).catch(() => null));
  if (!answer?.ok || answer.redirected || !lease.isConnected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (page.querySelector("#answer")) following = { url, page, at: Date.now() };
};

const keepLease = () => {
  window.clearInterval(watch);
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
      minutes.textContent = `${(await answer.json()).minutes_left} min`;
      await lookAhead(lease);
    } else if (answer.redirected || answer.status === 409) {
      lease.className = "lost";
      lease.textContent = "No longer yours: the time ran out, or somebody else decided.";
      following = null;
      window.clearInterval(watch);
    }
  };
  watch = window.setInterval(renew, MINUTE);
  lookAhead(lease);
};

const show = (page, url) => {
  document.title = page.title;
  document.body.replaceWith(document.adoptNode(page.body));
  if (url) window.history.pushState({}, "", url);
  window.scrollTo(0, 0);
  document.querySelector("main").focus({ preventScroll: true });
};

// What was found dangerous leads elsewhere than to the next case.
const isAhead = (form, button) =>
  form.id === "answer" && button && button.value !== "danger" &&
  following && Date.now() - following.at < 1.5 * MINUTE;

const answerAndGoOn = async (form, button) => {
  const body = new FormData(form, button);
  const { url, page } = following;
  const before = window.location.href;
  show(page, url);
  const headers = { "X-Shown-Ahead": url };
  const answer = await post(form.action, headers, body).catch(() => null);
  sent = false;
  if (answer?.headers.get("Content-Type")?.startsWith("application/json")) {
    const told = await answer.json();
    const flashes = new DOMParser().parseFromString(told.flashes, "text/html").body;
    document.querySelector("main").prepend(...flashes.childNodes);
    const minutes = document.querySelector("[data-minutes]");
    if (minutes) minutes.textContent = `${told.minutes_left} min`;
    keepLease();
  } else if (answer) {
    // Refused, with what is true now and the note; or another case than was expected.
    const text = await answer.text();
    show(new DOMParser().parseFromString(text, "text/html"), answer.redirected ? answer.url : before);
    keepLease();
  } else {
    // Nothing came back: whether it was stored is seen on the case itself.
    window.location.assign(before);
  }
};

window.addEventListener("popstate", () => window.location.reload());
keepLease();

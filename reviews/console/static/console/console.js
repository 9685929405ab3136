/* Everything works without this file. It adds one-key answers and keeps the lease. */
"use strict";

document.documentElement.classList.add("keys");

const typing = (target) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));

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
  const key = event.key.toLowerCase();
  if (!/^[a-z0-9/]$/.test(key)) return;
  const target = document.querySelector(`[data-key="${key}"]:not(:disabled)`);
  if (!target) return;
  event.preventDefault();
  if (target.form && target.tagName === "BUTTON") target.form.requestSubmit(target);
  else if (target.tagName === "INPUT") target.focus();
  else target.click();
});

// One answer a page: a second press while the first is on its way would be refused as late.
let sent = false;
document.addEventListener("submit", (event) => {
  // The dialog's form goes nowhere.
  if (event.target.method === "dialog") return;
  if (sent) event.preventDefault();
  sent = true;
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

const lease = document.querySelector("[data-lease]");
if (lease) {
  const minutes = lease.querySelector("[data-minutes]");
  const token = document.querySelector("input[name=csrfmiddlewaretoken]").value;
  const renew = async () => {
    // A page that nobody looks at gives its case back when the lease ends.
    if (document.visibilityState !== "visible") return;
    const answer = await fetch(lease.dataset.renew, {
      method: "POST",
      headers: { "X-CSRFToken": token },
    }).catch(() => null);
    if (!answer) return;
    if (answer.ok && !answer.redirected) {
      minutes.textContent = `${(await answer.json()).minutes_left} min`;
    } else if (answer.redirected || answer.status === 409) {
      lease.className = "lost";
      lease.textContent = "No longer yours: the time ran out, or somebody else decided.";
      window.clearInterval(timer);
    }
  };
  const timer = window.setInterval(renew, 60_000);
}

"use strict";
// What pages gain beside htmx: a key to search, a button to copy, a token that needs no typing, and a voice for pages
// that came without loading.
// Without any of it everything still works.

// The token of an invitation comes in the address's fragment. It is kept here while its reader signs in.
const invited = new URLSearchParams(location.hash.slice(1)).get("token");
if (invited) history.replaceState(null, "", location.pathname + location.search);

const prepare = () => {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
  const field = document.querySelector("[data-invitation]");
  if (field && invited && !field.value) field.value = invited;
  for (const here of document.querySelectorAll("nav [aria-current]")) {
    const list = here.closest("ul");
    list.scrollLeft = here.offsetLeft - list.offsetLeft - 16; // where tabs do not fit, the present one is in sight
  }
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const search = document.querySelector("[data-search]");
  if (search) {
    event.preventDefault();
    search.focus();
  }
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Press Ctrl+C"; // the browser gives no clipboard here, but the text is selected
  }
});

document.addEventListener("htmx:afterSettle", () => {
  prepare();
  document.getElementById("announcer").textContent = document.title;
  const lost = document.activeElement === document.body || !document.activeElement;
  const message = document.getElementById("message");
  if (message) message.focus();
  else if (lost) document.getElementById("main").focus({ preventScroll: true });
});

const noAnswer = () => {
  document.getElementById("announcer").textContent = "No response. Is the service running?";
  document.body.classList.add("offline");
};
document.addEventListener("htmx:sendError", noAnswer);
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.responseText.includes('id="page"')) return;
  event.detail.shouldSwap = false; // a proxy's own words, for one: the page stays
  noAnswer();
});
document.addEventListener("htmx:beforeRequest", () => document.body.classList.remove("offline"));

prepare();

/* A form that could not be sent stays as it is, and is sent again when the connection is back. The number or the place
   in it makes the server store it once, however often it arrives. */
"use strict";
(() => {
  const PAUSES = [3000, 6000, 12000, 30000];
  const PASSING = [429, 502, 503, 504];
  const SHOWN = [404, 422]; // a refusal, which stands in the page
  const trouble = () => document.getElementById("trouble");
  const waiting = new Map(); // each form, with the button that it was sent by
  let tries = 0;
  let timer = 0;

  const say = (why) => {
    const text = why ? trouble().dataset[why] : "";
    if (trouble().textContent !== text) trouble().textContent = text;
  };
  const again = () => {
    clearTimeout(timer);
    for (const [form, button] of waiting) {
      if (!form.isConnected) waiting.delete(form);
      else if (!button?.disabled) form.requestSubmit(button);
    }
  };
  const wait = (event) => {
    const { elt, requestConfig } = event.detail;
    if (!elt.matches("form")) return waiting.size || say("lost"); // it looks again by itself
    say("offline");
    const sheet = [elt, ...elt.querySelectorAll("[popover]")].find((each) => each.matches(":popover-open"));
    if (!waiting.has(elt)) sheet?.hidePopover(); // it would lie over what is said
    waiting.set(elt, requestConfig.triggeringEvent?.submitter ?? null);
    clearTimeout(timer);
    timer = setTimeout(again, PAUSES[Math.min(tries++, PAUSES.length - 1)]);
  };

  document.addEventListener("htmx:configRequest", (event) => {
    const { parameters, triggeringEvent } = event.detail;
    // Signing in again in another tab makes a new token; the cookie has it.
    const token = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie);
    if (token) parameters.csrfmiddlewaretoken = token[1];
    // htmx knows a button by its click; what is sent again, or by a key, has none.
    const button = triggeringEvent?.submitter;
    if (button?.name) parameters[button.name] = button.value;
  });
  document.addEventListener("htmx:sendError", wait);
  document.addEventListener("htmx:timeout", wait);
  document.addEventListener("htmx:responseError", (event) => {
    const { elt, xhr } = event.detail;
    if (PASSING.includes(xhr.status) || !elt.matches("form")) return wait(event);
    waiting.delete(elt);
    say(xhr.status === 403 ? "expired" : "failed");
  });
  // One thing came through, so the rest will too; it goes now, as what comes may take its place on the page.
  document.addEventListener("htmx:beforeSwap", (event) => {
    waiting.delete(event.detail.requestConfig.elt);
    if (event.detail.shouldSwap) again();
  });
  document.addEventListener("htmx:afterOnLoad", (event) => {
    const { requestConfig, xhr } = event.detail;
    if (xhr.status >= 400 && !SHOWN.includes(xhr.status)) return;
    waiting.delete(requestConfig.elt); // by now the page may hold the next one
    if (waiting.size) return;
    tries = 0;
    say("");
  });
  // Nobody wants half a sentence sent: whoever goes on with a form sends it again themselves.
  document.addEventListener("input", (event) => {
    if (waiting.delete(event.target.form)) say("changed");
  });
  addEventListener("online", again);
  // A form that is shown again begins at what is wrong with it.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target.id !== "main") return;
    const main = document.getElementById("main");
    scrollTo(0, 0);
    (main.querySelector("[aria-invalid]") ?? main).focus();
  });
})();

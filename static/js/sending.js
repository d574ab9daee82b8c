/* A form that could not be sent keeps its answer and sends it again when the connection is back. Its number makes
   the server store it once, however often it arrives. */
"use strict";
(() => {
  const PAUSES = [3000, 6000, 12000, 30000];
  const PASSING = [429, 502, 503, 504];
  const trouble = () => document.getElementById("trouble");
  let waiting = null; // { form, button, tries, timer }

  const say = (why) => {
    const text = trouble()?.dataset[why];
    if (text && trouble().textContent !== text) trouble().textContent = text;
  };
  const forget = () => { clearTimeout(waiting?.timer); waiting = null; };
  const again = () => {
    const { form, button } = waiting;
    if (!form.isConnected) return forget();
    if (button?.disabled) return; // no longer complete: the person goes on, and presses it again
    clearTimeout(waiting.timer);
    waiting.timer = 0;
    form.requestSubmit(button);
  };
  const wait = (event) => {
    const { elt, requestConfig } = event.detail;
    if (!elt.matches("form")) return;
    say("offline");
    const tries = waiting?.form === elt ? waiting.tries + 1 : 0;
    forget();
    const button = requestConfig.triggeringEvent?.submitter ?? null;
    waiting = { form: elt, button, tries, timer: setTimeout(again, PAUSES[Math.min(tries, PAUSES.length - 1)]) };
  };

  // Signing in again in another tab makes a new token; the cookie has it.
  document.addEventListener("htmx:configRequest", (event) => {
    const token = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie);
    if (token) event.detail.parameters.csrfmiddlewaretoken = token[1];
  });
  document.addEventListener("htmx:sendError", wait);
  document.addEventListener("htmx:timeout", wait);
  document.addEventListener("htmx:responseError", (event) => {
    const { status } = event.detail.xhr;
    if (PASSING.includes(status)) return wait(event);
    forget();
    say(status === 403 ? "expired" : "failed");
  });
  document.addEventListener("htmx:afterOnLoad", (event) => {
    if (event.detail.xhr.status >= 400) return;
    forget();
    if (trouble()) trouble().textContent = "";
  });
  addEventListener("online", () => { if (waiting) again(); });
})();

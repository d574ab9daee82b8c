/* The time for a task: prolonged while the person works at it, its end announced while there is time to act. */
"use strict";
(() => {
  const LOOK = 5000; // milliseconds between two looks at the clock
  const SHORT = 180; // seconds from which the clock is shown
  const AT_WORK = 5 * 60000; // milliseconds for which a sign of life counts
  const CALM = 60000; // milliseconds between two attempts to prolong
  const form = () => document.getElementById("judgment");
  const clock = () => document.getElementById("clock");
  let length = 0; // seconds that this task's lease had when it was shown
  let shown = "";
  let lastSign = Date.now();
  let lastTry = 0;

  const left = () => Number(form().dataset.leaseUntil) - Date.now() / 1000;
  const show = () => {
    const box = clock();
    if (!box) return;
    if (!form()) { box.hidden = true; return; }
    const seconds = left();
    box.hidden = seconds > SHORT;
    const text = seconds > 0 ? `${box.dataset.left} ${Math.ceil(seconds / 60).toLocaleString(document.documentElement.dataset.numbers)}` : box.dataset.over;
    const words = box.firstElementChild;
    if (!box.hidden && words.textContent !== text) words.textContent = text;
    box.querySelector("[data-renew]").hidden = seconds <= 0;
  };
  const prolong = async () => {
    const task = form();
    lastTry = Date.now();
    const answer = await fetch(clock().querySelector("[data-renew]").dataset.renew, { method: "POST", redirect: "manual", body: new FormData(task) }).catch(() => null);
    if (answer?.ok) task.dataset.leaseUntil = await answer.text();
    else if (answer?.status === 404) task.dataset.leaseUntil = 0; // it has gone to somebody else
    show();
  };
  const isAtWork = () => document.visibilityState === "visible" && Date.now() - lastSign < AT_WORK;
  const look = () => {
    const task = form();
    if (task && clock()) {
      if (shown !== task.dataset.draft) { shown = task.dataset.draft; length = left(); }
      const isDue = left() > 0 && left() < Math.max(length / 2, SHORT);
      if (isDue && isAtWork() && Date.now() - lastTry > CALM) prolong();
    }
    show();
  };

  for (const sign of ["pointerdown", "pointermove", "keydown", "scroll", "touchstart"]) {
    addEventListener(sign, () => { lastSign = Date.now(); }, { passive: true, capture: true });
  }
  document.addEventListener("click", (event) => { if (event.target.closest("[data-renew]")) prolong(); });
  document.addEventListener("htmx:afterSettle", look);
  document.addEventListener("visibilitychange", look);
  setInterval(look, LOOK);
  look();
})();

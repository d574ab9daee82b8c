/* The task page. Without this everything works the same, a page at a time. */
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const form = () => byId("judgment");
  const checked = (name) => form().querySelector(`[name="${name}"]:checked`);

  // The time a task was really before the person's eyes.
  let active = 0;
  let since = 0;
  const pause = () => { if (since) { active += performance.now() - since; since = 0; } };
  const watch = () => { if (document.visibilityState === "visible" && !since) since = performance.now(); };
  const watchVisibility = () => (document.visibilityState === "visible" ? watch() : pause());

  const device = () => {
    if (!matchMedia("(pointer: coarse)").matches && innerWidth >= 640) return "desktop";
    return Math.min(screen.width, screen.height) < 600 || innerWidth < 640 ? "phone" : "tablet";
  };

  // What must be answered is marked as required; what depends on another answer is looked at here.
  const isComplete = () => {
    const task = form();
    if (!task.checkValidity()) return false;
    const asksStrength = task.querySelector('[name="strength"]') && checked("choice").value.length === 1;
    if (asksStrength && !checked("strength")) return false;
    const placed = [...task.querySelectorAll(".ranks :checked")].filter((place) => place.value).length;
    if (task.dataset.places && placed < Number(task.dataset.places)) return false;
    const why = byId("explanation")?.value.trim() ?? "";
    const isAsked = why !== "" || task.dataset.explanation === "required";
    return !isAsked || why.length >= Math.max(1, Number(task.dataset.least));
  };

  const refresh = () => { byId("submit").disabled = !isComplete(); };

  const begin = () => {
    if (!form()) return;
    active = 0; since = 0;
    watch();
    refresh();
  };

  const isNarrow = () => matchMedia("(max-width: 60rem)").matches;
  document.addEventListener("input", (event) => {
    if (!form()?.contains(event.target) || event.target.name === "skip_reason") return;
    refresh();
    if (event.target.name !== "choice") return;
    const sheet = event.target.closest("#others:popover-open");
    if (sheet) sheet.hidePopover();
    const why = byId("why");
    if (isNarrow() && why?.querySelector(":invalid")) why.showPopover();
  });
  document.addEventListener("submit", (event) => {
    if (event.target !== form()) return;
    pause();
    form().elements.active_ms.value = Math.round(active);
    form().elements.device.value = device();
    watch();
  }, true);

  // Keys: 1 to 8 choose, Enter submits; and what keys.js found no control for.
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || event.metaKey) return;
    const writes = event.target.matches("textarea, input:not([type=radio], [type=checkbox])");
    if (event.key === "Enter" && event.ctrlKey && event.target.closest(".write")) return send(event);
    if (!form()) return;
    if (event.key === "Enter") return enter(event, writes);
    if (writes || event.ctrlKey || event.shiftKey || document.documentElement.dataset.keys === "off") return;
    const digit = /^(?:Digit|Numpad)([0-8])$/.exec(event.code);
    if (!digit) return;
    if (form().dataset.places) {
      if (place(digit[1])) event.preventDefault();
      return;
    }
    const radio = byId(`choice-${"abcdefgh"[digit[1] - 1]}`);
    if (radio) { event.preventDefault(); radio.focus({ preventScroll: true }); if (!radio.checked) radio.click(); }
  });
  const DEEDS = {
    v: () => document.activeElement.closest(".card")?.querySelector("[name=veto]")?.click(),
    w: () => {
      const why = byId("why");
      if (why && isNarrow()) why.showPopover();
      why?.querySelector("input, textarea")?.focus();
    },
  };
  document.addEventListener("plurivox:key", (event) => {
    if (!form() || !DEEDS[event.detail]) return;
    event.preventDefault();
    DEEDS[event.detail]();
  });
  // In a ranking a number is the place of the response at hand, 0 none; then the next one is at hand.
  const place = (number) => {
    const groups = [...form().querySelectorAll(".ranks")];
    const free = groups.find((group) => !group.querySelector(":checked"));
    const at = document.activeElement.closest(".card")?.querySelector(".ranks") ?? free ?? groups[0];
    const radio = at.querySelector(`[value="${number === "0" ? "" : number}"]`);
    radio?.click();
    const next = groups[groups.indexOf(at) + 1] ?? at;
    (next.querySelector(":checked") ?? next.querySelector("input")).focus();
    return radio !== null;
  };
  const enter = (event, writes) => {
    if (writes ? !event.ctrlKey : event.target.closest("a, button, summary, label, [popover]:popover-open")) return;
    event.preventDefault();
    if (!byId("submit").disabled && !event.repeat) form().requestSubmit(byId("submit"));
  };

  const send = (event) => {
    event.preventDefault();
    const message = event.target.closest(".write");
    if (!event.repeat) message.requestSubmit(message.querySelector("[value=send]"));
  };

  // The next task came: say that the last one is saved, and begin at the prompt.
  const say = (outcome) => {
    const saved = byId("saved");
    if (!saved || !outcome) return;
    const time = new Date().toLocaleTimeString(document.documentElement.dataset.numbers, { hour: "2-digit", minute: "2-digit" });
    saved.classList.remove("unsaved");
    saved.textContent = `${outcome === "skipped" ? saved.dataset.skipped : saved.dataset.counted} ${time}`;
  };
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target.id !== "desk" && event.target.id !== "desk") return;
    say(byId("desk").dataset.outcome);
    begin();
    const error = byId("desk").querySelector(":is(.bar, .write) .error");
    if (error) {
      if (byId("explanation-error") && isNarrow()) byId("why").showPopover();
      byId("desk").querySelector("[aria-invalid]")?.focus();
      return;
    }
    scrollTo(0, 0);
    byId("prompt").focus({ preventScroll: true });
  });
  document.addEventListener("visibilitychange", watchVisibility);
  for (const change of ["pageshow", "plurivox:restored"]) addEventListener(change, () => { if (form()) refresh(); });
  if (byId("desk")) { say(byId("desk").dataset.outcome); begin(); }
})();

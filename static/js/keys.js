/* Keys for everything. A control names its key in data-key: pressing it focuses a field and clicks all else.
   Keys of one character can be switched off in the sheet (WCAG 2.1.4): speech input types whole words. */
"use strict";
(() => {
  const WRITES = "textarea, select, input:not([type=radio], [type=checkbox])";
  const sheet = () => document.getElementById("keys");
  const root = document.documentElement;
  const readSetting = () => { try { return localStorage.getItem("keys") ?? "on"; } catch { return "on"; } };

  // Where a keyboard types no Latin letters, the letter that stands there on a Latin one counts.
  const named = (event) => {
    if (event.key === "?" || event.key === "؟") return "?";
    const letter = /^[a-z]$/i.test(event.key) ? event.key : /^Key([A-Z])$/.exec(event.code)?.[1];
    if (letter) return event.shiftKey ? null : letter.toLowerCase();
    const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code);
    if (digit) return (event.shiftKey ? "shift+" : "") + digit[1];
    return event.key === "=" ? "+" : event.key;
  };

  // From card to card, as reading goes.
  const step = (by) => {
    const cards = [...document.querySelectorAll(".card")];
    const at = cards.indexOf(document.activeElement.closest(".card"));
    const card = cards[at < 0 ? (by > 0 ? 0 : cards.length - 1) : at + by];
    if (!card) return;
    card.tabIndex = -1;
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
  };
  // The sheet lists what there is at this moment.
  const tell = () => {
    for (const row of sheet().querySelectorAll("[data-of]")) row.hidden = !document.querySelector(row.dataset.of);
    const last = sheet().querySelector("[data-last]");
    if (last) last.textContent = document.querySelector("[data-places]")?.dataset.places ?? document.querySelectorAll(".card").length;
  };
  sheet()?.addEventListener("beforetoggle", tell);
  const DEEDS = { j: () => step(1), k: () => step(-1), "?": () => sheet()?.togglePopover() };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.altKey || event.metaKey || event.ctrlKey) return;
    if (event.target.matches(WRITES) || root.dataset.keys === "off") return;
    const key = named(event);
    if (!key) return;
    const controls = [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].filter((each) => !each.disabled);
    const control = controls.find((each) => each.checkVisibility()) ?? controls[0];
    if (control) {
      event.preventDefault();
      control.focus({ preventScroll: control.type === "radio" });
      if (!control.matches(WRITES)) control.click();
    } else if (DEEDS[key]) {
      event.preventDefault();
      DEEDS[key]();
    } else if (!document.dispatchEvent(new CustomEvent("plurivox:key", { detail: key, cancelable: true }))) event.preventDefault();
  });

  root.dataset.keys = readSetting();
  const box = document.querySelector("[data-keys-on]");
  if (!box) return;
  box.checked = root.dataset.keys !== "off";
  box.addEventListener("change", () => {
    root.dataset.keys = box.checked ? "on" : "off";
    try { localStorage.setItem("keys", root.dataset.keys); } catch { /* this device keeps nothing */ }
  });
})();

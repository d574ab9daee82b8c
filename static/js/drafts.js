/* Unsent work. Any form with data-draft="<address>" is covered: what is entered is kept on this device at once
   and on the server a moment later; the device's copy goes when the server has it. The form comes back with
   what the server keeps in data-kept, so that work goes on after a reload and on another device. */
"use strict";
(() => {
  const PAUSE = 1200;
  const RETRIES = [2000, 5000, 10000, 20000, 30000];
  const WEEK = 7 * 24 * 3600 * 1000;
  const who = document.documentElement.dataset.who;
  const prefix = `draft:${who}:`;
  const saved = document.getElementById("saved");
  const states = new WeakMap();

  // What this device keeps. A browser may forbid it; then there is only the server.
  const onDevice = (deed) => { try { return deed(localStorage); } catch { return null; } };
  const keyOf = (form) => prefix + form.dataset.draft;
  const keepHere = (form, fields) => onDevice((device) => device.setItem(keyOf(form), JSON.stringify({ at: Date.now(), fields })));
  const dropHere = (form) => onDevice((device) => device.removeItem(keyOf(form)));
  const readHere = (form) => onDevice((device) => JSON.parse(device.getItem(keyOf(form))));
  const clean = (isOver) => onDevice((device) => {
    for (const key of Object.keys(device)) if (key.startsWith("draft:") && isOver(key, JSON.parse(device.getItem(key)))) device.removeItem(key);
  });

  const isWork = (field) => field.name && !field.matches("button, [type=hidden], [type=password], [type=file], [data-fleeting]");
  const isTick = (field) => field.matches("[type=radio], [type=checkbox]");
  const read = (form) => {
    const fields = {};
    for (const field of form.elements) {
      if (!isWork(field) || (isTick(field) ? !field.checked : field.value === "")) continue;
      (fields[field.name] ??= []).push(field.value);
    }
    return fields;
  };
  const write = (form, fields) => {
    const left = structuredClone(fields);
    for (const field of form.elements) {
      if (!isWork(field)) continue;
      if (isTick(field)) field.checked = (fields[field.name] ?? []).includes(field.value);
      else if (field.name in left) field.value = left[field.name].shift() ?? "";
    }
  };

  // The state, for eyes and for screen readers: said again only when it reads differently.
  const clock = (at) => new Date(at).toLocaleTimeString(document.documentElement.dataset.numbers, { hour: "2-digit", minute: "2-digit" });
  const say = (name, time = "") => {
    const text = `${saved.dataset[name]} ${time}`.trim();
    saved.classList.toggle("unsaved", name === "unsaved");
    if (saved.textContent !== text) saved.textContent = text;
  };

  const post = (form, content, keepalive) => {
    const token = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? form.elements.csrfmiddlewaretoken.value;
    const body = new URLSearchParams({ csrfmiddlewaretoken: token, content });
    return fetch(form.dataset.draft, { method: "POST", keepalive, redirect: "manual", body }).catch(() => null);
  };
  const send = async (form, state, keepalive) => {
    const content = JSON.stringify(read(form));
    const answer = await post(form, content, keepalive);
    if (state.isOver) return;
    if (answer?.ok) {
      state.failures = 0;
      if (JSON.stringify(read(form)) === content) dropHere(form);
      say("draft", clock(Number(await answer.text())));
    } else {
      say("unsaved");
      plan(form, state, RETRIES[Math.min(state.failures++, RETRIES.length - 1)]);
    }
  };
  const flush = async (form, { keepalive = false } = {}) => {
    const state = states.get(form);
    clearTimeout(state.timer);
    state.timer = 0;
    if (state.isSending && !keepalive) { state.isBehind = true; return; }
    state.isSending = true;
    state.isBehind = false;
    await send(form, state, keepalive);
    state.isSending = false;
    if (state.isBehind && !state.isOver) plan(form, state, PAUSE);
  };
  const plan = (form, state, delay) => {
    clearTimeout(state.timer);
    state.timer = setTimeout(() => { if (form.isConnected) flush(form); }, delay);
  };
  const end = (state) => { clearTimeout(state.timer); state.timer = 0; state.isOver = true; };

  const forms = () => document.querySelectorAll("form[data-draft]");
  const begin = (form) => {
    if (states.has(form)) return;
    const state = { timer: 0, failures: 0, isSending: false, isBehind: false, isKept: false, isOver: false };
    states.set(form, state);
    const kept = form.dataset.kept ? JSON.parse(form.dataset.kept) : null;
    const here = readHere(form);
    // What is still here never reached the server; it yields only to what another device saved later.
    const isHere = here !== null && !(kept && kept.at > here.at);
    const draft = isHere ? here : kept;
    if (!draft || Object.keys(draft.fields).length === 0) return;
    state.isKept = true;
    write(form, draft.fields);
    form.dispatchEvent(new CustomEvent("plurivox:restored", { bubbles: true }));
    if (isHere) plan(form, state, 0);
    else { dropHere(form); say("draft", clock(kept.at)); }
  };
  const beginAll = () => forms().forEach(begin);

  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!form?.matches("[data-draft]") || !isWork(event.target)) return;
    begin(form);
    const state = states.get(form);
    state.isOver = false;
    state.isKept = true;
    keepHere(form, read(form));
    if (!state.failures) plan(form, state, PAUSE);
  });
  // Once a form is sent, nothing may be kept of it behind the answer's back.
  document.addEventListener("submit", (event) => {
    const state = states.get(event.target);
    if (state) end(state);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const { requestConfig, xhr } = event.detail;
    const elt = requestConfig.elt; // by now the page may hold the next one
    const state = states.get(elt);
    if (!state) return;
    if (xhr.status >= 200 && xhr.status < 300) return dropHere(elt); // also where it leads on to another page
    state.isOver = false;
    if (elt.isConnected) plan(elt, state, PAUSE);
  });
  document.addEventListener("htmx:afterSettle", beginAll);
  addEventListener("online", () => forms().forEach((form) => { if (states.get(form)?.failures) flush(form); }));
  addEventListener("pageshow", beginAll);
  const leave = () => forms().forEach((form) => { if (states.get(form)?.timer) flush(form, { keepalive: true }); });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") leave(); });
  addEventListener("pagehide", leave);
  // Who leaves a form as it was takes back what they had entered.
  document.addEventListener("click", (event) => {
    const form = event.target.closest("[data-drop]")?.closest("form");
    const state = states.get(form);
    if (!state?.isKept) return;
    end(state);
    dropHere(form);
    post(form, "{}", true);
  });
  // Who leaves takes along what they wrote here.
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-leave]")) return;
    leave();
    clean((key) => key.startsWith(prefix));
  });
  clean((_key, draft) => !draft || Date.now() - draft.at > WEEK);
})();

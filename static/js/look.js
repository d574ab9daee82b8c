/* Theme and text size: a cookie, so that the next page comes right from the start. */
"use strict";
(() => {
  const YEAR = 31536000;
  const root = document.documentElement;
  const SIZES = ["small", "medium", "large"];

  const keep = (name, value) => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${name}=${value}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
    root.dataset[name] = value;
  };
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-look]") || !event.submitter) return;
    event.preventDefault();
    keep(event.submitter.name, event.submitter.value);
  });

  const resize = (step) => {
    const size = SIZES[SIZES.indexOf(root.dataset.size) + step];
    if (size) keep("size", size);
  };
  const isDark = () => root.dataset.theme === "dark" || (root.dataset.theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  const DEEDS = { "+": () => resize(1), "-": () => resize(-1), d: () => keep("theme", isDark() ? "light" : "dark") };
  document.addEventListener("plurivox:key", (event) => DEEDS[event.detail]?.());
})();

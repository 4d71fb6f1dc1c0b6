"use strict";
(() => {
  const root = document.documentElement;
  const all = (pick, from = document) => [...from.querySelectorAll(pick)];

  // Theme: follows the system until the button says otherwise.
  const button = document.getElementById("theme");
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
  const showTheme = () => button.setAttribute("aria-pressed", String(isDark()));
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    showTheme();
  });
  system.addEventListener("change", showTheme);
  showTheme();

  // Tables sort by their raw values; a second press turns the order round.
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const valueOf = (row, place) => {
    const cell = row.cells[place];
    return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);
  };
  const compare = (a, b) => {
    if (typeof a === "number" && typeof b === "number") return a - b;
    return collator.compare(String(a), String(b));
  };
  for (const head of all("thead th")) {
    const press = head.querySelector("button");
    if (!press) continue;
    press.addEventListener("click", () => {
      const table = head.closest("table");
      const place = head.cellIndex;
      const first = head.classList.contains("n") ? "descending" : "ascending";
      const other = first === "descending" ? "ascending" : "descending";
      const order = head.getAttribute("aria-sort") === first ? other : first;
      for (const each of all("thead th", table)) each.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      const body = table.tBodies[0];
      const rows = [...body.rows].map((row) => [valueOf(row, place), row]);
      rows.sort((a, b) => sign * compare(a[0], b[0]));
      body.append(...rows.map((pair) => pair[1]));
    });
  }

  // Search: every word must occur somewhere in the row.
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  for (const input of all("input[data-find]")) {
    const rows = [...document.getElementById(input.dataset.find).tBodies[0].rows];
    const status = input.parentElement.querySelector("[role=status]");
    let texts = null;
    input.addEventListener("input", () => {
      texts ??= rows.map((row) => plain(row.textContent));
      const words = plain(input.value).split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row, i) => {
        row.hidden = !words.every((word) => texts[i].includes(word));
        if (!row.hidden) shown += 1;
      });
      const total = rows.length.toLocaleString("en");
      status.textContent = words.length ? `${shown.toLocaleString("en")} of ${total} rows` : `${total} rows`;
    });
  }

  // Tabs: arrows move, as the ARIA pattern has it.
  for (const list of all("[role=tablist]")) {
    const tabs = all("[role=tab]", list);
    const choose = (tab) => {
      for (const each of tabs) {
        const on = each === tab;
        each.setAttribute("aria-selected", String(on));
        each.tabIndex = on ? 0 : -1;
        document.getElementById(each.getAttribute("aria-controls")).hidden = !on;
      }
      tab.focus();
    };
    for (const tab of tabs) tab.addEventListener("click", () => choose(tab));
    list.addEventListener("keydown", (event) => {
      const at = tabs.indexOf(document.activeElement);
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
      if (at < 0 || to === undefined) return;
      event.preventDefault();
      choose(tabs[(to + tabs.length) % tabs.length]);
    });
  }

  // Charts: the sentence of a mark shows on hover, and by arrow keys in a focused chart.
  const tip = document.getElementById("tip");
  const place = (x, y) => {
    const wide = Math.max(8, Math.min(x + 14, window.innerWidth - tip.offsetWidth - 8));
    const high = y + 18 + tip.offsetHeight > window.innerHeight ? y - tip.offsetHeight - 12 : y + 18;
    tip.style.transform = `translate(${Math.round(wide)}px, ${Math.round(high)}px)`;
  };
  const say = (mark, x, y) => {
    tip.textContent = mark.getAttribute("aria-label");
    tip.hidden = false;
    place(x, y);
  };
  const hush = () => { tip.hidden = true; };
  const sayAt = (mark) => {
    const box = mark.getBoundingClientRect();
    say(mark, box.x + box.width / 2, box.y + box.height / 2);
  };
  for (const chart of all("svg.chart")) {
    let at = -1;
    let marks = null;
    const leave = () => {
      for (const mark of all(".mark.at", chart)) mark.classList.remove("at");
      tip.removeAttribute("role");
      hush();
    };
    chart.addEventListener("pointermove", (event) => {
      const mark = event.target.closest(".mark");
      if (mark) say(mark, event.clientX, event.clientY); else hush();
    });
    chart.addEventListener("pointerleave", hush);
    chart.addEventListener("blur", leave);
    chart.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape") leave();
      if (!step) return;
      event.preventDefault();
      marks ??= all(".mark", chart);
      if (!marks.length) return;
      at = at < 0 && step < 0 ? marks.length - 1 : (at + step + marks.length) % marks.length;
      leave();
      marks[at].classList.add("at");
      tip.setAttribute("role", "status");
      sayAt(marks[at]);
    });
  }
  // What the keyboard chose moves with the page; what the pointer showed is left behind.
  window.addEventListener("scroll", () => {
    const chosen = document.querySelector(".mark.at");
    if (chosen) sayAt(chosen); else hush();
  }, { passive: true });
})();

"use strict";
(() => {
  const form = document.getElementById("filters");
  const table = document.getElementById("open-records");
  if (!form || !table) return;
  const headings = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
  const place = (name) => headings.indexOf(name);
  const money = (cell) => Number(cell?.querySelector("data")?.value ?? 0);
  const rows = [...table.tBodies[0].rows].map((row) => ({
    row,
    text: row.textContent.toLowerCase(),
    class: row.cells[place("Class")].textContent.trim(),
    remedy: row.cells[place("Remedy")].textContent.trim(),
    perMonth: money(row.cells[place("A month")]),
    once: money(row.cells[place("One-off")]),
  }));
  const pounds = new Intl.NumberFormat("en-GB", { style: "currency", currency: "GBP" });
  const show = () => {
    const asked = new FormData(form);
    const text = asked.get("text").trim().toLowerCase();
    const least = Number(asked.get("least")) || 0;
    let count = 0;
    let perMonth = 0;
    let once = 0;
    for (const each of rows) {
      const fits =
        each.text.includes(text) &&
        (!asked.get("class") || each.class === asked.get("class")) &&
        (!asked.get("remedy") || each.remedy === asked.get("remedy")) &&
        Math.max(Math.abs(each.perMonth), Math.abs(each.once)) >= least;
      each.row.hidden = !fits;
      if (fits) {
        count += 1;
        perMonth += each.perMonth;
        once += each.once;
      }
    }
    form.elements.shown.value =
      `${count} of ${rows.length} shown, ${pounds.format(perMonth)} a month, ` +
      `${pounds.format(once)} one-off`;
  };
  form.hidden = false;
  form.addEventListener("input", show);
  form.addEventListener("reset", () => setTimeout(show));
  form.addEventListener("submit", (event) => event.preventDefault());
  show();
})();

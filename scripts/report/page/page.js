"use strict";
// What a page does beyond being read: copies, sorts, filters. Without it, all stands there all the same.

function make(tag, text, act) {
  const found = document.createElement(tag);
  found.textContent = text;
  if (act) {
    found.type = "button";
    found.addEventListener("click", act);
  }
  return found;
}

// Copies a text, and says so in the button for a moment.
async function copy(text, button) {
  const said = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = make("textarea", text);
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  button.textContent = "copied";
  setTimeout(() => { button.textContent = said; }, 1500);
}

for (const lines of document.querySelectorAll("pre.paste")) {
  const button = make("button", "copy", () => copy(lines.textContent + "\n", button));
  button.className = "copy";
  lines.before(button);
}

// A cell's number, without the commas of thousands and the interval behind it; NaN of words.
function number(text) {
  return /^-?[\d,]*\.?\d/.test(text) ? parseFloat(text.replaceAll(",", "")) : NaN;
}

function text(cell) {
  return cell ? cell.textContent.trim() : "";
}

// Each row with the rows that explain it.
function groups(body) {
  const found = [];
  for (const row of body.rows) {
    if (row.classList.contains("reason") && found.length) found.at(-1).push(row);
    else found.push([row]);
  }
  return found;
}

function shown(cell) {
  return cell.offsetParent !== null;
}

function csv(table) {
  const rows = [...table.rows].filter((row) => !row.hidden && !row.classList.contains("reason"));
  const cells = rows.map((row) => [...row.cells].filter(shown).map((cell) => text(cell).replace(/\s+/g, " ")));
  const quoted = (value) => (/[",]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  return cells.map((row) => row.map(quoted).join(",")).join("\n") + "\n";
}

// Numbers before words, what is missing last, in either order.
function compare(one, other, sign) {
  const [a, b] = [number(one), number(other)];
  if (isNaN(a) !== isNaN(b)) return isNaN(a) ? 1 : -1;
  return sign * (isNaN(a) ? one.localeCompare(other, "en", { numeric: true }) : a - b);
}

// A click sorts upwards, one more downwards, a third as it stood.
function sortable(table) {
  const body = table.tBodies[0];
  const before = groups(body);
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = make("button", head.textContent, () => {
      const order = { ascending: "descending", descending: "" }[head.ariaSort] ?? "ascending";
      heads.forEach((one) => { one.removeAttribute("aria-sort"); });
      if (order) head.ariaSort = order;
      const sign = order === "descending" ? -1 : 1;
      const key = (group) => text(group[0].cells[column]);
      const sorted = order ? [...before].sort((a, b) => compare(key(a), key(b), sign)) : before;
      body.append(...sorted.flat());
    });
    head.replaceChildren(button);
  });
}

for (const table of document.querySelectorAll("table.rows")) {
  const tools = make("div", "");
  tools.className = "tools";
  const count = make("span", "");
  count.setAttribute("role", "status");
  const filter = make("input", "");
  filter.type = "search";
  filter.placeholder = "filter rows";
  filter.setAttribute("aria-label", "filter rows");
  const all = groups(table.tBodies[0]);
  filter.addEventListener("input", () => {
    const wanted = filter.value.toLowerCase().split(/\s+/);
    let left = 0;
    for (const group of all) {
      const said = group.map((row) => row.textContent.toLowerCase()).join(" ");
      const fits = wanted.every((word) => said.includes(word));
      for (const row of group) row.hidden = !fits;
      left += fits;
    }
    count.textContent = filter.value ? `${left} of ${all.length} rows` : "";
  });
  if (all.length > 1) {
    sortable(table);
    tools.append(filter);
  }
  if (table.querySelector(".rest")) {
    table.classList.add("brief");
    const more = make("button", "all columns", () => {
      const brief = table.classList.toggle("brief");
      more.setAttribute("aria-pressed", String(!brief));
    });
    more.setAttribute("aria-pressed", "false");
    tools.append(more);
  }
  const taken = make("button", "copy as CSV", () => copy(csv(table), taken));
  tools.append(taken, count);
  table.parentElement.before(tools);
}

// A link to a row leads to it, though a filter hid it.
function reveal() {
  const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (row?.hidden) {
    const filter = row.closest(".scroll").previousElementSibling.querySelector("input");
    filter.value = "";
    filter.dispatchEvent(new Event("input"));
  }
}
addEventListener("hashchange", reveal);

// A figure as a file of its own, in the colours that the page has now.
function svg(figure) {
  const drawn = new XMLSerializer().serializeToString(figure.querySelector("svg"));
  const colours = getComputedStyle(document.documentElement);
  return drawn.replace(/var\((--\w+)\)/g, (_, name) => colours.getPropertyValue(name).trim());
}

for (const figure of document.querySelectorAll("figure[data-name]")) {
  const button = make("button", "SVG", () => {
    const link = make("a", "");
    link.href = URL.createObjectURL(new Blob([svg(figure)], { type: "image/svg+xml" }));
    link.download = `${figure.dataset.name}.svg`;
    link.click();
  });
  figure.querySelector("figcaption").prepend(button);
}

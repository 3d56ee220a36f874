"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const PAGE = 30;
const MEASURES = ["kl", "entropy", "expected_gain"].filter((name) => data[name]);
const total = data.counts.map((row) => row.reduce((a, b) => a + b, 0));
const most = data.counts.map((row) => Math.max(...row));
const stratum = total.map((n, i) => n < 2 ? "" : most[i] === n ? "unanimous" : most[i] * 2 > n ? "mixed" : "split");
const searched = data.ids.map((id, i) => `${id} ${data.texts[i] ?? ""}`.toLowerCase());
const field = (name) => document.getElementById(name);
let rows = [], end = 0;

function element(kind, name, text) {
  const made = document.createElement(kind);
  if (name) made.className = name;
  if (text !== undefined) made.textContent = text;
  return made;
}

function bars(i) {
  const grid = element("div", "bars");
  data.labels.forEach((label, k) => {
    for (const [who, share] of [["people", data.counts[i][k] / total[i]], ...(data.q ? [["judge", data.q[i][k]]] : [])]) {
      const bar = element("div", `bar ${who}`);
      bar.style.width = `${100 * share}%`;
      bar.setAttribute("aria-hidden", "true");
      const track = element("div");
      track.append(bar);
      grid.append(element("span", "", data.q ? `${label}, ${who}` : label), track, element("span", "", `${(100 * share).toFixed(0)} %`));
    }
  });
  return grid;
}

function show(count) {
  const list = field("list");
  for (const i of rows.slice(end, end + count)) {
    const item = element("li");
    item.append(element("div", "meta", [data.ids[i], `${total[i]} ${total[i] === 1 ? "annotation" : "annotations"}`,
      ...(data.kl ? [`KL ${data.kl[i].toFixed(3)}`] : [])].join(" · ")));
    if (data.texts.length) item.append(element("p", "text", data.texts[i]));
    item.append(bars(i));
    list.append(item);
  }
  end = Math.min(rows.length, end + count);
  field("found").textContent = `${rows.length} of ${data.ids.length} items; ${end} are shown.`;
  field("more").hidden = end === rows.length;
}

function filter() {
  const words = field("search").value.toLowerCase(), label = field("label").value, kind = field("stratum").value;
  const key = data[field("sort").value];
  rows = [];
  data.ids.forEach((_, i) => {
    if (words && !searched[i].includes(words)) return;
    if (label !== "" && data.counts[i][label] !== most[i]) return;
    if (kind && stratum[i] !== kind) return;
    rows.push(i);
  });
  if (key) rows.sort((a, b) => key[b] - key[a] || a - b);
  field("list").replaceChildren();
  end = 0;
  show(PAGE);
}

function cell(value) {
  const text = String(value);
  // A spreadsheet would calculate a text that begins so.
  const plain = /^[=+\-@\t\r]/.test(text) && isNaN(text) ? `'${text}` : text;
  return /[",\n\r]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

function save() {
  const head = ["item_id", ...(data.texts.length ? ["text"] : []), "annotations",
    ...data.labels.map((label) => `people_${label}`), ...(data.q ? data.labels.map((label) => `prob_${label}`) : []),
    ...MEASURES.map((name) => name === "entropy" ? "people_entropy" : name)];
  const lines = rows.map((i) => [data.ids[i], ...(data.texts.length ? [data.texts[i]] : []), total[i],
    ...data.counts[i].map((count) => (count / total[i]).toFixed(4)), ...(data.q ? data.q[i] : []),
    ...MEASURES.map((name) => data[name][i])]);
  const text = [head, ...lines].map((line) => line.map(cell).join(",")).join("\r\n");
  const link = element("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = "items.csv";
  link.click();
  URL.revokeObjectURL(link.href);
}

field("save").addEventListener("click", save);
field("filter").addEventListener("input", filter);
field("filter").addEventListener("submit", (event) => event.preventDefault());
field("more").addEventListener("click", () => show(PAGE));
filter();

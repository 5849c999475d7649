"use strict";
{
  const FIRST = 200;
  const LONG = ["parameters", "reason"];
  const { numeric, marks, folder, rows } = JSON.parse(document.getElementById("data").textContent);
  const at = id => document.getElementById(id);
  const [search, claim, outcome, count, all] = ["search", "claim", "outcome", "count", "all"].map(at);
  const body = at("table").tBodies[0];
  const heads = [...at("table").tHead.rows[0].cells];
  const names = heads.map(head => head.textContent);
  const [CLAIM, OUTCOME, FILE] = ["claim", "outcome", "configuration"].map(name => names.indexOf(name));
  const texts = rows.map(row => row.join("\n").toLowerCase());
  const words = new Intl.Collator("en", { numeric: true });
  let order = rows.map((_, k) => k);
  let matching = order;

  const amount = text => text === "" ? NaN : Number(text.replace("inf", "Infinity"));

  // What is missing comes last, whichever way the rest is sorted.
  const sorted = (column, sign) => {
    const keys = rows.map(row => numeric[column] ? amount(row[column]) : row[column]);
    const missing = keys.map(key => numeric[column] ? Number.isNaN(key) : key === "");
    const compare = numeric[column] ? (a, b) => a < b ? -1 : a > b ? 1 : 0 : words.compare;
    return rows.map((_, k) => k).sort((a, b) => missing[a] - missing[b] || (missing[a] ? 0 : sign * compare(keys[a], keys[b])));
  };

  const cell = (text, column) => {
    const td = document.createElement("td");
    td.className = numeric[column] ? "number" : LONG.includes(names[column]) ? names[column] : "";
    if (column === OUTCOME && text in marks) {
      td.dataset.mark = marks[text][0];
      text = `${marks[text][1]} ${text}`;
    }
    if (column === FILE && text) {
      const a = td.appendChild(document.createElement("a"));
      a.href = `${folder}/${encodeURIComponent(text)}`;
      a.textContent = text;
    } else {
      td.textContent = text;
    }
    return td;
  };

  const show = most => {
    const shown = matching.slice(0, most);
    body.replaceChildren(...shown.map(k => {
      const tr = document.createElement("tr");
      tr.append(...rows[k].map(cell));
      return tr;
    }));
    const of = matching.length === rows.length ? `${rows.length} instances` : `${matching.length} of ${rows.length} instances match`;
    count.textContent = shown.length < matching.length ? `${of}; the first ${shown.length} are shown` : of;
    all.hidden = shown.length === matching.length;
    all.textContent = `Show all ${matching.length} rows`;
  };

  const select = () => {
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    matching = order.filter(k =>
      (!claim.value || rows[k][CLAIM] === claim.value) &&
      (!outcome.value || rows[k][OUTCOME] === outcome.value) &&
      wanted.every(word => texts[k].includes(word)));
    show(FIRST);
  };

  heads.forEach((head, column) => head.firstElementChild.addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of heads) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    order = sorted(column, down ? -1 : 1);
    select();
  }));
  search.addEventListener("input", select);
  claim.addEventListener("change", select);
  outcome.addEventListener("change", select);
  all.addEventListener("click", () => show(Infinity));
  for (const link of document.querySelectorAll("a[data-claim]")) {
    link.addEventListener("click", () => {
      claim.value = link.dataset.claim;
      outcome.value = "";
      search.value = "";
      select();
    });
  }
  at("listing").hidden = false;
  select();
  // A browser may keep what was typed when the page is loaded again.
  addEventListener("pageshow", select);
  // What is wider than its place is scrolled with the keyboard, too.
  for (const box of document.querySelectorAll(".formula, .wide")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  }
}

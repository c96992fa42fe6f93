// The list of rows: filters, order, pages, and the address that says what is shown.
(() => {
  const { $, make, number, say, failed, index, rows, at } = Report;

  // Filters: each has a name, which stands in the address, an element, and a test of a row, made from its value.
  const hooks = (Report.hooks = { decided: () => "", mark: () => {}, tools: () => [], tile: () => {}, shown: () => {} });
  const places = (list, value) => list.reduce((found, name, n) => (name === value ? [...found, n] : found), []);
  const outcomes = (value) => {
    const names = index.reasons.map(([name, end]) => (name === "" ? "kept" : value === "dropped" ? "dropped" : end));
    const reasons = index.reasons.map(([name]) => name);
    return new Set([...places(names, value), ...places(reasons, value)]);
  };
  const one = (column, list) => (value) => {
    const place = list.indexOf(value);
    return (row) => row[column] === place;
  };
  const among = (column, list) => (value) => {
    const place = list.indexOf(value);
    return (row) => row[column].includes(place);
  };
  const within = (column) => (value) => {
    const [from, to] = value.split("-").map(Number);
    return (row) => row[column] >= (from || 0) && row[column] <= (to || Infinity);
  };
  const FILTERS = {
    source: one(at.source, index.sources),
    split: one(at.split, index.splits),
    outcome: (value) => ((wanted) => (row) => wanted.has(row[at.reason]))(outcomes(value)),
    verdict: one(at.verdict, index.verdicts.map((name) => name || "not rendered")),
    queue: among(at.queues, index.queues),
    also: among(at.also, index.sources),
    step: among(at.steps, index.steps.map(([name]) => name)),
    prompt: within(at.prompt),
    program: within(at.program),
    decided: (value) => (row) => Boolean(hooks.decided(row)) === (value === "yes"),
    changed: () => (row) => row[at.steps].length > 0,
    gallery: () => (row) => row[at.thumb] >= 0,
    q: (value) => ((words) => (_, n) => Report.searched(n).includes(words))(value.toLowerCase().trim()),
  };
  const ORDERS = {
    "score, low first": (row) => row[at.score] ?? Infinity,
    "score, high first": (row) => -(row[at.score] ?? -Infinity),
    "short prompts first": (row) => row[at.prompt],
    "long prompts first": (row) => -row[at.prompt],
    "short programs first": (row) => row[at.program],
    "long programs first": (row) => -row[at.program],
  };
  const controls = Object.fromEntries([...Object.keys(FILTERS), "sort"].map((name) => [name, $(name === "q" ? "q" : `f-${name}`)]));
  const valueOf = (control) => (control.type === "checkbox" ? (control.checked ? "yes" : "") : control.value);
  const put = (control, value) => (control.type === "checkbox" ? (control.checked = Boolean(value)) : (control.value = value));
  const fill = (name, any, options) => {
    controls[name].append(new Option(any, ""), ...options.map((option) => new Option(...[option].flat())));
    if (!options.length) controls[name].closest("label").hidden = true;
  };
  const count = (test) => number(rows.reduce((sum, row) => sum + test(row), 0));
  const counted = (name, values) => values.map((value) => [`${value} (${count(FILTERS[name](value))})`, value]);
  const named = index.reasons.map(([name]) => name).filter(Boolean);
  const ends = [...new Set(index.reasons.map(([, end]) => end))].filter((end) => end && !named.includes(end));
  fill("source", "all sources", index.sources);
  fill("split", "all", index.splits);
  fill("outcome", "all", ["kept", "dropped", ...counted("outcome", [...ends, ...named]).map(([text, value]) => [`dropped: ${text}`, value])]);
  fill("verdict", "all", index.verdicts.some(Boolean) ? index.verdicts.map((name) => name || "not rendered") : []);
  fill("queue", "none", counted("queue", index.queues));
  fill("also", "anywhere", index.sources);
  fill("step", "any", counted("step", index.steps.map(([name]) => name)));
  fill("sort", "as read", Object.keys(ORDERS));
  controls.gallery.closest("label").hidden = rows.every((row) => row[at.thumb] < 0);

  const PAGE = 25;
  const list = $("list");
  let page = 0;
  let found = [];
  let current = -1; // place in `found` of the row that was opened last
  const find = () => {
    const tests = Object.entries(FILTERS).flatMap(([name, test]) => (valueOf(controls[name]) ? [test(valueOf(controls[name]))] : []));
    found = [];
    rows.forEach((row, n) => tests.every((test) => test(row, n)) && found.push(n));
    const order = ORDERS[controls.sort.value];
    if (order) found.sort((a, b) => order(rows[a]) - order(rows[b]) || a - b);
    page = 0;
    current = -1;
  };

  // The address says what is shown: filters, order, and the row that is open.
  const write = () => {
    const said = Object.entries(controls).map(([name, control]) => [name, valueOf(control)]);
    if (current >= 0) said.push(["row", rows[found[current]][at.id]]);
    const text = said.filter(([, value]) => value).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  };

  const outcome = (row) => index.reasons[row[at.reason]][0] || `kept in ${index.splits[row[at.split]]}`;
  const entry = (n, place) => {
    const row = rows[n];
    const item = make("details", "row");
    item.dataset.place = place;
    const line = make("summary");
    const name = make("span", "chip");
    const dot = make("i");
    dot.style.background = `var(--s${row[at.source] % index.colours})`;
    name.append(dot, make("span", "id", row[at.id]));
    const head = make("span", "head", row[at.head] || "(no prompt)");
    head.dir = "auto";
    const verdict = index.verdicts[row[at.verdict]];
    const where = make("span", index.reasons[row[at.reason]][0] ? "where" : "where kept", outcome(row) + (verdict ? `, ${verdict}` : ""));
    line.append(name, head, make("span", "decided"), where);
    item.append(line);
    hooks.mark(row, item);
    item.addEventListener("toggle", async () => {
      if (!item.open) return;
      current = place;
      write();
      if (item.children.length === 1) {
        const box = make("div", "body");
        item.append(box);
        await Report.body(row, n, box).catch((error) => box.replaceChildren(make("p", "", error.message)));
      }
    });
    return item;
  };
  const tile = (n) => {
    const row = rows[n];
    const item = make("button");
    item.type = "button";
    item.append(Report.picture(row), make("span", "", `${row[at.id]} ${row[at.head]}`));
    item.addEventListener("click", () => (location.hash = `row=${encodeURIComponent(row[at.id])}`));
    hooks.tile(n, item);
    return item;
  };

  const show = () => {
    const gallery = controls.gallery.checked;
    const pages = Math.max(Math.ceil(found.length / PAGE), 1);
    const here = found.slice(page * PAGE, (page + 1) * PAGE);
    list.className = gallery ? "gallery" : "";
    list.replaceChildren(...here.map((n, place) => (gallery ? tile(n) : entry(n, page * PAGE + place))));
    const rest = index.beside && controls.q.value ? "; searched are ids and the starts of prompts" : "";
    say(found.length ? `${number(page * PAGE + 1)} to ${number(page * PAGE + here.length)} of ${number(found.length)} rows${rest}` : `No row is like this${rest}`);
    $("page").textContent = `page ${number(page + 1)} of ${number(pages)}`;
    $("first").disabled = $("previous").disabled = page === 0;
    $("next").disabled = $("last").disabled = page >= pages - 1;
    hooks.shown(found);
  };
  const refresh = () => {
    find();
    show();
    write();
  };
  const turn = (to) => {
    page = to;
    show();
    $("status").scrollIntoView({ block: "nearest" });
  };
  $("first").addEventListener("click", () => turn(0));
  $("previous").addEventListener("click", () => turn(page - 1));
  $("next").addEventListener("click", () => turn(page + 1));
  $("last").addEventListener("click", () => turn(Math.ceil(found.length / PAGE) - 1));
  for (const [name, control] of Object.entries(controls)) if (name !== "q") control.addEventListener("change", refresh);
  let typed;
  controls.q.addEventListener("input", () => {
    clearTimeout(typed);
    typed = setTimeout(refresh, 120);
  });
  const toRows = () => $("rows").scrollIntoView();
  for (const form of [$("find"), $("filters")])
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      toRows();
    });

  // Open the row at a place of what was found, alone.
  const open = (place) => {
    if (place < 0 || place >= found.length) return;
    if (Math.floor(place / PAGE) !== page) turn(Math.floor(place / PAGE));
    for (const other of list.querySelectorAll("details[open]")) other.open = false;
    const item = list.querySelector(`[data-place="${place}"]`);
    if (!item) return;
    item.open = true;
    current = place;
    item.querySelector("summary").focus({ preventScroll: true });
    item.scrollIntoView({ block: "nearest" });
  };
  const go = () => {
    const asked = new URLSearchParams(location.hash.slice(1));
    if (![...asked.keys()].some((name) => name === "row" || name in controls)) return;
    for (const [name, control] of Object.entries(controls)) put(control, asked.get(name) || "");
    const id = asked.get("row");
    find();
    let place = id ? found.findIndex((n) => rows[n][at.id] === id) : -1;
    if (id && place < 0) {
      for (const control of Object.values(controls)) put(control, "");
      find();
      place = found.findIndex((n) => rows[n][at.id] === id);
    }
    page = Math.max(Math.floor(place / PAGE), 0);
    show();
    if (id && place < 0) say(`No row has the id ${id}`);
    if (place >= 0) open(place);
    else toRows();
    if (place >= 0) list.querySelector("details[open]")?.scrollIntoView({ block: "start" });
  };

  const start = () => {
    $("find").hidden = $("browser").hidden = false;
    window.addEventListener("hashchange", go);
    find();
    show();
    go();
    if (!index.beside) {
      const unpack = () => Report.unpackAll().then(() => (document.documentElement.dataset.ready = "yes"), failed);
      (window.requestIdleCallback || setTimeout)(unpack);
    }
  };
  Object.assign(Report, { refresh, open, start, current: () => current, found: () => found });
})();

"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const number = (value) => value.toLocaleString("en-US");

  // The theme: as the system has it, until a person chooses.
  const THEMES = { "": "as the system", light: "light", dark: "dark" };
  const remembered = (value) => {
    try {
      if (value !== undefined) localStorage.setItem("manim-report-theme", value);
      return localStorage.getItem("manim-report-theme") || "";
    } catch {
      return "";
    }
  };
  const wear = (theme) => {
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    $("theme").querySelector("span").textContent = THEMES[theme];
  };
  const button = $("theme");
  let theme = remembered() in THEMES ? remembered() : "";
  wear(theme);
  button.hidden = false;
  button.addEventListener("click", () => {
    const names = Object.keys(THEMES);
    theme = names[(names.indexOf(theme) + 1) % names.length];
    remembered(theme);
    wear(theme);
  });

  // Chunks: in this page, or in files beside it.
  const index = JSON.parse($("index").textContent);
  const [ID, SOURCE, SPLIT, REASON, VERDICT, CHANGED, THUMB, HEAD] = [0, 1, 2, 3, 4, 5, 6, 7];
  const rows = index.rows;
  const waiting = new Map();
  const loaded = new Map();
  window.manimReport = (name, content) => waiting.get(name)?.resolve(content);

  const fetched = (name) =>
    new Promise((resolve, reject) => {
      const inline = $(name);
      if (inline) return resolve(inline.textContent);
      waiting.set(name, { resolve });
      const script = make("script");
      script.src = `${index.folder}/${name}.js`;
      script.onerror = () => reject(new Error(`${script.getAttribute("src")} is not beside this page`));
      document.head.append(script);
    });
  const unpacked = async (content) => {
    const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  };
  const chunk = (name, open) => {
    if (!loaded.has(name)) loaded.set(name, fetched(name).then(open));
    return loaded.get(name);
  };
  const textsOf = async (place) =>
    (await chunk(`rows-${Math.floor(place / index.size)}`, unpacked))[place % index.size];
  const pictureOf = async (place) =>
    "data:image/webp;base64," +
    (await chunk(`thumbs-${Math.floor(place / index.thumbs)}`, (content) => content.split(" ")))[place % index.thumbs];

  // Search: ids and the starts of prompts at once; whole texts as soon as they are unpacked.
  const heads = rows.map((row) => `${row[ID]}\n${row[HEAD]}`.toLowerCase());
  const whole = new Array(rows.length);
  const unpackAll = async () => {
    for (let first = 0; first < rows.length; first += index.size) {
      const texts = await chunk(`rows-${first / index.size}`, unpacked);
      texts.forEach((text, n) => {
        const code = text.code ? text.code.filter((_, at) => at % 2).join("") : "";
        whole[first + n] = `${rows[first + n][ID]}\n${text.prompt || ""}\n${code}`.toLowerCase();
      });
      await new Promise((resolve) => setTimeout(resolve));
    }
  };

  // Pictures are made when they are seen.
  const seen = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        seen.unobserve(target);
        pictureOf(Number(target.dataset.thumb)).then((source) => (target.src = source), told);
      }
    },
    { rootMargin: "200px" },
  );
  const picture = (row) => {
    const image = make("img");
    image.alt = `last frame of ${row[ID]}`;
    image.width = 320;
    image.height = 180;
    image.dataset.thumb = row[THUMB];
    seen.observe(image);
    return image;
  };

  // The list.
  const PAGE = 25;
  const controls = { q: $("q"), source: $("f-source"), split: $("f-split"), reason: $("f-reason"), verdict: $("f-verdict") };
  const list = $("list");
  let page = 0;
  let found = [];
  const told = (error) => ($("status").textContent = String(error.message || error));
  const splits = new Map(index.splits);
  const outcome = (row) => (row[REASON] >= 0 && index.reasons[row[REASON]]) || `kept in ${splits.get(row[SPLIT])}`;

  const fill = (select, any, options) => {
    select.append(new Option(any, ""));
    for (const [value, text] of options) select.append(new Option(text, value));
  };
  const amount = (column, value) => rows.reduce((sum, row) => sum + (row[column] === value), 0);
  fill(controls.source, "all sources", index.sources.map((name, n) => [n, name]));
  fill(controls.split, "all", index.splits);
  fill(controls.reason, "all", [["kept", "kept"], ["dropped", "dropped"]]);
  index.reasons.forEach((name, n) => {
    if (name) controls.reason.append(new Option(`dropped: ${name} (${number(amount(REASON, n))})`, n));
  });
  fill(controls.verdict, "all", index.verdicts.map((name, n) => [n, name || "not rendered"]));
  $("l-verdict").hidden = index.verdicts.every((name) => !name);
  $("l-gallery").hidden = rows.every((row) => row[THUMB] < 0);

  const find = () => {
    const words = controls.q.value.toLowerCase().trim();
    const [source, split, reason, verdict] = ["source", "split", "reason", "verdict"].map((name) => controls[name].value);
    const kept = index.reasons.indexOf("");
    found = [];
    for (let n = 0; n < rows.length; n++) {
      const row = rows[n];
      if (source !== "" && row[SOURCE] !== Number(source)) continue;
      if (split !== "" && row[SPLIT] !== Number(split)) continue;
      if (reason === "kept" ? row[REASON] !== kept : reason === "dropped" ? row[REASON] === kept : reason !== "" && row[REASON] !== Number(reason)) continue;
      if (verdict !== "" && row[VERDICT] !== Number(verdict)) continue;
      if ($("f-changed").checked && !row[CHANGED]) continue;
      if ($("f-gallery").checked && row[THUMB] < 0) continue;
      if (words && !(whole[n] || heads[n]).includes(words)) continue;
      found.push(n);
    }
    page = 0;
  };

  const part = (title, ...content) => {
    const box = make("div");
    box.append(make("h4", "", title), ...content);
    return box;
  };
  const link = (id) => {
    const anchor = make("a", "id", id);
    anchor.href = `#row=${encodeURIComponent(id)}`;
    return anchor;
  };
  const coloured = (pieces) => {
    const pre = make("pre", "code");
    pre.tabIndex = 0;
    for (let n = 0; n < pieces.length; n += 2) pre.append(pieces[n] ? make("span", pieces[n], pieces[n + 1]) : pieces[n + 1]);
    return pre;
  };
  const CHANGES = { "-": "minus", "+": "plus", " ": "same", "…": "skip" };
  const changed = (lines) => {
    const pre = make("pre", "diff");
    pre.tabIndex = 0;
    for (let n = 0; n < lines.length; n += 2) {
      const line = make("span", CHANGES[lines[n]]);
      line.append(make("b", "", lines[n]), lines[n + 1] + "\n");
      pre.append(line);
    }
    return pre;
  };
  const meta = (text) => {
    const line = make("p", "meta");
    const say = (label, value) => {
      if (value === undefined) return;
      const item = make("span", "", `${label} `);
      item.append(value);
      line.append(item);
    };
    say("", text.detail);
    say("stood against", text.kept && link(text.kept));
    say("re-paired with the program of", text.from && link(text.from));
    say("score", text.score === undefined || text.score === null ? undefined : text.score.toFixed(3));
    say("steps:", text.steps && text.steps.join(", "));
    say("difficulty:", text.difficulty);
    say("official test row", text.official && "");
    say("", text.error);
    return line;
  };
  const body = async (n) => {
    const text = await textsOf(n);
    const box = make("div", "body");
    const prompt = make("p", "prompt", text.prompt || "(empty)");
    prompt.dir = "auto";
    box.append(meta(text));
    if (rows[n][THUMB] >= 0) box.append(picture(rows[n]));
    box.append(part("Prompt", prompt));
    if (text.changes) box.append(part("Changed by cleaning and repair", changed(text.changes)));
    if (text.code) box.append(part("Program", coloured(text.code)));
    return box;
  };

  const entry = (n) => {
    const row = rows[n];
    const item = make("details", "row");
    const line = make("summary");
    const name = make("span", "chip");
    const dot = make("i");
    dot.style.background = `var(--s${row[SOURCE] % index.colours})`;
    name.append(dot, make("span", "id", row[ID]));
    const head = make("span", "head", row[HEAD] || "(no prompt)");
    head.dir = "auto";
    const verdict = index.verdicts[row[VERDICT]];
    const where = make("span", index.reasons[row[REASON]] ? "where" : "where kept", outcome(row) + (verdict ? `, ${verdict}` : ""));
    line.append(name, head, where);
    item.append(line);
    item.addEventListener("toggle", async () => {
      if (item.open && item.children.length === 1) item.append(await body(n).catch((error) => make("p", "body", error.message)));
    });
    return item;
  };
  const tile = (n) => {
    const row = rows[n];
    const item = make("button");
    item.type = "button";
    item.append(picture(row), make("span", "", `${row[ID]} ${row[HEAD]}`));
    item.addEventListener("click", () => (location.hash = `row=${encodeURIComponent(row[ID])}`));
    return item;
  };

  const show = () => {
    const gallery = $("f-gallery").checked;
    const pages = Math.max(Math.ceil(found.length / PAGE), 1);
    const here = found.slice(page * PAGE, (page + 1) * PAGE);
    list.className = gallery ? "gallery" : "";
    list.replaceChildren(...here.map(gallery ? tile : entry));
    const rest = index.beside && controls.q.value ? "; searched are ids and the starts of prompts" : "";
    $("status").textContent = found.length
      ? `${number(page * PAGE + 1)} to ${number(page * PAGE + here.length)} of ${number(found.length)} rows${rest}`
      : `No row is like this${rest}`;
    $("page").textContent = `page ${number(page + 1)} of ${number(pages)}`;
    $("first").disabled = $("previous").disabled = page === 0;
    $("next").disabled = $("last").disabled = page >= pages - 1;
  };
  const refresh = () => {
    find();
    show();
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
  for (const name of ["source", "split", "reason", "verdict"]) controls[name].addEventListener("change", refresh);
  for (const name of ["f-changed", "f-gallery"]) $(name).addEventListener("change", refresh);
  let typed;
  controls.q.addEventListener("input", () => {
    clearTimeout(typed);
    typed = setTimeout(refresh, 120);
  });
  document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());

  // A link to a row opens it.
  const go = () => {
    if (!location.hash.startsWith("#row=")) return;
    let id = location.hash.slice(5);
    try {
      id = decodeURIComponent(id);
    } catch {
      // Typed by hand: looked for as it is.
    }
    for (const control of Object.values(controls)) control.value = "";
    $("f-changed").checked = $("f-gallery").checked = false;
    controls.q.value = id;
    refresh();
    const item = list.querySelector("details");
    if (item) {
      item.open = true;
      item.querySelector("summary").focus();
    }
    $("browser").scrollIntoView();
  };
  window.addEventListener("hashchange", go);

  $("browser").hidden = false;
  refresh();
  go();
  if (!index.beside) {
    const start = () => unpackAll().then(() => (document.documentElement.dataset.ready = "yes"), told);
    (window.requestIdleCallback || setTimeout)(start);
  }
})();

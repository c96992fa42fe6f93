// What a curator decides of rows: keys and buttons, undo, how far a list is, and the file that leaves the page.
(() => {
  const { $, make, number, say, remembered, index, rows, at, hooks, button, renderer } = Report;
  const review = Boolean(index.review);
  const places = new Map(rows.map((row, n) => [row[at.id], n]));

  // Decisions by id, as lines of decisions.jsonl. What is known of a row that has changed since counts for nothing here.
  const KEY = `manim-decisions ${index.key}`;
  const decisions = new Map();
  const done = []; // id and earlier decision of each step, for undo
  const decided = (row) => {
    const found = decisions.get(row[at.id]);
    return found && found.content === row[at.content] ? found : undefined;
  };
  const ACTIONS = ["keep", "drop", "edit", "note"];
  const actionOf = (line) => ACTIONS.find((name) => line[name]);
  const words = (line) => [actionOf(line), line.reason || (line.note !== true && line.note)].filter(Boolean).join(": ");
  const asLines = () => [...decisions.values()].map((line) => `${JSON.stringify(line)}\n`).join("");
  const read = (text, where) => {
    const lines = text.split("\n").filter((line) => line.trim());
    lines.forEach((text, n) => {
      try {
        const line = JSON.parse(text);
        if (line.id) decisions.set(line.id, line);
      } catch {
        throw new Error(`${where}, line ${n + 1}: not JSON`);
      }
    });
    return lines.length;
  };
  let written = Promise.resolve();
  const store = (id) => {
    remembered(KEY, asLines());
    if (!review) return;
    const body = JSON.stringify({ id, decision: decisions.get(id) || null });
    written = written
      .then(() => fetch("decisions", { method: "POST", body }))
      .then(async (answer) => {
        if (!answer.ok) throw new Error(await answer.text());
      })
      .catch((error) => say(`Not written to the folder (${error.message}); Download keeps what you decided`));
  };

  const change = (row, line, undoing = false) => {
    const id = row[at.id];
    if (!undoing) done.push([id, decisions.get(id)]);
    if (line) decisions.set(id, line);
    else decisions.delete(id);
    store(id);
    for (const item of $("list").querySelectorAll(".row")) hooks.mark(rows[Report.found()[item.dataset.place]], item);
    count();
  };
  const undo = () => {
    const last = done.pop();
    if (!last) return say("Nothing is left to undo");
    const row = rows[places.get(last[0])];
    change(row, last[1], true);
    const place = Report.found().indexOf(places.get(last[0]));
    Report.open(place);
    say(`Undone: ${last[0]}`);
  };
  const decide = (row, action, value, reason = "") => {
    if (row[at.official] && action !== "keep" && action !== "note") return say("An official test row stays as it was published");
    const line = { id: row[at.id], content: row[at.content], [action]: value };
    const note = reason || decided(row)?.reason || decided(row)?.note;
    if (note && action !== "note") line.reason = note;
    if ($("by").value.trim()) line.by = $("by").value.trim();
    line.at = new Date().toISOString().slice(0, 19) + "Z";
    change(row, line);
  };
  const next = (item) => {
    const place = Number(item.dataset.place) + 1;
    if (place < Report.found().length) Report.open(place);
    else say("That was the last of these rows");
  };
  const DO = {
    keep: (row, item) => (decide(row, "keep", true), next(item)),
    drop: (row, item) => (decide(row, "drop", true), next(item)),
    wrong: (row, item) => (decide(row, "drop", true, "wrong pair"), next(item)),
    note: (row, item) => asked(row, item, "note", [["Note", decided(row)?.reason || decided(row)?.note || "", false]], ([text]) => {
      const line = decided(row);
      if (line && !line.note) change(row, { ...line, reason: text });
      else decide(row, "note", text);
    }),
    edit: async (row, item) => {
      const text = await Report.textsOf(places.get(row[at.id]));
      if (text.shortened) return say("This text is not shown as it is (cut, or with signs that cannot be seen): edit it in a file");
      const was = [text.prompt || "", Report.programOf(text)];
      const now = decided(row)?.edit || {};
      const fields = [["Prompt", now.description ?? was[0], true], ["Program", now.code ?? was[1], true]];
      asked(row, item, "edit", fields, ([prompt, program]) => {
        const edit = {};
        if (prompt !== was[0]) edit.description = prompt;
        if (program !== was[1]) edit.code = program;
        if (!Object.keys(edit).length) return say("Nothing was changed");
        decide(row, "edit", edit);
      });
    },
  };

  // A small form in a row: fields with their names and texts; what was typed is handed on when it is saved.
  const asked = (row, item, what, fields, save) => {
    item.querySelector("form.ask")?.remove();
    const form = make("form", "ask");
    const inputs = fields.map(([title, text, long]) => {
      const label = make("label", "", title);
      const input = make(long ? "textarea" : "input");
      input.value = text;
      if (long) input.rows = Math.min(text.split("\n").length + 1, 24);
      label.append(input);
      form.append(label);
      return input;
    });
    const close = () => {
      form.remove();
      item.querySelector("summary").focus();
    };
    const buttons = make("p", "tools");
    const ok = make("button", "", `Save the ${what}`);
    buttons.append(ok, button("Cancel", close));
    if (what === "edit" && index.review === "render") buttons.append(...renderer(() => inputs[1].value));
    form.append(buttons);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      save(inputs.map((input) => input.value));
      close();
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close();
      if (event.key === "Enter" && event.ctrlKey) form.requestSubmit();
    });
    item.querySelector(".body .tools").after(form);
    inputs[0].focus();
  };

  const KEYS = { k: ["Keep", "keep"], d: ["Drop", "drop"], w: ["Wrong pair", "wrong"], n: ["Note", "note"], e: ["Edit", "edit"] };
  // What is decided of the rows in the list, and how far the list is.
  hooks.decided = decided;
  hooks.tools = (row, item) => Object.entries(KEYS).map(([key, [title, name]]) => button(title, () => DO[name](row, item), key));
  hooks.mark = (row, item) => {
    const line = decided(row);
    item.querySelector(".decided").textContent = line ? words(line) : "";
    item.classList.toggle("is-decided", Boolean(line));
  };
  const count = () => {
    const found = Report.found();
    const ready = found.reduce((sum, n) => sum + Boolean(decided(rows[n])), 0);
    $("progress").max = Math.max(found.length, 1);
    $("progress").value = ready;
    $("decided").textContent = `${number(ready)} of ${number(found.length)} rows here are decided, ${number(decisions.size)} in all`;
    $("undo").disabled = !done.length;
    $("download").disabled = !decisions.size;
  };
  hooks.shown = count;

  $("undo").addEventListener("click", undo);
  $("download").addEventListener("click", () => {
    const anchor = make("a");
    anchor.href = URL.createObjectURL(new Blob([asLines()], { type: "application/jsonl" }));
    anchor.download = "decisions.jsonl";
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(anchor.href), 10_000);
  });
  $("load").addEventListener("change", async () => {
    const [file] = $("load").files;
    if (!file) return;
    try {
      const lines = read(await file.text(), file.name);
      for (const id of decisions.keys()) if (review) store(id);
      remembered(KEY, asLines());
      Report.refresh();
      say(`${number(lines)} decisions were read from ${file.name}`);
    } catch (error) {
      say(error.message);
    }
    $("load").value = "";
  });
  $("by").value = remembered("manim-decisions-by");
  $("by").addEventListener("change", () => remembered("manim-decisions-by", $("by").value.trim()));

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    if (event.key === "/") {
      event.preventDefault();
      return $("q").focus();
    }
    if (event.key === "u") return undo();
    if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      if (event.target.closest("pre")) return;
      event.preventDefault();
      return Report.open(event.key === "ArrowRight" ? Report.current() + 1 : Math.max(Report.current() - 1, 0));
    }
    const item = $("list").querySelector(`.row[open][data-place="${Report.current()}"]`);
    if (!item || !KEYS[event.key] || !item.querySelector(".tools")) return;
    event.preventDefault();
    DO[KEYS[event.key][1]](rows[Report.found()[item.dataset.place]], item);
  });

  const begin = async () => {
    try {
      const known = review ? await (await fetch("decisions")).text() : remembered(KEY);
      read(known, "decisions.jsonl");
    } catch (error) {
      say(error.message);
    }
    Report.start();
  };
  begin();
})();

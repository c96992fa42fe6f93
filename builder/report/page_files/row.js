// An opened row: all that is known of it, its texts to copy, and where `review` serves the page, what rendering it shows.
(() => {
  const { make, say, index, at, hooks } = Report;

  const button = (text, run, key) => {
    const made = make("button", "", text);
    made.type = "button";
    if (key) made.append(" ", make("kbd", "", key));
    made.addEventListener("click", run);
    return made;
  };
  const copied = ([name, text]) =>
    button(name, () => navigator.clipboard.writeText(text).then(() => say(`Copied the ${name}`), () => say("This browser does not let a page copy")));

  // `review` renders programs: what comes of one, and a short loop; in the gallery, of what the mouse rests on.
  const rendered = async (code) => {
    const answer = await fetch("render", { method: "POST", body: JSON.stringify({ code }) });
    if (!answer.ok) throw new Error(await answer.text());
    const { verdict, picture } = await answer.json();
    return { verdict, loop: picture && `data:image/webp;base64,${picture}` };
  };
  if (index.review === "render")
    hooks.tile = (n, item) => {
      const image = item.querySelector("img");
      let still, resting;
      item.addEventListener("mouseenter", () => {
        resting = setTimeout(async () => {
          const { loop } = await rendered(Report.programOf(await Report.textsOf(n))).catch(() => ({}));
          if (!loop || !item.matches(":hover")) return;
          still = image.src;
          image.src = loop;
        }, 300);
      });
      item.addEventListener("mouseleave", () => {
        clearTimeout(resting);
        if (still) image.src = still;
      });
    };
  const renderer = (codeOf) => {
    const shown = make("output");
    const run = async () => {
      shown.replaceChildren("rendering …");
      try {
        const { verdict, loop } = await rendered(codeOf());
        shown.replaceChildren(verdict);
        if (!loop) return;
        const image = make("img");
        image.alt = "a short loop of what the program shows";
        image.src = loop;
        shown.append(image);
      } catch (error) {
        shown.replaceChildren(error.message);
      }
    };
    return [button("Render", run), shown];
  };

  // An opened row.
  const link = (id) => {
    const anchor = make("a", "id", id);
    anchor.href = `#row=${encodeURIComponent(id)}`;
    return anchor;
  };
  const part = (title, ...content) => {
    const box = make("div");
    box.append(make("h4", "", title), ...content);
    return box;
  };
  const listed = (tag, className, items) => {
    const list = make(tag, className);
    for (const content of items) {
      const item = make("li");
      item.append(...content);
      list.append(item);
    }
    return list;
  };
  const shown = (program) => {
    const pre = make("pre", "code");
    pre.tabIndex = 0;
    pre.append(coloured(program));
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
  const meta = (row, text) => {
    const line = make("p", "meta");
    const add = (label, ...value) => {
      if (value.every((piece) => piece === undefined || piece === "")) return;
      const item = make("span", "", `${label} `);
      item.append(...value);
      line.append(item);
    };
    const [reason, , gloss] = index.reasons[row[at.reason]];
    add("dropped:", reason && `${reason}${gloss && `, ${gloss}`}`);
    add("", text.detail);
    add("stood against", text.kept && link(text.kept));
    add("re-paired with the program of", text.from && link(text.from));
    add("score", typeof row[at.score] === "number" ? row[at.score].toFixed(3) : undefined);
    add("difficulty:", text.difficulty);
    if (row[at.official]) line.append(make("span", "", "official test row"));
    add("", text.error);
    return line;
  };
  Report.body = async (row, n, box) => {
    const text = await Report.textsOf(n);
    const item = box.closest(".row");
    const program = Report.programOf(text);
    const prompt = make("p", "prompt", text.prompt || "(empty)");
    prompt.dir = "auto";
    const tools = make("p", "tools");
    tools.append(...hooks.tools(row, item));
    const copies = make("span", "copies", "Copy ");
    const texts = { id: row[at.id], prompt: text.prompt || "", program, "explain line": `python -m builder explain ${row[at.id]}` };
    copies.append(...Object.entries(texts).map(copied));
    tools.append(copies);
    box.replaceChildren(meta(row, text), tools);
    if (row[at.thumb] >= 0) box.append(Report.picture(row));
    box.append(part("Prompt", prompt));
    if (text.variants) box.append(part("Written in other words too", listed("ol", "prompt", text.variants.map((variant) => [variant]))));
    if (text.changes) box.append(part("Changed by cleaning and repair", changed(text.changes)));
    if (row[at.steps].length) box.append(listed("ul", "meta", row[at.steps].map((n) => [make("code", "", index.steps[n][0]), ` ${index.steps[n][1]}`])));
    if (program) box.append(part("Program", shown(program), ...(index.review === "render" ? renderer(() => program) : [])));
  };
  Object.assign(Report, { button, renderer });
})();

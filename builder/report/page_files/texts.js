// The page's theme, and the texts and pictures of rows. The other scripts build on what this one hands out.
const Report = (() => {
  const $ = (id) => document.getElementById(id);
  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const number = (value) => value.toLocaleString("en-US");
  const say = (text) => ($("status").textContent = text);
  const failed = (error) => say(String(error.message || error));

  // What the browser remembers, where it may.
  const remembered = (key, value) => {
    try {
      if (value !== undefined) localStorage.setItem(key, value);
      return localStorage.getItem(key) || "";
    } catch {
      return value || "";
    }
  };

  // The theme: as the system has it, until a person chooses.
  const THEMES = { "": "as the system", light: "light", dark: "dark" };
  const wear = (theme) => {
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    $("theme").querySelector("span").textContent = THEMES[theme];
  };
  let theme = remembered("manim-report-theme") in THEMES ? remembered("manim-report-theme") : "";
  wear(theme);
  $("theme").hidden = false;
  $("theme").addEventListener("click", () => {
    const names = Object.keys(THEMES);
    theme = names[(names.indexOf(theme) + 1) % names.length];
    remembered("manim-report-theme", theme);
    wear(theme);
  });

  // Chunks: in this page, or in files beside it.
  const index = JSON.parse($("index").textContent);
  const rows = index.rows;
  const at = Object.fromEntries(index.columns.map((name, n) => [name, n]));
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
  const textsOf = async (n) => (await chunk(`rows-${Math.floor(n / index.size)}`, unpacked))[n % index.size];
  const pictureOf = async (place) =>
    "data:image/webp;base64," +
    (await chunk(`thumbs-${Math.floor(place / index.thumbs)}`, (content) => content.split(" ")))[place % index.thumbs];
  const programOf = (text) => text.code || "";

  // Search: ids and the starts of prompts at once; whole texts as soon as they are unpacked.
  const heads = rows.map((row) => `${row[at.id]}\n${row[at.head]}`.toLowerCase());
  const whole = new Array(rows.length);
  const unpackAll = async () => {
    for (let first = 0; first < rows.length; first += index.size) {
      const texts = await chunk(`rows-${first / index.size}`, unpacked);
      texts.forEach((text, n) => {
        whole[first + n] = `${rows[first + n][at.id]}\n${text.prompt || ""}\n${programOf(text)}`.toLowerCase();
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
        pictureOf(Number(target.dataset.thumb)).then((source) => (target.src = source), failed);
      }
    },
    { rootMargin: "200px" },
  );
  const picture = (row) => {
    const image = make("img");
    image.alt = `last frame of ${row[at.id]}`;
    image.width = 320;
    image.height = 180;
    image.dataset.thumb = row[at.thumb];
    seen.observe(image);
    return image;
  };
  const searched = (n) => whole[n] || heads[n];
  return { $, make, number, say, failed, remembered, index, rows, at, textsOf, programOf, picture, searched, unpackAll };
})();

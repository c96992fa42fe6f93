"use strict";
// Programs in colours. The page holds them as plain text; what is a comment, a string, a name is found where it is shown.
const coloured = (() => {
  const words =
    "and as assert async await break class continue def del elif else except finally for from global if import in is lambda " +
    "nonlocal not or pass raise return try while with yield";
  const quoted = ['"', "'"].map(
    (mark) =>
      `${mark.repeat(3)}(?:[^${mark}\\\\]|\\\\[^]|${mark}(?!${mark.repeat(2)}))*(?:${mark.repeat(3)}|$)` +
      `|${mark}(?:[^${mark}\\\\\\n]|\\\\[^])*${mark}?`,
  );
  const kinds = [
    ["k", `(?:${words.replaceAll(" ", "|")})(?![\\p{L}\\p{N}_])`],
    ["kc", "(?:True|False|None|self|super)(?![\\p{L}\\p{N}_])"],
    ["s", `[rbfuRBFU]{0,2}(?:${quoted.join("|")})`],
    ["nc", "[A-Z][\\p{L}\\p{N}_]*"],
    ["nf", "[a-z_][\\p{L}\\p{N}_]*(?=\\()"],
    ["m", "\\d[\\p{L}\\p{N}_.]*"],
    ["", "[\\p{L}\\p{N}_]+"], // any other word, whole: what stands within it is none of these
    ["c", "#.*"],
    ["nd", "@[\\p{L}\\p{N}_.]*"],
  ];
  const token = new RegExp(kinds.map(([, pattern]) => `(${pattern})`).join("|"), "gu");
  return (code) => {
    const made = document.createDocumentFragment();
    let done = 0;
    for (const found of code.matchAll(token)) {
      const kind = kinds[found.findIndex((part, n) => n && part !== undefined) - 1][0];
      if (!kind) continue;
      const span = document.createElement("span");
      span.className = kind;
      span.textContent = found[0];
      made.append(code.slice(done, found.index), span);
      done = found.index + found[0].length;
    }
    made.append(code.slice(done));
    return made;
  };
})();
for (const program of document.querySelectorAll(".python")) program.replaceChildren(coloured(program.textContent));

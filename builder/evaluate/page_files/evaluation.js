"use strict";
const form = document.getElementById("filters");
const rows = [...document.querySelectorAll("details")];
const texts = rows.map((row) => row.querySelector("summary").textContent.toLowerCase() + row.querySelector(".prompt").textContent.toLowerCase());
function show() {
  const wanted = new FormData(form);
  const text = wanted.get("text").toLowerCase();
  let count = 0;
  rows.forEach((row, number) => {
    const fits = ["outcome", "source", "exception"].every((name) => !wanted.get(name) || row.dataset[name] === wanted.get(name));
    row.hidden = !(fits && texts[number].includes(text));
    count += !row.hidden;
  });
  document.getElementById("count").textContent = `${count} of ${rows.length}`;
}
form.addEventListener("input", show);
form.addEventListener("submit", (event) => event.preventDefault());
show();

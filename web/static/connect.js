// Comfort on top of pages that work without it: pieces refresh, rows are added, changes are counted.
"use strict";
document.documentElement.classList.add("has-js");

const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// "/" goes to the search
document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
  if (event.key === "/" && !typing) {
    event.preventDefault();
    document.getElementById("search")?.focus();
  }
});

// On a narrow screen the chosen tab may be out of sight
for (const tabs of all(".tabs")) {
  const chosen = tabs.querySelector("[aria-current]");
  if (chosen) tabs.scrollLeft = chosen.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - chosen.offsetWidth) / 2;
}

// Pieces that refresh: at once when lazy, and again while the piece says that something is still running.
async function refresh(place) {
  try {
    const answer = await fetch(place.dataset.refresh, { headers: { "X-Fragment": "1" } });
    if (answer.status === 401) return location.reload();
    if (answer.ok) show(place, await answer.text());
  } catch {
    // The server is away for a moment: the next round asks again.
  }
  if (place.querySelector("[data-still-busy]")) wait(place);
}
function show(place, html) {
  const before = place.innerText;
  place.innerHTML = html;
  // What a run changes is asked for again when its piece changed.
  if (place.dataset.tells && before.trim() !== place.innerText.trim()) all(place.dataset.tells).forEach(refresh);
}
function wait(place) {
  setTimeout(() => refresh(place), Number(place.dataset.every) || 1500);
}
for (const place of all("[data-refresh]")) {
  if (place.hasAttribute("data-told")) continue;
  if (!place.hasAttribute("data-every") || place.hasAttribute("data-now")) refresh(place);
  else if (place.querySelector("[data-still-busy]")) wait(place);
  else setTimeout(() => refresh(place), 2500);
}

// Forms: ask first where it matters, send once, say what is being done.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const question = event.submitter?.dataset.confirm || form.dataset.confirm;
  if (question && !confirm(question)) {
    event.preventDefault();
    return;
  }
  if (form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  const place = form.querySelector("[data-busy-place]");
  if (place && form.dataset.busy) {
    const line = document.createElement("div");
    line.className = "working state state-running";
    line.innerHTML = '<span class="state-shape"></span><span class="state-word" role="status"></span>';
    line.querySelector(".state-word").textContent = form.dataset.busy;
    const expected = place.querySelector("template");
    place.replaceChildren(line, ...(expected ? [expected.content.cloneNode(true)] : []));
    all("[data-busy-hide]", form).forEach((one) => (one.hidden = true));
  }
  // The pressed button's value must still be sent, so it is disabled only afterwards.
  setTimeout(() => all("button", form).forEach((button) => (button.disabled = true)));
});
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of all("form[data-sent]")) {
    delete form.dataset.sent;
    all("button", form).forEach((button) => (button.disabled = false));
  }
});

// Rows of mapping tables and filters
document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.hasAttribute("data-add")) {
    const box = button.parentElement.querySelector("template") ? button.parentElement : button.closest("form");
    const template = box.querySelector("template");
    const row = template.content.firstElementChild.cloneNode(true);
    template.before(row);
    row.querySelector("input, select")?.focus();
  }
  if (button.hasAttribute("data-remove")) button.closest(".rule-row").remove();
  if (button.hasAttribute("data-clear")) {
    const select = button.closest(".map-row").querySelector("select");
    select.value = "";
    select.dispatchEvent(new Event("input", { bubbles: true }));
    button.closest(".map-row").style.opacity = 0.45;
  }
  if (button.hasAttribute("data-copy")) {
    navigator.clipboard?.writeText(button.dataset.copy).then(() => button.classList.add("is-copied"));
  }
});

// The save bar counts what was changed and warns before it is lost.
for (const form of all("form[data-savebar]")) {
  const values = () => {
    const found = new Map();
    for (const [name, value] of new FormData(form)) found.set(name, [...(found.get(name) || []), value]);
    return found;
  };
  const before = values();
  const counter = form.querySelector(".savebar-count");
  let changes = 0;
  const count = () => {
    const now = values();
    const names = new Set([...before.keys(), ...now.keys()]);
    changes = [...names].filter((name) => String(before.get(name)) !== String(now.get(name))).length;
    const { one, many } = counter.dataset;
    counter.textContent = changes === 0 ? "" : changes === 1 ? one : many.replace("{n}", changes);
  };
  form.addEventListener("input", count);
  window.addEventListener("beforeunload", (event) => {
    if (changes && !form.dataset.sent) event.preventDefault();
  });
}

// Choosing many rows
for (const form of all("form[data-bulk]")) {
  const boxes = all("input[name=ids]", form);
  const head = form.querySelector("[data-check-all]");
  const label = form.querySelector("[data-count]");
  const said = label.textContent;
  const show = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    head.checked = chosen > 0 && chosen === boxes.length;
    head.indeterminate = chosen > 0 && chosen < boxes.length;
    label.textContent = chosen ? `${said} (${chosen})` : said;
  };
  head.addEventListener("change", () => {
    boxes.forEach((box) => (box.checked = head.checked));
    show();
  });
  form.addEventListener("change", (event) => event.target !== head && show());
}

// Open pop-ups close when something else is chosen.
document.addEventListener("click", (event) => {
  for (const pop of all("details.pop[open]")) if (!pop.contains(event.target)) pop.open = false;
});

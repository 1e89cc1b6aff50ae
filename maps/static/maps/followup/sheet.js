// Keeps each field of a follow-up sheet as soon as it is left or typing stops, and takes the last
// one back when asked. Without this script the form is posted whole.
const PAUSE = 800;
const form = document.querySelector("form[data-sheet]");
const status = form.querySelector("[data-status]");
const undo = form.querySelector("[data-undo]");
const kept = new Map();
const steps = [];
const waiting = new Map();
let queue = Promise.resolve();
let working = 0;

const fields = [...form.querySelectorAll("[data-field]")];
for (const field of fields) {
  kept.set(field, field.value);
  field.addEventListener("input", () => later(field));
  field.addEventListener("change", () => now(field));
}
undo.hidden = false;
undo.addEventListener("click", takeBack);
form.addEventListener("submit", () => waiting.forEach(clearTimeout));

function later(field) {
  clearTimeout(waiting.get(field));
  waiting.set(field, setTimeout(() => now(field), PAUSE));
  tellBusy();
}

function now(field) {
  clearTimeout(waiting.get(field));
  waiting.delete(field);
  keepInTurn(field, field.value, true);
}

/** One after the other: answers must not cross. */
function keepInTurn(field, text, isNew) {
  working += 1;
  tellBusy();
  queue = queue
    .then(() => keep(field, text, isNew))
    .finally(() => {
      working -= 1;
      tellBusy();
    });
}

function tellBusy() {
  form.setAttribute("aria-busy", String(working > 0 || waiting.size > 0));
}

async function takeBack() {
  fields.filter((field) => waiting.has(field)).forEach(now);
  await queue;
  const step = steps.pop();
  if (!step) return say(form.dataset.nothing);
  step.field.value = step.before;
  keepInTurn(step.field, step.before, false);
  await queue;
  step.field.focus();
}

async function keep(field, text, isNew) {
  const before = kept.get(field);
  if (text === before) return;
  const told = await send(field, text);
  if (told === null) {
    kept.set(field, text);
    if (isNew) steps.push({ field, before });
  }
  field.setAttribute("aria-invalid", told === null ? "false" : "true");
  say(told === null ? (isNew ? form.dataset.kept : form.dataset.undone) : `${form.dataset.failed} ${told}`);
}

/** Post one field alone; return null once it is kept, else what is wrong. */
async function send(field, text) {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  body.set(field.name, text);
  try {
    const answer = await fetch(form.dataset.sheet, {
      method: "POST",
      headers: { Accept: "application/json" },
      body,
    });
    return (await answer.json()).told || null;
  } catch {
    return form.dataset.lost;
  }
}

function say(words) {
  status.textContent = words;
}

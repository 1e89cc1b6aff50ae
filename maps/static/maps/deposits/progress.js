// Follows the work on a deposit; reloads the page when it has ended.
const PAUSE = 700;
const box = document.querySelector("[data-state]");
const bar = box.querySelector("progress");
const numbers = new Intl.NumberFormat(document.documentElement.lang);

async function look() {
  try {
    const answer = await fetch(box.dataset.state, { headers: { Accept: "application/json" } });
    if (answer.status === 404) return location.reload();
    if (answer.ok && show(await answer.json())) return location.reload();
  } catch {
    // The server restarts: ask again.
  }
  return setTimeout(look, PAUSE);
}

function show(told) {
  box.querySelector("[data-word]").textContent = told.state;
  const count = box.querySelector("[data-count]");
  if (told.total) {
    bar.value = (100 * told.done) / told.total;
    count.textContent = `${numbers.format(told.done)} / ${numbers.format(told.total)}`;
  } else if (told.done) count.textContent = numbers.format(told.done);
  return !told.working;
}

look();

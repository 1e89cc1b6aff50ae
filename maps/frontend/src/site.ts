/** What every page does besides showing: the menu of narrow screens, and words explained. */

/** Folds the ways to other pages under one button; without this script they stand open. */
function bindMenu(): void {
  const button = document.querySelector<HTMLButtonElement>("[data-menu]");
  if (!button) return;
  button.hidden = false;
  const open = (wanted: boolean): void => button.setAttribute("aria-expanded", String(wanted));
  button.addEventListener("click", () => open(button.getAttribute("aria-expanded") !== "true"));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || button.getAttribute("aria-expanded") !== "true") return;
    open(false);
    button.focus();
  });
}

/** A meaning goes with Escape, so that it never stands in the way of what it covers. */
function bindTerms(): void {
  const terms = [...document.querySelectorAll<HTMLElement>(".term")];
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const term of terms) term.classList.add("term--closed");
  });
  for (const term of terms) {
    const again = (): void => term.classList.remove("term--closed");
    term.addEventListener("mouseleave", again);
    term.addEventListener("focusout", again);
    term.addEventListener("mouseenter", () => keepInside(term));
    term.addEventListener("focusin", () => keepInside(term));
  }
}

/** Near the right edge the meaning opens towards the left. */
function keepInside(term: HTMLElement): void {
  const text = term.querySelector<HTMLElement>(".term__text");
  if (!text) return;
  const { right } = text.getBoundingClientRect();
  text.classList.toggle("term__text--left", right > document.documentElement.clientWidth);
}

bindMenu();
bindTerms();

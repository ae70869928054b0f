// What opens below a button: the browser opens and closes it, and gives back the focus; here it is put in its place.

const MARGIN = 8;

/** Puts every popover below the button that opens it, within the page. */
export function placePopovers() {
  document.addEventListener("toggle", ({ target, newState }) => {
    if (newState !== "open" || !target.popover) return;
    const button = [...document.querySelectorAll(`[popovertarget="${target.id}"]`)].find((each) => each.checkVisibility());
    if (!button) return;
    const { left, bottom } = button.getBoundingClientRect();
    const widest = document.documentElement.clientWidth - target.offsetWidth - MARGIN;
    target.style.left = `${Math.max(MARGIN, Math.min(left, widest))}px`;
    target.style.top = `${Math.max(MARGIN, Math.min(bottom + 6, innerHeight - target.offsetHeight - MARGIN))}px`;
  }, true);
}

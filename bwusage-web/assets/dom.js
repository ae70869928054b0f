// Building parts of the page: elements with their properties and what is in them. All text goes through textContent.

/** An element of this tag with `properties` (those of the DOM; `data` for data-…, `attributes` for others) and `children`. */
export function element(tag, { data = {}, attributes = {}, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  Object.assign(made.dataset, data);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child != null));
  return made;
}

/** A button that does `action`. */
export function button(text, action, properties = {}) {
  const made = element("button", { type: "button", textContent: text, ...properties });
  made.addEventListener("click", action);
  return made;
}

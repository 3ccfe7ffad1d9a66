// The only place where this page makes elements. It sets text as text and only known attributes, so that
// nothing from a crawled page (a title, a URL, a message) can become markup, a script or a link to a script.

const attributes = new Set(
  'id class type name value for href role title placeholder min max step rows autocomplete spellcheck datetime tabindex disabled required checked selected multiple hidden open scope colspan inputmode enterkeyhint target rel download list maxlength novalidate autofocus'.split(
    ' ',
  ),
);
const linkable = /^(#|\/(?!\/)|https?:\/\/)/i;

/**
 * Makes an element. Null, undefined and false children are left out; any other child that is not a node
 * becomes text. `on` holds listeners by event name.
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...any} children
 * @returns {any}
 */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) set(node, name, value);
  node.append(...shownOf(children));
  return node;
}

/** Replaces all children of the node. */
export function fill(node, ...children) {
  node.replaceChildren(...shownOf(children));
}

/** Sets the text of a node, only if it has changed, so that text selected in a live table stays selected. */
export function setText(node, text) {
  const string = String(text);
  if (node.textContent !== string) node.textContent = string;
}

/** Sets an attribute, only if it has changed; null removes it. */
export function setAttribute(node, name, value) {
  if (value === null || value === false) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) set(node, name, value);
}

function shownOf(children) {
  return children
    .flat(3)
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)));
}

function set(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === 'on') {
    for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
  } else if (name === 'href' && !linkable.test(value)) {
    throw new Error(`not a link: ${value}`);
  } else if (attributes.has(name) || /^(aria|data)-[a-z-]+$/.test(name)) {
    node.setAttribute(name, value === true ? '' : String(value));
  } else {
    throw new Error(`not an attribute of this page: ${name}`);
  }
}

// Small helpers to build a page, write numbers, and draw bars.

const SVG = "http://www.w3.org/2000/svg";

function build(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

/** An HTML element; attributes that begin with "on" are listeners. */
export const html = (name, attributes = {}, ...children) => build(document.createElement(name), attributes, children);

/** An SVG element. */
export const svg = (name, attributes = {}, ...children) =>
  build(document.createElementNS(SVG, name), attributes, children);

/** Set attributes that change; the browser lays out again only what did. */
export function put(node, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    const text = String(value);
    if (node.getAttribute(key) !== text) node.setAttribute(key, text);
  }
}

/** Set text where it changed. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const pending = new Map();

/** Set names and hints that only `settle` writes: while something is dragged, nobody reads them. */
export function describe(node, attributes, text = null) {
  pending.set(node, { attributes, text });
}

/** Write all that was described. */
export function settle() {
  for (const [node, { attributes, text }] of pending) {
    put(node, attributes);
    if (text !== null) say(node, text);
  }
  pending.clear();
}

/** A number with a true minus sign, and none before zero. */
export const number = (x, digits = 2) => x.toFixed(digits).replace(/^-(?=0\.?0*$)/, "").replace("-", "\u2212");

/** Agents are numbered from 1, as in the paper. */
export const agentName = (i) => `agent ${i + 1}`;

/** "1" for a single agent's term, "1, 2" for a pair's. */
export const termName = (members) => members.map((i) => i + 1).join(", ");

/** A coloured disc with an agent's number. */
export const disc = (i) => html("span", { class: `disc a${i % 10}`, "aria-hidden": "true" }, String(i + 1));

/** A bar that grows from zero to either side; `set` moves it on an axis from low to high. */
export function bar(kind = "") {
  const fill = html("span", { class: "fill" }), zero = html("span", { class: "zero" });
  const node = html("span", { class: `track ${kind}`, "aria-hidden": "true" }, zero, fill);
  const set = (value, low, high) => {
    const place = (x) => (100 * (Math.min(Math.max(x, low), high) - low)) / (high - low);
    const [from, to] = [place(Math.min(value, 0)), place(Math.max(value, 0))];
    // moved by transforms alone, which need no new layout
    fill.style.transform = `translateX(${from.toFixed(2)}%) scaleX(${((to - from) / 100).toFixed(4)})`;
    zero.style.transform = `translateX(${place(0).toFixed(2)}%)`;
    fill.classList.toggle("negative", value < 0);
  };
  return { node, set };
}

/** Widen an axis to hold values; it never shrinks, so that bars stay comparable from step to step. */
export function widen(axis, values) {
  axis.low = Math.min(axis.low, ...values);
  axis.high = Math.max(axis.high, ...values);
}

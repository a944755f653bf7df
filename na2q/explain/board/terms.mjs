// Where Q_tot comes from: a row of bars for each term, and the curves that the terms lie on.

import { agentName, bar, describe, disc, html, number, put, say, svg, termName, widen } from "./dom.mjs";

const WORDS = {
  na2q: {
    credit: ["\u03b1", "credit: how much the mixer heeds this term now; all credits are positive and sum to 1"],
    value: ["f", "shape function: what the utilities of these agents are worth, in units of the return"],
    product: ["\u03b1\u00b7f", "contribution to Q_tot, in units of the return"],
    bias: ["f\u2080(s)", "value of the state itself, whatever the agents do"],
    curves: "Each curve is a shape function f of one agent's utility Q; the point is where this board puts it. Squares are those of pairs over both utilities: the more orange, the more the two are worth together. Shape functions rise everywhere and stay as they were trained: only points move.",
    axis: "f",
  },
  vdn: {
    credit: ["weight", "VDN gives every agent weight 1"],
    value: ["Q", "utility of the agent's next action, in units of the return"],
    product: ["Q", "contribution to Q_tot, in units of the return"],
    bias: ["0", "VDN adds nothing of the state"],
    curves: "VDN adds utilities as they are, so every curve is the same straight line.",
    axis: "Q",
  },
  qmix: {
    credit: ["slope", "slope of Q_tot in this agent's utility, here; QMIX has no term for an agent alone"],
    value: ["Q", "utility of the agent's next action, in units of the return"],
    product: ["slope\u00b7Q", "slope times utility: a local account of Q_tot, in units of the return"],
    bias: ["rest", "what slopes times utilities leave of Q_tot: the state's value and the bends of the mixing network"],
    curves: "QMIX mixes all agents at once: each curve is Q_tot as this agent's utility changes and all else stays. Curves change with the board.",
    axis: "Q_tot",
    moving: true,  // the curves change with the state
  },
};

export class Terms {
  constructor(net) {
    this.net = net;
    this.words = WORDS[net.method];
    this.axes = { credit: { low: 0, high: 0.3 }, value: { low: -0.2, high: 0.6 }, product: { low: -0.1, high: 0.3 } };
    this.rows = [null, ...net.terms].map((term) => this.#row(term));
    this.total = html("span", {});
    const heads = ["credit", "value", "product"].map((kind) => html("th", { scope: "col", title: this.words[kind][1] }, this.words[kind][0]));
    this.sumUp = html("p", { class: "equation", title: "value of the joint action that comes next, by the mixer, in units of the return" }, html("strong", {}, "Q", html("sub", {}, "tot"), " = ", this.total));
    this.table = html("table", {},
      html("caption", { class: "hidden" }, "terms of Q_tot"),
      html("thead", {}, html("tr", {}, html("th", { scope: "col" }, "who"), ...heads)),
      html("tbody", {}, ...this.rows.map(({ node }) => node)));
  }

  #row(term) {
    const who = term === null
      ? html("th", { scope: "row", title: this.words.bias[1] }, this.words.bias[0])
      : html("th", { scope: "row", title: `term of ${term.members.map(agentName).join(" and ")}` }, html("span", { class: "hidden" }, termName(term.members)), ...term.members.map(disc));
    const cells = ["credit", "value", "product"].map((kind) => {
      const made = bar(`of-${kind}`), value = html("span", { class: "value" });
      return { kind, bar: made, value, node: html("td", {}, html("div", { class: "cell" }, made.node, value)) };
    });
    if (term === null) cells[0].node.replaceChildren();
    if (term === null) cells[1].node.replaceChildren();
    return { term, cells, node: html("tr", {}, who, ...cells.map(({ node }) => node)) };
  }

  draw({ value }) {
    const products = value.values.map((x, k) => x * value.credits[k]);
    widen(this.axes.credit, value.credits);
    widen(this.axes.value, value.values);
    widen(this.axes.product, [...products, value.bias]);
    this.rows.forEach(({ term, cells }, row) => {
      const numbers = term === null ? { product: value.bias }
        : { credit: value.credits[row - 1], value: value.values[row - 1], product: products[row - 1] };
      for (const { kind, bar: made, value: text, node } of cells) {
        if (!(kind in numbers)) continue;
        made.set(numbers[kind], this.axes[kind].low, this.axes[kind].high);
        say(text, number(numbers[kind], 3));
        describe(node, { title: `${this.words[kind][0]} = ${number(numbers[kind], 4)}: ${this.words[kind][1]}` });
      }
    });
    say(this.total, number(value.total, 3));
  }
}

const POINTS = 41;
const GRID = 16;
const [WIDE, HIGH] = [150, 92];

/** Shape functions of single agents as curves and of pairs as maps, each with the present point. */
export class Curves {
  constructor(net, range) {
    Object.assign(this, { net, range, words: WORDS[net.method] });
    this.qs = Array.from({ length: POINTS }, (_, k) => range[0] + ((range[1] - range[0]) * k) / (POINTS - 1));
    const alone = net.terms.some(({ members }) => members.length === 1);
    this.single = alone ? Array.from({ length: net.task.players }, (_, i) => curve(i, range, this.words.axis)) : [];
    this.pairs = net.terms.flatMap((term, k) => (term.members.length === 2 ? [pairMap(net, k, term.members, range)] : []));
    this.fixed = !this.words.moving;
    this.note = html("p", { class: "note" }, this.words.curves);
    this.node = html("div", { class: "curves" }, html("div", { class: "singles" }, ...this.single.map(({ node }) => node)),
      html("div", { class: "pairs" }, ...this.pairs.map(({ node }) => node)));
  }

  draw({ taken, state, value }) {
    if (this.single.length) {
      const at = this.net.curve(state);
      if (!this.fixed || !this.lines) this.#lines(at, taken);
      const all = this.lines.flat(), low = Math.min(...all), high = Math.max(...all, low + 1e-6);
      this.single.forEach((one, i) => one.draw(this.lines[i], taken[i], at(i, taken), low, high, this.range));
    }
    for (const map of this.pairs) map.draw(taken, value.values[map.term]);
  }

  #lines(at, taken) {
    this.lines = taken.map((_, i) => this.qs.map((x) => at(i, taken.map((q, j) => (j === i ? x : q)))));
  }
}

function curve(agent, range, axis) {
  const line = svg("polyline", { class: "line" }), point = svg("circle", { r: 5, class: "point" });
  const drop = svg("path", { class: "drop" }), title = svg("title"), reading = html("span", { class: "value" });
  const label = (x, anchor, text) => svg("text", { x, y: HIGH + 12, "text-anchor": anchor }, text);
  const node = svg("svg", { viewBox: `-4 -6 ${WIDE + 8} ${HIGH + 22}`, role: "img" }, title,
    svg("rect", { class: "ground", width: WIDE, height: HIGH, rx: 6 }), drop, line, point,
    label(0, "start", number(range[0], 1)), label(WIDE / 2, "middle", "Q"), label(WIDE, "end", number(range[1], 1)));
  const figure = html("figure", { class: `a${agent % 10}` }, html("figcaption", {}, disc(agent), reading), node);
  return {
    node: figure,
    draw(values, q, value, low, high, [from, to]) {
      const y = (v) => (HIGH - 6 - ((Math.min(Math.max(v, low), high) - low) / (high - low)) * (HIGH - 12)).toFixed(1);
      const x = (((Math.min(Math.max(q, from), to) - from) / (to - from)) * WIDE).toFixed(1);
      put(line, { points: values.map((v, k) => `${((k * WIDE) / (POINTS - 1)).toFixed(1)},${y(v)}`).join(" ") });
      put(point, { cx: x, cy: y(value) });
      put(drop, { d: `M${x} ${HIGH} V${y(value)} H0` });
      const text = `${agentName(agent)}: at Q = ${number(q)} the curve is at ${axis} = ${number(value)}`;
      describe(node, { "aria-label": text });
      describe(title, {}, text);
      say(reading, `${axis} ${number(value)}`);
    },
  };
}

/** A pair's shape function over both utilities: the more colour, the more the pair is worth. */
function pairMap(net, term, [i, j], [low, high]) {
  const nodes = Array.from({ length: GRID }, (_, k) => low + ((high - low) * (k + 0.5)) / GRID);
  const grid = nodes.map((qi) => nodes.map((qj) => {
    const q = new Array(net.task.players).fill(0);
    [q[i], q[j]] = [qi, qj];
    return net.shape(term, q);
  }));
  const least = Math.min(...grid.flat()), most = Math.max(...grid.flat(), least + 1e-6);
  const point = svg("circle", { r: 5, class: "point" }), title = svg("title"), reading = html("span", { class: "value" });
  const picture = svg("svg", { viewBox: "-14 -4 114 116", role: "img" }, title, svg("rect", { class: "ground", width: 96, height: 96 }),
    svg("image", { href: shaded(grid, least, most), width: 96, height: 96 }), point,
    svg("text", { x: 48, y: 109, "text-anchor": "middle" }, `Q of ${i + 1}`),
    svg("text", { x: -5, y: 48, "text-anchor": "middle", transform: "rotate(-90 -5 48)" }, `Q of ${j + 1}`));
  const node = html("figure", {}, html("figcaption", {}, disc(i), disc(j), reading), picture);
  const place = (q) => Math.min(Math.max(((q - low) / (high - low)) * 96, 0), 96);
  return {
    node, term,
    draw(taken, value) {
      put(point, { cx: place(taken[i]).toFixed(1), cy: (96 - place(taken[j])).toFixed(1) });
      const text = `agents ${i + 1} and ${j + 1}: at Q = ${number(taken[i])} and ${number(taken[j])} their shape function is f = ${number(value)}; it runs from ${number(least)} to ${number(most)}`;
      describe(picture, { "aria-label": text });
      describe(title, {}, text);
      say(reading, `f ${number(value)}`);
    },
  };
}

/** A picture of a grid of numbers, first axis to the right and second upwards, the higher the less transparent. */
function shaded(grid, least, most) {
  const canvas = html("canvas", { width: GRID, height: GRID }), context = canvas.getContext("2d");
  grid.forEach((row, a) => row.forEach((value, b) => {
    context.fillStyle = `rgb(226 110 30 / ${(0.95 * (value - least)) / (most - least)})`;
    context.fillRect(a, GRID - 1 - b, 1, 1);
  }));
  return canvas.toDataURL();
}

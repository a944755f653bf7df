// The board itself: agents and food that can be dragged, moved by keys, and looked through.

import { agentName, describe, number, put, say, svg } from "./dom.mjs";
import { ACTIONS, LOAD, foodFits, playerFits } from "./rules.mjs";

const CELL = 60; // units of the drawing
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const HEADING = { 1: -90, 2: 90, 3: 180, 4: 0 };

const centre = (n) => (n + 0.5) * CELL;
const at = ({ y, x }) => `translate(${centre(x)} ${centre(y)})`;

export class Scene {
  /** `on` has select(agent), change(edit, goesOn) and drop(). */
  constructor(task, on) {
    Object.assign(this, { task, on });
    const side = task.size * CELL;
    this.heat = svg("g", { class: "heat" });
    this.view = svg("rect", { class: "view", rx: 10 });
    this.foods = Array.from({ length: task.foods }, (_, i) => this.#piece("food", i));
    this.players = Array.from({ length: task.players }, (_, i) => this.#piece("player", i));
    this.plans = this.players.map((_, i) => svg("g", { class: `plan a${i % 10}` }, svg("path", { d: "M28 -9 L41 0 L28 9 Z" })));
    this.gains = this.players.map(() => svg("text", { class: "gain", "text-anchor": "middle" }));
    this.node = svg("svg", { class: "board", viewBox: `-2 -2 ${side + 4} ${side + 4}`, role: "group", "aria-label": "board" },
      svg("defs", {}, svg("pattern", { id: "cells", width: CELL, height: CELL, patternUnits: "userSpaceOnUse" },
        svg("rect", { class: "cell", x: 2, y: 2, width: CELL - 4, height: CELL - 4, rx: 9 }))),
      svg("rect", { class: "ground", width: side, height: side, rx: 14 }), svg("rect", { fill: "url(#cells)", width: side, height: side }), this.heat, this.view,
      ...this.plans, ...this.foods, ...this.players, ...this.gains);
    this.held = null;
  }

  #piece(kind, index) {
    const level = svg("text", { class: "level", "text-anchor": "middle", "dominant-baseline": "central" });
    const shapes = kind === "food"
      ? [svg("path", { class: "stem", d: "M0 -17 q1 -8 8 -9" }), svg("rect", { class: "fruit", x: -18, y: -17, width: 36, height: 36, rx: 13 }), level]
      : [svg("circle", { class: "ring", r: 26 }), svg("circle", { class: "body", r: 21 }),
        svg("text", { class: "number", y: 1, "text-anchor": "middle", "dominant-baseline": "central" }, String(index + 1)),
        svg("circle", { class: "badge", cx: 17, cy: 16, r: 10.5 }), level];
    if (kind === "player") put(level, { x: 17, y: 16.5 });
    const title = svg("title");
    const node = svg("g", { class: `piece ${kind} a${index % 10}`, tabindex: 0, role: "button" }, title, ...shapes);
    node.addEventListener("pointerdown", (event) => this.#grab(event, kind, index, node));
    node.addEventListener("keydown", (event) => this.#key(event, kind, index));
    if (kind === "player") node.addEventListener("focus", () => this.on.select(index));
    return node;
  }

  #cellOf(event) {
    const box = this.node.getBoundingClientRect(), side = this.task.size * CELL;
    const scale = (side + 4) / box.width;
    return [(event.clientY - box.top) * scale - 2, (event.clientX - box.left) * scale - 2];
  }

  #fits(kind, piece, y, x) {
    const fits = kind === "food" ? foodFits : playerFits;
    return fits(this.task, this.board, y, x, piece);
  }

  #grab(event, kind, index, node) {
    if (event.button) return;
    const piece = (kind === "food" ? this.board.foods : this.board.players)[index];
    if (kind === "player") this.on.select(index);
    if (piece.absent || piece.eaten) return;
    event.preventDefault();
    node.focus({ preventScroll: true });
    node.setPointerCapture(event.pointerId);
    node.classList.add("held");
    this.held = node;
    let moved = false;
    const move = (event) => {
      const [top, left] = this.#cellOf(event);
      put(node, { transform: `translate(${left.toFixed(1)} ${top.toFixed(1)})` });
      const y = Math.floor(top / CELL), x = Math.floor(left / CELL);
      if (this.#moveTo(kind, index, y, x, moved)) moved = true;
    };
    const release = () => {
      node.removeEventListener("pointermove", move);
      node.classList.remove("held");
      this.held = null;
      this.on.drop();
    };
    node.addEventListener("pointermove", move);
    node.addEventListener("lostpointercapture", release, { once: true });
  }

  #moveTo(kind, index, y, x, goesOn) {
    const pieces = kind === "food" ? "foods" : "players", piece = this.board[pieces][index];
    if ((piece.y === y && piece.x === x) || !this.#fits(kind, piece, y, x)) return false;
    this.on.change((board) => Object.assign(board[pieces][index], { y, x }), goesOn);
    return true;
  }

  /** Arrow keys move a piece to the next cell in their direction where it may stand. */
  #key(event, kind, index) {
    const direction = STEPS[event.key];
    if (!direction || this.steering || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const piece = (kind === "food" ? this.board.foods : this.board.players)[index];
    let { y, x } = piece;
    do [y, x] = [y + direction[0], x + direction[1]];
    while (y >= 0 && x >= 0 && y < this.task.size && x < this.task.size && !this.#fits(kind, piece, y, x));
    if (this.#moveTo(kind, index, y, x, false)) this.on.drop();
  }

  /** Show a moment: its frame, what the team makes of it, and through whose eyes the reader looks. */
  draw({ frame, thought, seen, selected, muted, steered }) {
    const { board, rewards, edited } = frame;
    this.board = board;
    this.steering = steered !== null;
    board.foods.forEach((food, i) => {
      const node = this.foods[i];
      node.classList.toggle("eaten", food.eaten);
      this.#place(node, food);
      this.#name(node, `food ${i + 1}, level ${food.level}, ${place(food)}`, String(food.level));
      put(node, { tabindex: food.eaten ? -1 : 0, "aria-hidden": food.eaten });
    });
    board.players.forEach((player, i) => {
      const node = this.players[i], action = thought.actions[i];
      for (const [name, holds] of [["absent", player.absent], ["selected", i === selected], ["muted", muted.has(i)], ["steered", i === steered]]) {
        node.classList.toggle(name, holds);
      }
      this.#place(node, player);
      const doing = player.absent ? "hidden" : `level ${player.level}, ${place(player)}, next ${ACTIONS[action]}`;
      this.#name(node, `${agentName(i)}, ${doing}`, String(player.level));
      put(node, { "aria-pressed": i === selected });
      const plan = this.plans[i];
      plan.classList.toggle("none", player.absent || !(action in HEADING));
      put(plan, { transform: `${at(player)} rotate(${HEADING[action] ?? 0})` });
      node.classList.toggle("loads", action === LOAD && !player.absent);
      const gain = edited ? 0 : rewards[i];
      say(this.gains[i], gain > 0 ? `+${number(gain)}` : "");
      put(this.gains[i], { x: centre(player.x), y: centre(player.y) - 28 });
    });
    this.#look(board.players[selected], seen);
  }

  #place(node, piece) {
    if (node !== this.held) put(node, { transform: at(piece) });
  }

  #name(node, name, level) {
    describe(node, { "aria-label": name });
    describe(node.firstChild, {}, name);
    say(node.querySelector(".level"), level);
  }

  #look(me, seen) {
    const { sight, size } = this.task;
    const [top, left] = [Math.max(me.y - sight, 0), Math.max(me.x - sight, 0)];
    const [bottom, right] = [Math.min(me.y + sight + 1, size), Math.min(me.x + sight + 1, size)];
    put(this.view, {
      x: left * CELL, y: top * CELL, width: (right - left) * CELL, height: (bottom - top) * CELL,
      class: me.absent ? "view none" : "view",
    });
    while (this.heat.childNodes.length < seen.length) this.heat.append(svg("rect", { width: CELL, height: CELL, rx: 10 }));
    this.heat.childNodes.forEach((node, k) => {
      const one = seen[k];
      put(node, { class: one ? "hot" : "none" });
      if (one) put(node, { x: one.x * CELL, y: one.y * CELL, style: `--m:${one.mask.toFixed(3)}` });
    });
  }
}

const place = ({ y, x }) => `row ${y + 1}, column ${x + 1}`;

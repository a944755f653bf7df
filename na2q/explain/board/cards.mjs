// A card for each agent: its level and switches, the utility of every action, and what it sees with its mask.

import { agentName, bar, describe, disc, html, number, put, say, svg, widen } from "./dom.mjs";
import { ACTIONS } from "./rules.mjs";

const ARROWS = ["\u00b7", "\u2191", "\u2193", "\u2190", "\u2192", "load"];
const BOX = 20;

export class Card {
  /** `on` has select, level, mute, hide, steer, without and choose, each with the agent first. */
  constructor(agent, task, axis, on) {
    Object.assign(this, { agent, task, axis });
    const name = agentName(agent);
    const button = (text, label, act) => html("button", { type: "button", "aria-label": `${label}: ${name}`, title: label, onclick: act }, text);
    this.level = html("span", { class: "levelValue" });
    this.lower = button("\u2212", "lower the level", () => on.level(agent, -1));
    this.raise = button("+", "raise the level", () => on.level(agent, 1));
    this.mute = button("Mute", "mute, so that it waits where it is", () => on.mute(agent));
    this.hide = button("Hide", "hide, so that it is not on the board", () => on.hide(agent));
    this.steer = button("Steer", "steer by keyboard", () => on.steer(agent));
    this.rows = ACTIONS.map((action, a) => this.#row(action, a, on));
    this.sight = new SmallView(task);
    const title = html("button", { type: "button", class: "name", "aria-label": `look through ${name}`, onclick: () => on.select(agent) }, disc(agent), html("span", {}, `Agent ${agent + 1}`));
    this.title = title;
    this.node = html("article", { class: "card", "aria-label": name },
      html("header", {}, title, html("span", { class: "levels" }, this.lower, this.level, this.raise)),
      html("div", { class: "inside" },
        html("div", { class: "utilities", role: "group", "aria-label": `utilities of ${name}; press one to choose the next action` }, ...this.rows.map(({ node }) => node)),
        this.sight.node),
      html("footer", {}, this.mute, this.hide, this.steer, button("What if not here?", "compare with the board without it", () => on.without(agent))));
  }

  #row(action, a, on) {
    const made = bar(), value = html("span", { class: "value" });
    const node = html("button", { type: "button", class: "utility", onclick: () => on.choose(this.agent, a) },
      html("span", { class: "action", "aria-hidden": "true" }, a ? ARROWS[a] : "wait"), made.node, value);
    return { node, bar: made, value, action };
  }

  /** Show what this agent sees, what it would get for each action, and what it does next. */
  draw({ board, thought, seen, selected, muted, steered, chosen }) {
    const i = this.agent, player = board.players[i], q = thought.q[i];
    for (const [name, holds] of [["selected", i === selected], ["absent", player.absent]]) this.node.classList.toggle(name, holds);
    put(this.title, { "aria-pressed": i === selected });
    say(this.level, `level ${player.level}`);
    this.lower.disabled = player.absent || player.level <= 1;
    this.raise.disabled = player.absent || player.level >= this.task.maxLevel;
    put(this.mute, { "aria-pressed": muted.has(i) });
    put(this.hide, { "aria-pressed": player.absent });
    put(this.steer, { "aria-pressed": steered === i });
    widen(this.axis, q.filter((_, a) => thought.allowed[i][a]));
    this.rows.forEach((row, a) => {
      const allowed = thought.allowed[i][a], next = thought.actions[i] === a;
      row.bar.set(q[a], this.axis.low, this.axis.high);
      say(row.value, number(q[a]));
      row.node.classList.toggle("next", next);
      row.node.classList.toggle("picked", chosen.get(i) === a && next);
      row.node.disabled = !allowed || player.absent;
      const name = a ? row.action : "wait";
      const state = !allowed ? "not possible now" : next ? "the next action" : thought.greedy[i] === a ? "the best by its utility" : "press to choose";
      describe(row.node, { "aria-pressed": next, "aria-label": `${name}: Q ${number(q[a])}, ${state}`, title: `Q(${name}) = ${number(q[a], 3)}, in units of the return; ${state}` });
    });
    this.sight.draw(player, seen, thought.masks);
  }
}

/** The field of view, five by five where sight is two, each thing on the ground of its mask. */
class SmallView {
  constructor(task) {
    this.task = task;
    this.side = 2 * task.sight + 1;
    const size = this.side * BOX;
    this.things = svg("g");
    this.picture = svg("svg", { viewBox: `-1 -1 ${size + 2} ${size + 2}`, role: "img" }, svg("rect", { class: "ground", width: size, height: size, rx: 5 }),
      ...Array.from({ length: this.side - 1 }, (_, i) => svg("path", { class: "rule", d: `M${(i + 1) * BOX} 0 V${size} M0 ${(i + 1) * BOX} H${size}` })), this.things);
    this.note = html("p", { class: "seen" });
    this.node = html("div", { class: "sight" }, this.picture, this.note);
  }

  draw(me, seen, masks) {
    const { sight } = this.task, words = [];
    const spots = seen.map((one) => {
      const y = one.y - me.y + sight, x = one.x - me.x + sight;
      const text = `${one.name}, level ${one.level}${masks ? `, mask ${number(one.mask)} (row ${number(one.parts[0])}, column ${number(one.parts[1])}, level ${number(one.parts[2])})` : ""}`;
      words.push(text);
      const inside = y >= 0 && x >= 0 && y < this.side && x < this.side;
      return { one, y, x, text, inside };
    }).filter(({ inside }) => inside);
    while (this.things.childNodes.length < spots.length) {
      this.things.append(svg("g", {}, svg("title"), svg("rect", { class: "hot", width: BOX, height: BOX }), svg("rect", { class: "fruit", width: 12, height: 12, rx: 4 }), svg("circle", { r: 6.5 })));
    }
    this.things.childNodes.forEach((node, k) => {
      const spot = spots[k];
      put(node, { class: spot ? `${spot.one.kind} a${spot.one.index % 10}` : "none" });
      if (!spot) return;
      const [title, ground, fruit, body] = node.childNodes;
      describe(title, {}, spot.text);
      put(ground, { x: spot.x * BOX, y: spot.y * BOX, style: `--m:${(spot.one.mask ?? 0).toFixed(3)}` });
      put(fruit, { x: spot.x * BOX + 4, y: spot.y * BOX + 4 });
      put(body, { cx: (spot.x + 0.5) * BOX, cy: (spot.y + 0.5) * BOX });
    });
    describe(this.picture, { "aria-label": words.length ? `sees ${words.join("; ")}` : "sees nothing" });
    say(this.note, me.absent ? "not on the board" : masks ? `mask ${spread(seen.map(({ mask }) => mask))}` : "no mask");
  }
}

const spread = (values) => [...new Set([Math.min(...values), Math.max(...values)].map((x) => number(x)))].join(" to ");

// The page: loads teams, holds the state, and draws everything anew when something changes.

import { Card } from "./cards.mjs";
import { agentName, html, number, put, say, settle } from "./dom.mjs";
import { FoodChip } from "./foods.mjs";
import { Network } from "./network.mjs";
import { ACTIONS, LOAD, NONE, cellsOf, playerFits, sights } from "./rules.mjs";
import { Scene } from "./scene.mjs";
import { Session, largestChange } from "./session.mjs";
import { Curves, Terms } from "./terms.mjs";
import { load } from "./teams.mjs";
import { Tour, pairUp } from "./tour.mjs";
import { Without } from "./without.mjs";

const MILLISECONDS = 550; // a step is shown while playing
const STEERED = { ArrowUp: 1, ArrowDown: 2, ArrowLeft: 3, ArrowRight: 4, l: LOAD, Enter: LOAD, w: NONE, ".": NONE };

export class App {
  constructor(root, { models }) {
    Object.assign(this, { root, models, networks: new Map(), selected: 0, steered: null, timer: null });
    this.find = (selector) => root.querySelector(selector);
    this.#controls();
    this.choose(models[0]);
  }

  // --- teams ----------------------------------------------------------------------------------------

  /** Show a team; where it plays the same task, on the board as it is. */
  async choose(entry) {
    const model = await load(entry);
    if (!this.networks.has(entry.name)) this.networks.set(entry.name, new Network(model));
    const net = this.networks.get(entry.name), same = this.entry?.env === entry.env;
    Object.assign(this, { entry, model, change: null });
    if (same) this.session.hand(net);
    else {
      this.stop();
      this.session = new Session(net, model.firstSeed);
      this.selected = 0;
      this.steered = null;
      this.#build(net);
    }
    this.#explain(net);
    this.draw();
  }

  /** Parts that depend on the task. */
  #build(net) {
    const { task } = net, axis = { low: Math.min(0, this.model.range[0]), high: this.model.range[1] };
    this.scene = new Scene(task, {
      select: (agent) => this.select(agent),
      change: (edit, goesOn) => this.edit(edit, goesOn),
      drop: () => this.draw(),
    });
    this.find(".place").replaceChildren(this.scene.node);
    const on = {
      select: (agent) => this.select(agent), level: (agent, by) => this.edit((board) => { board.players[agent].level += by; }),
      mute: (agent) => this.mute(agent), hide: (agent) => this.hide(agent), steer: (agent) => this.steer(agent),
      without: (agent) => this.ask(agent), choose: (agent, action) => this.pick(agent, action),
    };
    this.cards = Array.from({ length: task.players }, (_, i) => new Card(i, task, axis, on));
    this.find(".cards").replaceChildren(...this.cards.map(({ node }) => node));
    this.foods = Array.from({ length: task.foods }, (_, f) => new FoodChip(f, task, (edit) => this.edit(edit)));
    this.find(".foods").replaceChildren(...this.foods.map(({ node }) => node));
    this.without = new Without(task.players, on);
    this.find(".compare").replaceChildren(this.without.node);
    this.tour = new Tour(this);
    this.find(".guide").replaceChildren(this.tour.node);
    this.find(".tasks").value = this.entry.env;
    this.#teams();
  }

  /** Parts that depend on the team. */
  #explain(net) {
    this.terms = new Terms(net);
    this.curves = new Curves(net, this.model.range);
    this.find(".sum").replaceChildren(this.terms.sumUp);
    this.find(".terms").replaceChildren(this.terms.table);
    this.find(".drawn").replaceChildren(this.curves.note, this.curves.node);
    for (const button of this.find(".teams").children) put(button, { "aria-pressed": button.value === this.entry.name });
    const { label, preset, seed, meanReturn, episodes } = this.model;
    say(this.find(".about"), `${label}, preset ${preset}, training seed ${seed}: mean return ${number(meanReturn)} over the boards of seeds 1 to ${episodes}; 1 would be all food at no cost.`);
  }

  // --- what the reader does ---------------------------------------------------------------------------

  select(agent) {
    if (agent === this.selected) return;
    this.selected = agent;
    this.draw();
    const card = this.cards[agent].node, row = card.parentElement; // on a phone cards stand side by side
    row.scrollTo({ left: card.offsetLeft - (row.clientWidth - card.offsetWidth) / 2, behavior: "smooth" });
  }

  /** Change the board; remembers which utility changed most. */
  edit(edit, goesOn = false) {
    const before = goesOn ? this.before : this.session.think().q;
    this.before = before;
    this.session.edit(edit, goesOn);
    this.draw(before);
  }

  mute(agent) {
    const { muted } = this.session;
    if (!muted.delete(agent)) muted.add(agent);
    this.draw();
  }

  hide(agent) {
    const { task } = this.session.net;
    this.edit((board) => {
      const player = board.players[agent];
      if (player.absent && !playerFits(task, board, player.y, player.x, player)) {
        [player.y, player.x] = cellsOf(task).find(([y, x]) => playerFits(task, board, y, x, player));
      }
      player.absent = !player.absent;
    });
  }

  steer(agent) {
    this.steered = this.steered === agent ? null : agent;
    if (this.steered !== null) {
      this.stop();
      this.selected = agent;
    }
    this.draw();
    if (this.steered !== null) this.find(".pad button").focus({ preventScroll: true });
  }

  ask(agent) {
    this.without.agent = agent;
    this.draw();
    if (agent !== null) this.without.node.scrollIntoView({ block: "nearest" });
  }

  pick(agent, action) {
    const { chosen } = this.session;
    this.select(agent);
    if (chosen.get(agent) === action) chosen.delete(agent);
    else chosen.set(agent, action);
    this.draw();
  }

  /** Put an agent beside a food, where it can. */
  bring(agent) {
    const { task } = this.session.net;
    this.edit((board) => {
      const player = board.players[agent];
      for (const food of board.foods) {
        if (food.eaten) continue;
        const cell = [[0, -1], [0, 1], [-1, 0], [1, 0]].map(([dy, dx]) => [food.y + dy, food.x + dx]).find(([y, x]) => playerFits(task, board, y, x, player));
        if (cell) return void ([player.y, player.x] = cell);
      }
    });
  }

  pairUp() {
    this.edit(pairUp(this.session.net.task));
  }

  reset(seed) {
    this.stop();
    this.session.reset(seed);
    this.change = null;
    this.draw();
  }

  step() {
    if (!this.session.step()) this.stop();
    this.change = null;
    this.draw();
    if (this.session.frame.over) this.stop();
  }

  back() {
    this.stop();
    this.session.back();
    this.change = null;
    this.draw();
  }

  play() {
    if (this.timer !== null) return this.stop();
    if (this.session.frame.over) this.session.reset(this.session.seed);
    this.timer = setInterval(() => this.step(), MILLISECONDS);
    this.#playing();
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.#playing();
  }

  #playing() {
    const on = this.timer !== null, button = this.find(".play");
    say(button, on ? "Pause" : "Play");
    put(this.find(".status"), { "aria-live": on ? "off" : "polite" }); // or screen readers would talk without end
  }

  // --- drawing --------------------------------------------------------------------------------------

  draw(before = null) {
    if (!this.curves) return;
    const { session, selected, steered } = this, { frame, muted, chosen } = session;
    const thought = session.think();
    if (before) this.change = largestChange(before, thought.q);
    const seen = frame.board.players.map((_, i) => this.#seen(thought, i));
    this.scene.draw({ frame, thought, seen: thought.masks ? seen[selected] : [], selected, muted, steered });
    this.cards.forEach((card, i) => card.draw({ board: frame.board, thought, seen: seen[i], selected, muted, steered, chosen }));
    this.terms.draw(thought);
    this.curves.draw(thought);
    this.without.draw(session, thought);
    this.tour.draw({ session, thought, change: this.change, without: this.without.agent });
    this.#state(frame);
    const dragging = this.scene.held !== null;
    this.root.classList.toggle("dragging", dragging);
    if (!dragging) settle();
  }

  #seen(thought, viewer) {
    const { board } = this.session, mask = thought.masks?.[viewer];
    return sights(this.session.net.task, board, viewer).map(({ kind, index, slot, values: [, , level] }) => {
      const { y, x } = (kind === "food" ? board.foods : board.players)[index];
      const parts = mask ? mask.slice(3 * slot, 3 * slot + 3) : null, self = kind === "player" && index === viewer;
      const name = self ? "itself" : kind === "food" ? `food ${index + 1}` : agentName(index);
      return { kind, index, y, x, level, parts, self, name, mask: parts ? (parts[0] + parts[1] + parts[2]) / 3 : 0 };
    });
  }

  #state(frame) {
    const { task } = this.session.net, { board } = frame;
    const end = !frame.over ? "" : board.foods.every(({ eaten }) => eaten) ? ", all food is eaten" : ", time is up";
    const reward = board.time && !frame.edited ? `, reward ${number(frame.reward, 3)}` : frame.edited ? ", changed by you" : "";
    say(this.find(".status"), `Step ${board.time} of ${task.limit}${reward}, return so far ${number(this.session.earned, 3)}${end}`);
    for (const chip of this.foods) chip.draw(board);
    this.find(".back").disabled = this.session.frames.length === 1;
    this.find(".forward").disabled = frame.over;
    const pad = this.find(".pad"), steering = this.steered !== null;
    pad.hidden = !steering;
    if (steering) say(pad.querySelector(".who"), `You steer agent ${this.steered + 1}; the others follow their policy.`);
    this.find(".seed").value = this.session.seed;
  }

  // --- controls -------------------------------------------------------------------------------------

  #controls() {
    const on = (selector, event, act) => this.find(selector).addEventListener(event, act);
    on(".play", "click", () => this.play());
    on(".forward", "click", () => { this.stop(); this.step(); });
    on(".back", "click", () => this.back());
    on(".reset", "click", () => this.reset(this.session.seed));
    on(".another", "click", () => this.reset((this.session.seed + 1) % 2 ** 31));
    on(".seed", "change", ({ target }) => {
      const seed = Number(target.value);
      if (Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31) this.reset(seed);
      else target.value = this.session.seed;
    });
    const envs = [...new Set(this.models.map(({ env }) => env))];
    this.find(".tasks").replaceChildren(...envs.map((env) => html("option", { value: env }, taskName(env))));
    on(".tasks", "change", ({ target }) => this.choose(this.models.find(({ env }) => env === target.value)));
    this.find(".tasks").parentElement.hidden = envs.length < 2;
    const pad = this.find(".pad");
    pad.append(...[1, 3, 4, 2, LOAD, NONE].map((action) => html("button", { type: "button", onclick: () => this.#act(action) }, action ? ACTIONS[action] : "wait")),
      html("button", { type: "button", onclick: () => this.steer(this.steered) }, "stop steering"));
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  #teams() {
    const teams = this.models.filter(({ env }) => env === this.entry.env);
    this.find(".teams").replaceChildren(...teams.map((entry) =>
      html("button", { type: "button", value: entry.name, title: `preset ${entry.preset}`, onclick: () => this.choose(entry) }, entry.title)));
  }

  #act(action) {
    this.session.chosen.set(this.steered, action);
    this.step();
  }

  #key(event) {
    const kind = event.target.localName;
    if (event.ctrlKey || event.altKey || event.metaKey || kind === "input" || kind === "select") return;
    const inPad = this.find(".pad").contains(event.target);
    if (this.steered !== null && event.key in STEERED && !(event.key === "Enter" && kind === "button")) this.#act(STEERED[event.key]);
    else if (event.key === "Escape" && this.steered !== null) this.steer(this.steered);
    else if (event.key === " " && kind !== "button") this.play();
    else if (event.key === "ArrowRight" && !inPad) { this.stop(); this.step(); }
    else if (event.key === "ArrowLeft" && !inPad) this.back();
    else return;
    event.preventDefault();
  }
}

function taskName(env) {
  const [, players, foods] = /lbf-(\d+)p-(\d+)f/.exec(env);
  return `${players} agents, ${foods} foods`;
}

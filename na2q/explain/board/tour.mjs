// Four tasks for a newcomer: what to do, what to see, and whether it is done on the board as it is.

import { html, number, put, say } from "./dom.mjs";
import { ACTIONS, LOAD, foodFits } from "./rules.mjs";

const beside = (player, food) => !player.absent && !food.eaten && Math.abs(player.y - food.y) + Math.abs(player.x - food.x) === 1;

/** Two agents beside one food that neither can load and both together can. */
function needy(board) {
  for (const [f, food] of board.foods.entries()) {
    const near = board.players.flatMap((player, i) => (beside(player, food) ? [i] : []));
    for (const i of near) for (const j of near) {
      const [one, two] = [board.players[i].level, board.players[j].level];
      if (i < j && Math.max(one, two) < food.level && one + two >= food.level) return { f, food, i, j };
    }
  }
  return null;
}

const TASKS = [
  {
    name: "Watch the team",
    task: "Press Play, or Step to go one move at a time.",
    look: "Each agent takes the action of the highest utility Q among those that are possible now; its row is marked, and an arrow on the board shows it. Food disappears when the agents that load it together have at least its level, and the reward shows above them.",
    begin: "Start over and play",
    setUp: (app) => { app.reset(app.session.seed); app.play(); },
    check({ session }) {
      const eaten = session.board.foods.filter((food) => food.eaten).length, { foods } = session.net.task;
      const state = `Eaten so far: ${eaten} of ${foods}, return ${number(session.earned)}.`;
      return [eaten > 0 || session.frame.over, session.frame.over ? `${state} The episode is over.` : state];
    },
  },
  {
    name: "Move somebody",
    task: "Drag an agent next to another one or next to food. By keyboard: choose a piece with Tab and move it with the arrow keys.",
    look: "The orange ground is the mask: how much of what it sees the network keeps of each thing. Bars of the agents that see the piece change at once; those of the others stay as they were.",
    begin: "Put agent 1 beside a food",
    setUp: (app) => app.bring(0),
    check({ change }) {
      if (!change) return [false, "Nothing moved yet."];
      const text = `Your last change moved most the utility of ${ACTIONS[change.action] === "none" ? "wait" : ACTIONS[change.action]} of agent ${change.agent + 1}: from ${number(change.before)} to ${number(change.after)}.`;
      return [true, `${text} ${change.still} of ${change.count} agents did not notice.`];
    },
  },
  {
    name: "Two who need each other",
    task: "Find a board on which two agents earn nothing alone: put them beside one food, then set levels so that neither reaches the food's level but both together do.",
    look: "Find the row and the map of this pair. Change one of the two actions by pressing another bar on a card, and see what the pair's contribution loses. Then Step: only if both load is there a reward.",
    begin: "Build such a board",
    setUp: (app) => app.pairUp(),
    check({ session, thought }) {
      const found = needy(session.board);
      if (!found) return [false, "There is no such pair on the board yet."];
      const { food, i, j } = found, { players } = session.board;
      const sum = `Agents ${i + 1} (level ${players[i].level}) and ${j + 1} (level ${players[j].level}) stand beside food of level ${food.level}.`;
      const loading = [i, j].filter((k) => thought.actions[k] === LOAD).length;
      const plan = ["Neither is about to load.", "Only one is about to load, for nothing.", "Both are about to load."][loading];
      const term = session.net.terms.findIndex(({ members }) => members.length === 2 && members.includes(i) && members.includes(j));
      const { credits, values } = thought.value;
      const worth = term < 0 ? "" : ` Their pair contributes ${number(credits[term] * values[term], 3)} to Q_tot.`;
      return [true, `${sum} ${plan}${worth}`];
    },
  },
  {
    name: "What if agent 2 were not here?",
    task: "Press \u201cWhat if not here?\u201d on the card of agent 2, then drag things about with the comparison open.",
    look: "The comparison shows who would act differently at once, and plays the episode to its end both ways. Is the agent with the highest contribution also the one the team misses most?",
    begin: "Ask it of agent 2",
    setUp: (app) => app.ask(1),
    check({ without }) {
      return without === null ? [false, "No comparison is open."] : [true, `The comparison without agent ${without + 1} is open.`];
    },
  },
];

export class Tour {
  constructor(app) {
    this.app = app;
    this.done = TASKS.map(() => false);
    this.tabs = TASKS.map((step, k) => html("button", { type: "button", onclick: () => this.open(k) }, html("span", { class: "count", "aria-hidden": "true" }, String(k + 1)), step.name));
    this.task = html("p", { class: "task" });
    this.look = html("p", { class: "look" });
    this.state = html("p", { class: "state", "aria-live": "polite" });
    this.begin = html("button", { type: "button", class: "begin", onclick: () => this.begins() });
    this.node = html("section", { class: "tour", "aria-label": "four tasks to begin with" },
      html("div", { class: "tabs", role: "group", "aria-label": "tasks" }, ...this.tabs),
      html("div", { class: "leaf" }, this.task, html("div", {}, this.look, this.state), this.begin));
    this.open(0, true);
  }

  /** Set the board up for the task, on a fresh one where the episode is over. */
  begins() {
    if (this.app.session.frame.over) this.app.reset(this.app.session.seed);
    TASKS[this.now].setUp(this.app);
  }

  open(k, quiet = false) {
    this.now = k;
    const { task, look, begin } = TASKS[k];
    say(this.task, task);
    this.look.replaceChildren(html("strong", {}, "What to see. "), look);
    say(this.begin, begin);
    if (!quiet) this.app.draw();
  }

  draw(seen) {
    TASKS.forEach((step, k) => {
      const [done, text] = step.check(seen);
      this.done[k] ||= done;
      put(this.tabs[k], { "aria-pressed": k === this.now, class: this.done[k] ? "done" : "" });
      if (k === this.now) {
        say(this.state, text);
        this.state.classList.toggle("done", done);
      }
    });
  }
}

/** Change a board so that agents 1 and 2 stand beside a food that only both can load. */
export function pairUp(task) {
  return (board) => {
    const [one, two, ...rest] = board.players, food = board.foods[0], middle = Math.floor(task.size / 2);
    Object.assign(food, { y: -9, x: -9, eaten: false });
    let y = middle, x = middle;
    const free = () => [[y, x], [y, x - 1], [y, x + 1]].every(([r, c]) => !rest.some((player) => player.y === r && player.x === c));
    const others = { ...board, players: rest };
    for (let k = 0; !(free() && foodFits(task, others, y, x, food)) && k < task.size ** 2; k++) {
      y = 1 + Math.floor(k / (task.size - 2)) % (task.size - 2);
      x = 1 + (k % (task.size - 2));
    }
    Object.assign(food, { y, x, level: task.maxLevel > 1 ? 3 : 2 });
    Object.assign(one, { y, x: x - 1, level: 1, absent: false });
    Object.assign(two, { y, x: x + 1, level: Math.min(2, task.maxLevel), absent: false });
  };
}

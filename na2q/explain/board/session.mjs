// One episode that the reader may change: a team, the boards so far, and what the reader decides for the agents.

import { NONE, available, deal, observe, stateOf, step, totalFood } from "./rules.mjs";

/** Everything that a team makes of a board: observations, utilities, masks, the joint action, and its value. */
export function think(net, { board, last, memories }, decide) {
  const observations = observe(net.task, board), allowed = available(net.task, board);
  const { q, hidden } = net.act(observations, last, memories);
  const greedy = q.map((row, i) => best(row, allowed[i]));
  const actions = greedy.map((action, i) => (board.players[i].absent ? NONE : decide(i, action, allowed[i])));
  const state = stateOf(net.task, board, observations);
  const taken = actions.map((action, i) => q[i][action]);
  return {
    observations, allowed, q, hidden, greedy, actions, state, taken,
    value: net.mix(taken, state, hidden), masks: net.masks(hidden),
  };
}

function best(utilities, allowed) {
  let found = NONE;
  utilities.forEach((q, action) => { if (allowed[action] && !(allowed[found] && utilities[found] >= q)) found = action; });
  return found;
}

export class Session {
  constructor(net, seed) {
    this.net = net;
    this.muted = new Set(); // agents that wait whatever they would like to do
    this.reset(seed);
  }

  /** Begin the episode of a seed. */
  reset(seed) {
    this.seed = seed;
    const board = deal(this.net.task, seed);
    const last = board.players.map(() => null);
    this.chosen = new Map(); // actions that the reader picks for the next step
    this.frames = [{ board, last, memories: this.net.blank(), reward: 0, rewards: board.players.map(() => 0), over: false }];
  }

  get frame() {
    return this.frames.at(-1);
  }

  get board() {
    return this.frame.board;
  }

  /** Rewards so far, the episode's return. */
  get earned() {
    return this.frames.reduce((sum, frame) => sum + (frame.edited ? 0 : frame.reward), 0);
  }

  decide = (agent, greedy, allowed) => {
    if (this.muted.has(agent)) return NONE;
    const wish = this.chosen.get(agent);
    return wish !== undefined && allowed[wish] ? wish : greedy;
  };

  think() {
    return think(this.net, this.frame, this.decide);
  }

  /** Play one step; false where the episode is over. */
  step() {
    if (this.frame.over) return false;
    const { actions, hidden } = this.think();
    const { board, reward, rewards, over } = step(this.net.task, this.board, actions);
    this.frames.push({ board, last: actions, memories: hidden, reward, rewards, over });
    this.chosen.clear();
    return true;
  }

  /** Take back the last step or change; false at the start. */
  back() {
    this.chosen.clear();
    return this.frames.length > 1 && Boolean(this.frames.pop());
  }

  /** Change the board of this moment; memories stay. `onto` the last change when one gesture goes on. */
  edit(change, onto = false) {
    const board = structuredClone(this.board);
    change(board);
    board.total = totalFood(board);
    const over = board.foods.every((food) => food.eaten) || board.time >= this.net.task.limit;
    if (onto) this.frames.pop();
    this.frames.push({ ...this.frame, board, over, edited: true });
  }

  /** Let another team look at the same boards and actions from the start, and go on from here. */
  hand(net) {
    this.net = net;
    let memories = net.blank(), ahead = memories;
    for (const frame of this.frames) {
      if (!frame.edited) memories = ahead;
      frame.memories = memories;
      ahead = net.act(observe(net.task, frame.board), frame.last, memories).hidden;
    }
  }

  /** The same moment had an agent not been on the board. */
  without(agent) {
    const board = structuredClone(this.board);
    board.players[agent].absent = true;
    return { ...this.frame, board };
  }

  /** How the episode would end from a frame on, with the muted still and nobody steered. */
  finish(frame) {
    const still = (agent, greedy) => (this.muted.has(agent) ? NONE : greedy);
    let earned = 0, { board, last, memories, over } = frame;
    while (!over) {
      const { actions, hidden } = think(this.net, { board, last, memories }, still);
      const next = step(this.net.task, board, actions);
      earned += next.reward;
      ({ board, over } = next);
      [last, memories] = [actions, hidden];
    }
    return { earned, time: board.time, eaten: board.foods.filter((food) => food.eaten).length };
  }
}

/** The utility that a change moved most, and how many agents it left alone. */
export function largestChange(before, after) {
  const found = { by: -1, still: 0, count: after.length };
  after.forEach((row, agent) => {
    const moves = row.map((q, action) => Math.abs(q - before[agent][action])), most = Math.max(...moves);
    if (most === 0) found.still += 1;
    const action = moves.indexOf(most);
    if (most > found.by) Object.assign(found, { by: most, agent, action, before: before[agent][action], after: row[action] });
  });
  return found.by > 0 ? found : null;
}

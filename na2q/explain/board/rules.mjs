// The rules of Level-Based Foraging, as lbforaging 2.0 and na2q.envs.lbf play it.
//
// A task is the plain object that `na2q.explain.board.export` writes. A board is {players, foods, time, total}: players
// have {y, x, level, absent}, foods {y, x, level, eaten}, and total is the sum of the levels of all food of the episode.
// Functions return new boards and change none.

import { Random } from "./random.mjs";

export const ACTIONS = ["none", "north", "south", "west", "east", "load"];
export const NONE = 0;
export const LOAD = 5;
const MOVES = [[0, 0], [-1, 0], [1, 0], [0, -1], [0, 1], [0, 0]];
const BESIDE = [[-1, 0], [1, 0], [0, -1], [0, 1]];
const ATTEMPTS = 1000; // at one food or player, of lbforaging
const DEALS = 10; // of a whole board, of na2q.envs.lbf

/** Deal the board that the Python package deals for this seed. */
export function deal(task, seed) {
  const random = new Random(seed);
  for (let attempt = 0; attempt < DEALS; attempt++) {
    const board = attemptDeal(task, random);
    if (board.foods.length === task.foods) return board;
  }
  return layOut(task, random);
}

/** One board of lbforaging, which gives up on food after so many tries. */
function attemptDeal(task, random) {
  const board = { players: [], foods: [], time: 0, total: 0 };
  placePlayers(task, board, random);
  const highest = highestFood(task, board), lowest = task.forceCoop ? highest : 1;
  random.permutation(task.foods);
  for (let attempt = 0; attempt < ATTEMPTS && board.foods.length < task.foods; attempt++) {
    const y = random.integer(1, task.size - 1), x = random.integer(1, task.size - 1);
    if (!foodFits(task, board, y, x)) continue;
    board.foods.push({ y, x, level: random.integer(lowest, highest + 1), eaten: false });
  }
  board.total = totalFood(board);
  return board;
}

function placePlayers(task, board, random) {
  const { players } = board, level = () => random.integer(1, task.maxLevel + 1), left = [];
  random.permutation(task.players);
  for (let i = 0; i < task.players; i++) {
    players.push({ y: -1, x: -1, level: 0, absent: false });
    let attempt = 0, y, x;
    do [y, x] = [random.integer(0, task.size), random.integer(0, task.size)];
    while (playerAt(board, y, x) && ++attempt < ATTEMPTS);
    if (attempt < ATTEMPTS) players[i] = { y, x, level: level(), absent: false };
    else left.push(i);
  }
  for (const i of left) {
    const cells = cellsOf(task).filter(([y, x]) => !playerAt(board, y, x)), found = level();
    const [y, x] = cells[random.integer(0, cells.length)];
    players[i] = { y, x, level: found, absent: false };
  }
}

/** A board too full to be dealt: food where it is known to fit. Here alone cells are not those that Python draws. */
function layOut(task, random) {
  const board = { players: [], foods: [], time: 0, total: 0 };
  placePlayers(task, board, random);
  const highest = highestFood(task, board), lowest = task.forceCoop ? highest : 1;
  board.foods = task.layout.map(([y, x]) => ({ y, x, level: random.integer(lowest, highest + 1), eaten: false }));
  const cells = cellsOf(task).filter(([y, x]) => !foodAt(board, y, x)), order = random.permutation(cells.length);
  board.players.forEach((player, i) => { [player.y, player.x] = cells[order[i]]; });
  board.total = totalFood(board);
  return board;
}

/** All cells [row, column], row by row. */
export const cellsOf = (task) => Array.from({ length: task.size ** 2 }, (_, k) => [Math.floor(k / task.size), k % task.size]);

const lowestThree = (board) =>
  board.players.map((player) => player.level).sort((a, b) => a - b).slice(0, 3).reduce((a, b) => a + b, 0);

/** The highest level of food that is dealt: the three lowest levels of players together, in legacy levels one less. */
export function highestFood(task, board) {
  return Math.max(1, lowestThree(board) - (task.legacyLevels && !task.forceCoop ? 1 : 0));
}

/** Whether the package could deal food on this cell: off the edge, away from other food, and on no player. */
export function foodFits(task, board, y, x, moved = null) {
  if (y < 1 || x < 1 || y > task.size - 2 || x > task.size - 2) return false;
  if (playerAt(board, y, x)) return false;
  return board.foods.every((food) => {
    if (food.eaten || food === moved) return true;
    const dy = Math.abs(food.y - y), dx = Math.abs(food.x - x);
    return Math.max(dy, dx) > 1 && !(dy + dx === 2 && Math.min(dy, dx) === 0);
  });
}

/** Whether a player may be put on this cell: inside, and where neither food nor another player is. */
export function playerFits(task, board, y, x, moved = null) {
  if (y < 0 || x < 0 || y >= task.size || x >= task.size || foodAt(board, y, x)) return false;
  return !board.players.some((player) => player !== moved && !player.absent && player.y === y && player.x === x);
}

export const totalFood = (board) => board.foods.reduce((sum, food) => sum + food.level, 0);

const foodAt = (board, y, x) => board.foods.find((food) => !food.eaten && food.y === y && food.x === x);
const playerAt = (board, y, x) => board.players.some((player) => !player.absent && player.y === y && player.x === x);

/** Which of the six actions each player may take. */
export function available(task, board) {
  return board.players.map(({ y, x, absent }) => {
    if (absent) return ACTIONS.map((_, action) => action === NONE);
    const inside = (y, x) => y >= 0 && x >= 0 && y < task.size && x < task.size;
    const moves = BESIDE.map(([dy, dx]) => inside(y + dy, x + dx) && !foodAt(board, y + dy, x + dx));
    return [true, ...moves, BESIDE.some(([dy, dx]) => foodAt(board, y + dy, x + dx))];
  });
}

/** What a player is told, thing by thing: [row, column, level] from the corner of its view, and what it stands for. */
export function sights(task, board, viewer) {
  const me = board.players[viewer];
  if (me.absent) return [];
  const top = Math.max(me.y - task.sight, 0), left = Math.max(me.x - task.sight, 0);
  const near = ({ y, x }) => Math.abs(y - me.y) <= task.sight && Math.abs(x - me.x) <= task.sight;
  const seen = [];
  board.foods
    .map((food, index) => ({ food, index }))
    .filter(({ food }) => !food.eaten && near(food))
    .sort((a, b) => a.food.y - b.food.y || a.food.x - b.food.x)
    .forEach(({ food, index }, slot) =>
      seen.push({ kind: "food", index, slot, values: [food.y - top, food.x - left, food.level] }));
  const order = [viewer, ...board.players.map((_, i) => i).filter((i) => i !== viewer)];
  let slot = task.foods;
  for (const index of order) {
    const { y, x, level, absent } = board.players[index];
    const [row, column] = [y - top, x - left];
    // as in the package: at the board's edge the view reaches farther for players than for food
    if (absent || Math.min(row, column) < 0 || Math.max(row, column) > 2 * task.sight) continue;
    seen.push({ kind: "player", index, slot: slot++, values: [row, column, level] });
  }
  return seen;
}

/** Observations of all players: three numbers for each food and each player, (-1, -1, 0) for what is out of sight. */
export function observe(task, board) {
  return board.players.map((_, viewer) => {
    const obs = Array.from({ length: task.foods + task.players }, () => [-1, -1, 0]);
    for (const { slot, values } of sights(task, board, viewer)) obs[slot] = values;
    return obs.flat();
  });
}

/** The state that mixers see: all observations, or the whole board. */
export function stateOf(task, board, observations) {
  if (task.state === "observations") return observations.flat();
  const foods = board.foods.filter((food) => !food.eaten).sort((a, b) => a.y - b.y || a.x - b.x);
  const rows = Array.from({ length: task.foods }, (_, i) => foods[i] ?? { y: -1, x: -1, level: 0 });
  const players = board.players.map((player) => (player.absent ? { y: -1, x: -1, level: 0 } : player));
  return [...rows, ...players].flatMap(({ y, x, level }) => [y, x, level]);
}

/** Play one joint action; returns the next board, the players' rewards, the team's reward, and whether it is over. */
export function step(task, board, actions) {
  const allowed = available(task, board);
  const chosen = actions.map((action, i) => (allowed[i][action] ? action : NONE));
  const players = board.players.map((player) => ({ ...player }));
  const foods = board.foods.map((food) => ({ ...food }));
  const next = { players, foods, time: board.time + 1, total: board.total };

  const arrivals = new Map(); // players by the cell that they make for; where two meet, all of them stay
  players.forEach(({ y, x, absent }, i) => {
    if (absent) return;
    const cell = (y + MOVES[chosen[i]][0]) * task.size + x + MOVES[chosen[i]][1];
    arrivals.set(cell, [...(arrivals.get(cell) ?? []), i]);
  });
  for (const [cell, who] of arrivals) {
    if (who.length === 1) Object.assign(players[who[0]], { y: Math.floor(cell / task.size), x: cell % task.size });
  }

  const rewards = players.map(() => 0);
  // food is dealt so far apart that nobody stands beside two, so the order of loading does not matter
  for (const food of foods) {
    const loaders = players.flatMap((player, i) =>
      chosen[i] === LOAD && Math.abs(player.y - food.y) + Math.abs(player.x - food.x) === 1 ? [i] : []);
    const strength = loaders.reduce((sum, i) => sum + players[i].level, 0);
    if (food.eaten || !loaders.length || strength < food.level) continue;
    for (const i of loaders) rewards[i] = (players[i].level * food.level) / (strength * next.total);
    food.eaten = true;
  }
  const cleared = foods.every((food) => food.eaten);
  const moved = players.filter((player, i) => player.y !== board.players[i].y || player.x !== board.players[i].x).length;
  const cost = task.stepPenalty * (task.stepCost === "team" ? 1 : moved);
  const reward = rewards.reduce((a, b) => a + b, 0) - cost;
  return { board: next, rewards, reward, cleared, over: cleared || next.time >= task.limit };
}

// Small tests of the page's parts, for Node and for a browser: each throws where something is not as it should be.

const equal = (found, wanted, what = "") => {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what} is ${a}, must be ${b}`);
};

const task = {
  players: 2, foods: 1, size: 6, sight: 2, limit: 20, maxLevel: 3, legacyLevels: false, forceCoop: false,
  stepCost: "team", stepPenalty: 0.002, state: "observations", layout: [[2, 2]],
};
const board = (players, foods) => ({
  players: players.map(([y, x, level]) => ({ y, x, level, absent: false })),
  foods: foods.map(([y, x, level]) => ({ y, x, level, eaten: false })),
  time: 0,
  total: foods.reduce((sum, food) => sum + food[2], 0),
});
const places = ({ players }) => players.map(({ y, x }) => [y, x]);

/** A team whose agents add up what they see and how often they acted, so that memories tell all that happened. */
const counter = (weight) => ({
  task,
  blank: () => [[0], [0]],
  act(observations, last, memories) {
    const hidden = memories.map(([h], i) => [h + weight * observations[i].reduce((a, b) => a + b, 0) + (last[i] ?? 0)]);
    return { hidden, q: hidden.map(([h]) => [0, h % 3, h % 5, h % 7, h % 11, 1]) };
  },
  mix: (q) => ({ total: q[0] + q[1] }),
  masks: () => null,
});

export const UNITS = {
  "two who meet both stay, and a third may follow one who stays"({ step }) {
    const three = { ...task, players: 3 };
    const before = board([[2, 1, 1], [2, 3, 1], [2, 4, 1]], [[4, 4, 1]]);
    const after = step(three, before, [4, 3, 3]).board;
    equal(places(after), [[2, 1], [2, 3], [2, 3]], "places");
    equal(places(before), [[2, 1], [2, 3], [2, 4]], "the board before");
  },
  "a food needs the levels of those who load, and pays by level"({ step }) {
    const start = board([[2, 1, 1], [2, 3, 2]], [[2, 2, 3]]);
    equal(step(task, start, [5, 0]).rewards, [0, 0], "one alone");
    const both = step(task, start, [5, 5]);
    equal(both.rewards.map((x) => x.toFixed(6)), ["0.333333", "0.666667"], "both");
    equal([both.cleared, both.over, both.reward.toFixed(3)], [true, true, "0.998"], "the end");
  },
  "who is absent neither acts nor is seen"({ step, observe, available, stateOf }) {
    const start = board([[2, 1, 1], [2, 3, 2]], [[2, 2, 1]]);
    start.players[1].absent = true;
    equal(observe(task, start)[0].slice(-3), [-1, -1, 0], "the other in view");
    equal(observe(task, start)[1], [-1, -1, 0, -1, -1, 0, -1, -1, 0], "its own view");
    equal(available(task, start)[1], [true, false, false, false, false, false], "its actions");
    equal(places(step(task, start, [0, 1]).board)[1], [2, 3], "its place");
    equal(stateOf({ ...task, state: "full" }, start, []).slice(-3), [-1, -1, 0], "its state");
  },
  "food fits only where it may be dealt"({ foodFits, playerFits }) {
    const two = board([[1, 1, 1], [4, 4, 1]], [[2, 2, 1]]);
    const fits = (y, x) => foodFits(task, two, y, x);
    equal([fits(0, 3), fits(3, 3), fits(2, 4), fits(4, 4), fits(3, 4), fits(5, 2)], [false, false, false, false, true, false]);
    equal(foodFits(task, two, 2, 3, two.foods[0]), true, "moving it by one");
    equal([playerFits(task, two, 2, 2), playerFits(task, two, 4, 4), playerFits(task, two, 0, 0)], [false, false, true]);
  },
  "back takes back steps and changes, one after the other"({ Session }) {
    const session = new Session(counter(1), 3), first = JSON.stringify(session.board);
    session.edit((board) => { board.players[0].level = 2; });
    session.edit((board) => { board.players[0].level = 3; }, true);
    equal([session.frames.length, session.board.players[0].level], [2, 3], "two changes of one gesture");
    session.step();
    session.back();
    equal(session.board.players[0].level, 3, "after the step is taken back");
    session.back();
    equal(JSON.stringify(session.board), first, "the first board");
    equal(session.back(), false, "back at the start");
  },
  "a change keeps memories and counts all food anew"({ Session }) {
    const session = new Session(counter(1), 3);
    session.step();
    const { memories, last } = session.frame;
    session.edit((board) => { board.foods[0].level = 7; });
    equal([session.board.total, session.frame.memories, session.frame.last], [7, memories, last]);
  },
  "another team remembers what it would have seen"({ Session }) {
    const one = new Session(counter(1), 3), path = [[1, 2], [4, 0], [0, 3]];
    const play = (session) => path.forEach((actions, t) => {
      actions.forEach((action, i) => session.chosen.set(i, action));
      if (t === 1) session.edit((board) => { board.players[1].level = 3; });
      session.step();
    });
    play(one);
    one.hand(counter(2));
    const two = new Session(counter(2), 3);
    two.decide = one.decide;
    for (const frame of one.frames.slice(1)) {
      if (frame.edited) two.edit((board) => { Object.assign(board.players[1], frame.board.players[1]); });
      else {
        two.decide = (agent) => frame.last[agent];
        two.step();
      }
    }
    equal(one.frames.map(({ memories }) => memories), two.frames.map(({ memories }) => memories), "memories");
  },
  "the muted wait, and only what is possible can be chosen"({ Session }) {
    const session = new Session(counter(1), 3);
    session.edit((board) => { Object.assign(board.players[0], { y: 0, x: 0 }); });
    session.muted.add(1);
    session.chosen.set(0, 1);
    const { actions, greedy } = session.think();
    equal([actions[0], actions[1]], [greedy[0], 0], "actions");
  },
  "numbers are written as one writes them"({ number, termName, agentName }) {
    equal([number(-0.001), number(-1.5, 1), number(0.25), number(-0.4, 0)], ["0.00", "\u22121.5", "0.25", "0"]);
    equal([termName([0, 2]), agentName(0)], ["1, 3", "agent 1"]);
  },
};

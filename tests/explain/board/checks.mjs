// Comparisons with the Python package, for Node and for a browser: each returns the worst difference of every kind.

/** The largest difference between numbers, or between lists of equal shape. */
function apart(a, b) {
  if (!Array.isArray(a)) return Math.abs(Number(a) - Number(b));
  if (a.length !== b.length) return Infinity;
  let worst = 0;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, apart(a[i], b[i]));
  return worst;
}

const collector = () => {
  const worst = {};
  const note = (name, ours, theirs) => { worst[name] = Math.max(worst[name] ?? 0, apart(ours, theirs)); };
  return [worst, note];
};

/** Feed a network the recorded observations and actions of episodes. */
function compareNetwork({ Network, mixingNetwork }, { model, episodes }) {
  const net = new Network(model), [worst, note] = collector();
  worst.steps = 0;
  for (const steps of episodes) {
    let memories = net.blank(), last = steps[0].obs.map(() => null);
    for (const step of steps) {
      const { q, hidden } = net.act(step.obs, last, memories);
      const taken = step.actions.map((action, i) => q[i][action]), out = net.mix(taken, step.state, hidden);
      note("q", q, step.q);
      note("q_tot", out.total, step.total);
      if (model.method === "qmix") {
        const inner = mixingNetwork(net, step.state)(taken);
        note("credit", inner.weights, step.credit);
        note("shape", inner.units, step.shape);
        note("bias", inner.bias, step.bias);
        note("gradient", out.credits, step.gradient);
      } else {
        note("credit", out.credits, step.credit);
        note("shape", out.values, step.shape);
        note("bias", out.bias, step.bias);
      }
      if (step.mask) note("mask", net.masks(hidden), step.mask);
      [memories, last] = [hidden, step.actions];
      worst.steps += 1;
    }
  }
  return worst;
}

/** Play recorded actions by our rules from the same seeds. */
function compareRules({ deal, observe, stateOf, available, step }, { task, episodes }) {
  const [worst, note] = collector();
  worst.steps = 0;
  for (const { seed, slots } of episodes) {
    let board = deal(task, seed);
    slots.forEach((slot, t) => {
      const obs = observe(task, board);
      note("players", board.players.map(({ y, x, level }) => [y, x, level]), slot.players);
      note("foods", board.foods.filter(({ eaten }) => !eaten).map(({ y, x, level }) => [y, x, level]).sort(), slot.foods.sort());
      note("obs", obs, slot.obs);
      note("state", stateOf(task, board, obs), slot.state);
      note("avail", available(task, board), slot.avail);
      if (!slot.actions) return;
      const next = step(task, board, slot.actions);
      note("reward", next.reward, slot.reward);
      note("rewards", next.rewards, slot.rewards);
      note("over", next.over, t === slots.length - 2);
      board = next.board;
      worst.steps += 1;
    });
  }
  return worst;
}

/** Numpy's generator: permutations and bounded integers of some seeds. */
function compareRandom({ Random }, { seed, permutations, integers }) {
  const random = new Random(seed), [worst, note] = collector();
  for (const order of permutations) note("permutation", random.permutation(order.length), order);
  for (const [low, high, value] of integers) note("integer", random.integer(low, high), value);
  return worst;
}

/** Compare cases of all kinds. */
export function compareAll(board, { networks = [], tasks = [], seeds = [] }) {
  return {
    networks: networks.map((one) => compareNetwork(board, one)),
    tasks: tasks.map((one) => compareRules(board, one)),
    seeds: seeds.map((one) => compareRandom(board, one)),
  };
}

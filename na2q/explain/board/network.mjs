// Forward passes of trained networks: agents with their memory, and what NA2Q, VDN and QMIX make of their utilities.
//
// Tensors go by their names in the weights file; matrices are (outputs, inputs), row by row.

const FIRST = 33; // digits are the printable characters from "!" on, without the three that a script escapes
const SKIPPED = '"<\\';
const BASE = 91;
const DIGITS = new Uint8Array(128);
for (let code = FIRST, digit = 0; code < 127; code++) {
  if (!SKIPPED.includes(String.fromCharCode(code))) DIGITS[code] = digit++;
}
const CENTRE = (BASE ** 3 - 1) / 2;

/** Read tensors from text: for each row a scale of five digits, a float32, then three digits for each weight. */
export function unpack(layout, text) {
  const bits = new DataView(new ArrayBuffer(4));
  let at = 0;
  const number = (digits) => {
    let value = 0;
    for (let i = 0; i < digits; i++) value = value * BASE + DIGITS[text.charCodeAt(at++)];
    return value;
  };
  return Object.fromEntries(layout.map(([name, ...shape]) => {
    const width = shape.at(-1), size = shape.reduce((a, b) => a * b, 1);
    const data = new Float32Array(size);
    for (let row = 0; row < size; row += width) {
      bits.setUint32(0, number(5));
      const scale = bits.getFloat32(0);
      for (let i = row; i < row + width; i++) data[i] = (number(3) - CENTRE) * scale;
    }
    return [name, { data, shape }];
  }));
}

const relu = (x) => x.map((value) => Math.max(value, 0));
const elu = (x) => (x > 0 ? x : Math.expm1(x));
const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/** W x + b; `which` picks one of several maps laid out one after the other. */
function affine(weight, bias, x, which = 0) {
  const inputs = weight.shape.at(-1), outputs = weight.shape.at(-2), start = which * outputs;
  const result = new Array(outputs);
  for (let o = 0; o < outputs; o++) {
    let sum = bias ? bias.data[start + o] : 0;
    for (let i = 0, at = (start + o) * inputs; i < inputs; i++, at++) sum += weight.data[at] * x[i];
    result[o] = sum;
  }
  return result;
}

/** A trained method: `model` is what `na2q.explain.board.export` writes. */
export class Network {
  constructor(model) {
    Object.assign(this, { task: model.task, agent: model.agent, method: model.method, options: model.options });
    this.tensors = unpack(model.tensors, model.weights);
    for (const [name, { data }] of Object.entries(this.tensors)) {
      // shape functions weigh by absolute values
      if (name.startsWith("mixer.shapes.") && name.endsWith(".weight")) data.forEach((w, i) => { data[i] = Math.abs(w); });
    }
    this.mixer = MIXERS[model.method];
    this.terms = this.mixer.terms(this);
  }

  linear(name, x) {
    return affine(this.tensors[`${name}.weight`], this.tensors[`${name}.bias`], x);
  }

  /** Linear layers with ReLU between them, numbered 0, 2, 4, ... under one name. */
  mlp(name, x) {
    for (let i = 0; `${name}.${i}.weight` in this.tensors; i += 2) x = this.linear(`${name}.${i}`, i ? relu(x) : x);
    return x;
  }

  /** Memories before the first observation. */
  blank() {
    return Array.from({ length: this.task.players }, () => new Array(this.agent.hidden).fill(0));
  }

  /** Utilities of all actions and new memories, given observations, last actions (null at first) and memories. */
  act(observations, last, memories) {
    const hidden = memories.map((h, i) => this.#remember(this.#input(observations[i], last[i], i), h));
    return { q: hidden.map((h, i) => this.#utilities(h, i)), hidden };
  }

  #input(obs, last, agent) {
    const x = [...obs];
    if (this.agent.lastAction) for (let a = 0; a < this.agent.actions; a++) x.push(a === last ? 1 : 0);
    if (this.agent.agentId) for (let i = 0; i < this.task.players; i++) x.push(i === agent ? 1 : 0);
    return x;
  }

  #remember(input, h) {
    const of = (name) => this.tensors[`agent.gru.${name}_l0`], size = this.agent.hidden;
    const x = affine(of("weight_ih"), of("bias_ih"), relu(this.linear("agent.fc_in", input)));
    const y = affine(of("weight_hh"), of("bias_hh"), h);
    return h.map((before, k) => {
      const reset = sigmoid(x[k] + y[k]), keep = sigmoid(x[size + k] + y[size + k]);
      const fresh = Math.tanh(x[2 * size + k] + reset * y[2 * size + k]);
      return fresh + keep * (before - fresh);
    });
  }

  #utilities(h, agent) {
    const shared = this.linear("agent.head", h), own = this.tensors["agent.local_heads.weight"];
    if (!own) return shared;
    const local = affine(own, this.tensors["agent.local_heads.bias"], h, agent);
    return shared.map((q, a) => q + local[a]);
  }

  /** Q_tot of the utilities of one joint action as bias + sum of credit times value over `terms`. */
  mix(q, state, hidden) {
    return this.mixer.mix(this, q, state, hidden);
  }

  /** Mask over the features of each agent's observation, from the posterior mean; null without a VAE. */
  masks(hidden) {
    if (!("vae.mean.weight" in this.tensors)) return null;
    return this.semantics(hidden).map((z) => this.mlp("vae.decoder", z).map(sigmoid));
  }

  /** Posterior means of the identity semantics, kept for as long as the memories are the same. */
  semantics(hidden) {
    if (this.encoded?.hidden !== hidden) {
      this.encoded = { hidden, z: hidden.map((h) => this.linear("vae.mean", relu(this.mlp("vae.encoder.0", h)))) };
    }
    return this.encoded.z;
  }

  /** In this state, what the curve of an agent shows at utilities q: its own term, or where it has none Q_tot. */
  curve(state) {
    return this.mixer.curve(this, state);
  }

  /** Value of NA2Q's shape function number `term`. */
  shape(term, q) {
    const value = this.#shapeAt(term, (i) => q[i]);
    return this.options.anchored ? value - this.#shapeAt(term, () => 0) : value;
  }

  #shapeAt(term, utility) {
    const { bank, place, members } = this.terms[term];
    let x = members.map(utility);
    for (let layer = 0; `mixer.shapes.${bank}.layers.${layer}.weight` in this.tensors; layer++) {
      const name = `mixer.shapes.${bank}.layers.${layer}`;
      if (layer) x = this.options.twoSided ? twoSided(x) : x.map(elu);
      x = affine(this.tensors[`${name}.weight`], this.tensors[`${name}.bias`], x, place);
    }
    return x[0];
  }
}

const twoSided = (x) => x.map((value, i) => (i < Math.ceil(x.length / 2) ? elu(value) : -elu(-value)));

function subsets(count, size, from = 0) {
  if (size === 0) return [[]];
  const found = [];
  for (let i = from; i < count; i++) for (const rest of subsets(count, size - 1, i + 1)) found.push([i, ...rest]);
  return found;
}

const singles = (net) => Array.from({ length: net.task.players }, (_, i) => ({ members: [i] }));
const sum = (x) => x.reduce((a, b) => a + b, 0);
const withTotal = (out) => ({ ...out, total: out.bias + sum(out.values.map((value, k) => out.credits[k] * value)) });

const na2q = {
  terms: (net) => net.options.orders.flatMap((order, bank) =>
    subsets(net.task.players, order).map((members, place) => ({ members, bank, place }))),
  mix(net, q, state, hidden) {
    const values = net.terms.map((_, k) => net.shape(k, q));
    const bias = net.options.stateBias ? net.mlp("mixer.bias", state)[0] : 0;
    return withTotal({ values, bias, credits: credits(net, state, hidden) });
  },
  curve: (net) => {
    const own = singles(net).map((_, i) => net.terms.findIndex(({ members }) => members.length === 1 && members[0] === i));
    return own.includes(-1) ? null : (agent, q) => net.shape(own[agent], q);
  },
};

function credits(net, state, hidden) {
  const count = net.terms.length;
  if (net.options.credits === "uniform") {
    return new Array(count).fill(net.options.uniformCredit === "one" ? 1 : 1 / count);
  }
  const source = net.options.credits === "semantics" ? net.semantics(hidden).flat() : state;
  let key = net.linear("mixer.credits.key_out", net.linear("mixer.credits.key_in", source));
  let query = net.linear("mixer.credits.query_out", net.linear("mixer.credits.query_in", state));
  if (net.options.reluOnState) query = relu(query);
  else key = relu(key);
  const scale = net.options.scaleCredits ? count ** -0.5 : 1;
  const logits = key.map((_, row) => scale * sum(key.map((value, column) => value * query[row * count + column])));
  const highest = Math.max(...logits), parts = logits.map((x) => Math.exp(x - highest)), whole = sum(parts);
  return parts.map((part) => part / whole);
}

const vdn = {
  terms: singles,
  mix: (net, q) => withTotal({ values: [...q], credits: q.map(() => 1), bias: 0 }),
  curve: () => (agent, q) => q[agent],
};

const SLOPE = 1e-4; // half the distance over which QMIX's slopes are measured

const qmix = {
  terms: singles,
  /** Hidden units mix all agents; what is shown instead is each agent's utility times the slope of Q_tot in it. */
  mix(net, q, state) {
    const value = mixingNetwork(net, state), total = value(q).total;
    const at = (agent, change) => value(q.map((x, i) => (i === agent ? x + change : x))).total;
    const slopes = q.map((_, i) => (at(i, SLOPE) - at(i, -SLOPE)) / (2 * SLOPE));
    return { total, values: [...q], credits: slopes, bias: total - sum(q.map((x, i) => slopes[i] * x)) };
  },
  curve: (net, state) => {
    const value = mixingNetwork(net, state);
    return (agent, q) => value(q).total;
  },
};

/** QMIX's mixing network of one state: utilities to Q_tot, units and their weights. */
export function mixingNetwork(net, state) {
  const embed = net.options.embed, absolute = (x) => x.map(Math.abs);
  const first = absolute(net.mlp("mixer.w1", state)), shift = net.linear("mixer.b1", state);
  const weights = absolute(net.mlp("mixer.w2", state)), bias = net.mlp("mixer.v", state)[0];
  return (q) => {
    const units = shift.map((b, k) => elu(q.reduce((all, x, i) => all + x * first[i * embed + k], b)));
    return { units, weights, bias, total: bias + sum(units.map((unit, k) => unit * weights[k])) };
  };
}

const MIXERS = { na2q, vdn, qmix };

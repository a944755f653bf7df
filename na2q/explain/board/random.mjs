// The random numbers of numpy's default generator, so that a seed deals the same board as the Python package does.

const MASK_64 = (1n << 64n) - 1n;
const MASK_128 = (1n << 128n) - 1n;
const PCG_MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;

/** Four words of 64 bits made of a seed below 2^32, as numpy's SeedSequence makes them. */
function seedWords(seed) {
  const times = Math.imul;
  let constant = 0x43b0d7e5;
  const hash = (value) => {
    value ^= constant;
    constant = times(constant, 0x931e8875);
    value = times(value, constant);
    return value ^ (value >>> 16);
  };
  const pool = [seed, 0, 0, 0].map(hash);
  for (let from = 0; from < 4; from++) {
    for (let to = 0; to < 4; to++) {
      if (from === to) continue;
      const mixed = (times(pool[to], 0xca01f9dd) - times(hash(pool[from]), 0x4973f715)) | 0;
      pool[to] = mixed ^ (mixed >>> 16);
    }
  }
  constant = 0x8b51f9dd;
  const halves = Array.from({ length: 8 }, (_, i) => {
    let word = pool[i % 4] ^ constant;
    constant = times(constant, 0x58f38ded);
    word = times(word, constant);
    return BigInt((word ^ (word >>> 16)) >>> 0);
  });
  return [0, 2, 4, 6].map((i) => halves[i] | (halves[i + 1] << 32n));
}

/** Numpy's `Generator(PCG64(seed))`, as far as dealing a board needs it. */
export class Random {
  constructor(seed) {
    const [high, low, sequenceHigh, sequenceLow] = seedWords(seed);
    this.increment = ((((sequenceHigh << 64n) | sequenceLow) << 1n) | 1n) & MASK_128;
    this.state = this.increment;
    this.state = (this.state + ((high << 64n) | low)) & MASK_128;
    this.#advance();
    this.spare = null; // the unused half of the last 64 bits
  }

  #advance() {
    this.state = (this.state * PCG_MULTIPLIER + this.increment) & MASK_128;
  }

  #word() {
    if (this.spare !== null) {
      const kept = this.spare;
      this.spare = null;
      return kept;
    }
    this.#advance();
    const folded = (this.state >> 64n) ^ (this.state & MASK_64);
    const turn = this.state >> 122n;
    const bits = ((folded >> turn) | (folded << (64n - turn))) & MASK_64;
    this.spare = bits >> 32n;
    return bits & 0xffffffffn;
  }

  /** An integer from low to high - 1, each as likely as the others (Lemire's method). */
  integer(low, high) {
    const count = BigInt(high - low);
    if (count === 1n) return low;
    const threshold = (1n << 32n) % count;
    let product = this.#word() * count;
    while ((product & 0xffffffffn) < threshold) product = this.#word() * count;
    return low + Number(product >> 32n);
  }

  /** An integer from 0 to highest, as numpy draws it where it shuffles: from as few bits as can hold it. */
  #upTo(highest) {
    const mask = 2 ** (32 - Math.clz32(highest)) - 1;
    let value = Infinity;
    while (value > highest) value = Number(this.#word() & BigInt(mask));
    return value;
  }

  /** The numbers 0 to count - 1 in random order. */
  permutation(count) {
    const order = Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = this.#upTo(i);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }
}

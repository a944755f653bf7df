// node --test tests/explain/board: the page's parts by themselves. With NA2Q_BOARD_CASES, a file that the Python tests
// write, the comparisons with the package too; their worst differences are printed as JSON.

import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as dom from "../../../na2q/explain/board/dom.mjs";
import * as network from "../../../na2q/explain/board/network.mjs";
import * as random from "../../../na2q/explain/board/random.mjs";
import * as rules from "../../../na2q/explain/board/rules.mjs";
import * as session from "../../../na2q/explain/board/session.mjs";
import { compareAll } from "./checks.mjs";
import { UNITS } from "./units.mjs";

const board = { ...dom, ...network, ...random, ...rules, ...session };
if (process.env.NA2Q_BOARD_CASES) {
  console.log(JSON.stringify(compareAll(board, JSON.parse(readFileSync(process.env.NA2Q_BOARD_CASES, "utf8")))));
} else {
  for (const [name, unit] of Object.entries(UNITS)) test(name, () => unit(board));
}

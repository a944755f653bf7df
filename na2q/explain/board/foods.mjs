// A chip for each food: its level, and once it is eaten a way to put it back.

import { html, say } from "./dom.mjs";
import { cellsOf, foodFits, highestFood } from "./rules.mjs";

export class FoodChip {
  /** `edit` takes a change of the board. */
  constructor(index, task, edit) {
    Object.assign(this, { index, task });
    const name = `food ${index + 1}`;
    const button = (text, label, change) => html("button", {
      type: "button", "aria-label": `${label}: ${name}`, title: label, onclick: () => edit((board) => change(board.foods[index], board)),
    }, text);
    this.level = html("span", {});
    this.lower = button("\u2212", "lower the level", (food) => { food.level -= 1; });
    this.raise = button("+", "raise the level", (food) => { food.level += 1; });
    this.back = button("Put back", "put back on the board", (food, board) => this.#return(food, board));
    this.node = html("span", { class: "foodChip" }, html("span", { class: "apple", "aria-hidden": "true" }), this.lower, this.level, this.raise, this.back);
  }

  /** Put eaten food on the nearest cell where it may lie; it stays eaten where there is none. */
  #return(food, board) {
    const far = ([y, x]) => Math.abs(y - food.y) + Math.abs(x - food.x);
    const cells = cellsOf(this.task).filter(([y, x]) => foodFits(this.task, board, y, x, food)).sort((a, b) => far(a) - far(b));
    if (cells.length) Object.assign(food, { y: cells[0][0], x: cells[0][1], eaten: false });
  }

  draw(board) {
    const { level, eaten } = board.foods[this.index];
    say(this.level, eaten ? "eaten" : `level ${level}`);
    this.lower.disabled = level <= 1;
    this.raise.disabled = level >= Math.max(highestFood(this.task, board), 3 * this.task.maxLevel);
    [this.lower.hidden, this.raise.hidden, this.back.hidden] = [eaten, eaten, !eaten];
  }
}

// "What if this agent were not here": the same moment and the rest of the episode, with and without it.

import { agentName, disc, html, number, say } from "./dom.mjs";
import { ACTIONS } from "./rules.mjs";
import { think } from "./session.mjs";

const PAUSE = 120; // milliseconds of quiet before episodes are played to their end

export class Without {
  constructor(players, on) {
    this.agent = null;
    this.heading = html("h2", {});
    this.words = html("p", { class: "verdict", role: "status" });
    this.rows = Array.from({ length: players }, (_, i) => {
      const cells = Array.from({ length: 4 }, () => html("td"));
      return { cells, node: html("tr", {}, html("th", { scope: "row" }, disc(i), html("span", { class: "hidden" }, agentName(i))), ...cells) };
    });
    this.total = [html("td", { colspan: 2 }), html("td", { colspan: 2 })];
    this.future = [html("td", { colspan: 2 }), html("td", { colspan: 2 })];
    const head = (text, wide) => html("th", { scope: wide ? "colgroup" : "col", colspan: wide ? 2 : null }, text);
    const row = (name, cells, title) => html("tr", { title }, html("th", { scope: "row" }, name), ...cells);
    this.node = html("section", { class: "without", "aria-label": "what if an agent were not here", hidden: true },
      html("div", { class: "headline" }, this.heading, html("button", { type: "button", onclick: () => on.without(null) }, "Close")),
      this.words,
      html("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "comparison" }, html("table", {},
        html("thead", {}, html("tr", {}, html("td"), head("with it", true), head("without it", true)),
          html("tr", {}, head("agent"), head("next"), head("Q"), head("next"), head("Q"))),
        html("tbody", {}, ...this.rows.map(({ node }) => node),
          row(html("span", {}, "Q", html("sub", {}, "tot")), this.total, "value of the next joint action, in units of the return"),
          row("return to come", this.future, "rewards from here to the end of the episode if everybody follows the policy")))),
      html("p", { class: "note" }, "Without it, the others do not see it, nobody loads with it, and its network is told of nothing. No team was trained short of an agent, so Q_tot is then an extrapolation; the return to come is played out by the rules and is not."));
  }

  draw(session, thought) {
    const agent = this.agent;
    this.node.hidden = agent === null;
    clearTimeout(this.timer);
    if (agent === null) return;
    say(this.heading, `What if agent ${agent + 1} were not here?`);
    const frame = session.without(agent), other = think(session.net, frame, session.decide);
    this.rows.forEach(({ cells, node }, i) => {
      node.classList.toggle("absent", i === agent);
      const write = (from, there) => {
        const action = from.actions[i];
        return there ? [action ? ACTIONS[action] : "wait", number(from.q[i][action])] : ["\u2014", "\u2014"];
      };
      const here = !session.board.players[i].absent;
      [...write(thought, here), ...write(other, here && i !== agent)].forEach((text, k) => say(cells[k], text));
      node.classList.toggle("changed", i !== agent && thought.actions[i] !== other.actions[i]);
    });
    say(this.total[0], number(thought.value.total, 3));
    say(this.total[1], number(other.value.total, 3));
    const changed = this.rows.filter(({ node }) => node.classList.contains("changed")).length;
    const now = changed ? `${changed} of the others would act differently now.` : "The others would do the same now.";
    say(this.words, now);
    this.timer = setTimeout(() => {
      const outcomes = [session.frame, frame].map((start) => session.finish(start));
      outcomes.forEach(({ earned, eaten, time }, k) => say(this.future[k], `${number(earned, 3)} (${eaten} of ${session.net.task.foods} eaten by step ${time})`));
      say(this.words, `${now} Played to the end, the team gets ${number(outcomes[0].earned)} from here with it and ${number(outcomes[1].earned)} without it.`);
    }, PAUSE);
  }
}

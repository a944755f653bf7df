(() => {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const MILLISECONDS = 600; // a step is shown while playing at speed 1
  const CLOSEST = 4; // times that a scene can be enlarged
  const WIDE = 5; // columns from which on a table of masks takes the whole width
  const ROW = 20; // height of a bar's row

  const shape = (parent, name, attributes, text) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return parent.appendChild(made);
  };
  const element = (parent, name, text, attributes = {}) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return parent.appendChild(made);
  };
  const number = (x, digits = 2) => x.toFixed(digits).replace(/^-(?=0\.0+$)/, "").replace("-", "−");
  const label = (svg, x, y, size, text, fill) =>
    shape(svg, "text", { x, y, fill, "font-size": size, "text-anchor": "middle", "dominant-baseline": "central" }, text);

  function start(root, index) {
    const data = JSON.parse(root.querySelector("script[type='application/json']").textContent);
    const find = (selector) => root.querySelector(selector);
    const slider = find(".slider"), play = find(".play"), status = find(".status");
    const last = data.steps.length - 1;
    let now = data.start, agent = 0, timer = null, zoom = 1;

    const circle = (svg, x, y, r, i, text) => {
      shape(svg, "circle", { cx: x, cy: y, r, fill: data.agents[i].colour });
      label(svg, x, y, r * 1.2, text, data.agents[i].ink);
    };
    const arrows = (svg, step, width) => {
      for (const { from, to, by } of step.arrows) {
        const stroke = by < 0 ? "var(--enemy)" : data.agents[by].colour;
        const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
        const length = Math.hypot(dx, dy) || 1, [ux, uy] = [dx / length, dy / length];
        const head = 4 * width, [bx, by2] = [to[0] - head * ux, to[1] - head * uy];
        const opacity = by < 0 ? 0.6 : 1;
        shape(svg, "line", { x1: from[0], y1: from[1], x2: bx, y2: by2, stroke, "stroke-width": width, opacity });
        const wing = [[bx - uy * head / 2, by2 + ux * head / 2], [bx + uy * head / 2, by2 - ux * head / 2], to];
        shape(svg, "polygon", { points: wing.map((p) => p.join(",")).join(" "), fill: stroke, opacity });
      }
    };

    const scenes = {
      board(svg, step) {
        const { size, food, levels, side } = data.scene;
        svg.setAttribute("viewBox", `-0.6 -0.6 ${size + 0.2} ${size + 0.2}`);
        for (let i = 0; i <= size; i++) {
          const line = { stroke: "var(--line)", "stroke-width": 0.02 };
          shape(svg, "line", { x1: -0.5, x2: size - 0.5, y1: i - 0.5, y2: i - 0.5, ...line });
          shape(svg, "line", { y1: -0.5, y2: size - 0.5, x1: i - 0.5, x2: i - 0.5, ...line });
        }
        if (step.seen) for (const [x, y, value] of step.seen[agent]) {
          const cell = shape(svg, "rect", { x: x - 0.5, y: y - 0.5, width: 1, height: 1, class: "heat" });
          cell.style.setProperty("--m", value / data.heat);
          shape(cell, "title", {}, `mean mask ${number(value)}`);
        }
        const [left, top] = step.corner[agent], colour = data.agents[agent].colour;
        const frame = { fill: "none", stroke: colour, "stroke-width": 0.08, "stroke-dasharray": "0.25 0.12" };
        shape(svg, "rect", { x: left - 0.5, y: top - 0.5, width: side, height: side, ...frame });
        food.forEach(([x, y, level], i) => {
          if (!step.food[i]) return;
          shape(svg, "rect", { x: x - 0.3, y: y - 0.3, width: 0.6, height: 0.6, fill: "var(--food)" });
          label(svg, x, y, 0.42, level, "var(--food-text)");
        });
        step.players.forEach(([x, y], i) => circle(svg, x, y, 0.34, i, levels[i]));
        arrows(svg, step, 0.07);
      },
      battle(svg, step) {
        const { view, enemy, radius, reach } = data.scene, n = data.agents.length;
        svg.setAttribute("viewBox", view.join(" "));
        const ring = (i, r, dashes) => {
          const { x, y } = step.units[i];
          const line = { fill: "none", stroke: data.agents[i].colour, "stroke-width": 0.1, "stroke-dasharray": dashes };
          shape(svg, "circle", { cx: x, cy: y, r, ...line });
        };
        if (step.units[agent].alive) {
          ring(agent, reach[0], "0.5 0.3");
          ring(agent, reach[1], "0.1 0.3");
        }
        step.units.forEach((unit, i) => {
          if (!unit.alive) return;
          const r = Math.max(radius[i], 0.35), wide = 2.4 * r;
          const value = step.unitMask && step.unitMask[agent][i];
          if (value) {
            const halo = shape(svg, "circle", { cx: unit.x, cy: unit.y, r: r + 0.45, class: "heat" });
            halo.style.setProperty("--m", value / data.heat);
            shape(halo, "title", {}, `mean mask ${number(value)}`);
          }
          if (enemy[i]) {
            shape(svg, "circle", { cx: unit.x, cy: unit.y, r, fill: "#b34a00" });
            label(svg, unit.x, unit.y, r * 1.2, i - n + 1, "#ffffff");
          } else circle(svg, unit.x, unit.y, r, i, i + 1);
          const bar = { x: unit.x - wide / 2, y: unit.y - r - 0.3, height: 0.16 };
          shape(svg, "rect", { ...bar, width: wide, fill: "var(--line)" });
          shape(svg, "rect", { ...bar, width: wide * unit.health, fill: "#009e73" });
          if (unit.shield > 0) shape(svg, "rect", { ...bar, y: bar.y - 0.18, width: wide * unit.shield, fill: "#56b4e9" });
        });
        arrows(svg, step, 0.1);
      },
    };

    const legends = {
      board: "Circles are agents and squares food, with their levels; arrows are moves. The dashed frame holds what the " +
        "chosen agent can be told of; orange is its mean mask on the thing there.",
      battle: "Circles are agents by colour and enemies in orange-brown; arrows lead to targets or show moves. Dashed and " +
        "dotted are range and sight of the chosen agent; the halo is its mean mask on that unit.",
    };

    const drawScene = (step) => {
      const panel = find(".scene");
      panel.hidden = data.scene === null;
      find(".legend").hidden = panel.hidden;
      if (panel.hidden) return;
      const svg = panel.querySelector("svg");
      svg.replaceChildren();
      scenes[data.scene.kind](svg, step);
      find(".closer").disabled = zoom >= CLOSEST;
      find(".farther").disabled = zoom <= 1;
      if (zoom === 1) return;
      const [left, top, width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
      const [x, y] = step.players ? step.players[agent] : [step.units[agent].x, step.units[agent].y];
      const [w, h] = [width / zoom, height / zoom];
      const within = (at, low, whole, part) => Math.max(low, Math.min(low + whole - part, at - part / 2));
      svg.setAttribute("viewBox", [within(x, left, width, w), within(y, top, height, h), w, h].join(" "));
    };

    const drawTerms = (step) => {
      const svg = find(".terms svg"), { labels, low, high } = data.terms;
      const rows = labels.map((name, k) => [name, step.terms[k]]);
      if (step.bias !== null) rows.unshift(["f₀(s)", step.bias]);
      if (step.total !== null) rows.unshift(["Q_tot", step.total]);
      const width = 340, left = 74, right = 52, scale = (width - left - right) / (high - low);
      const zero = left - low * scale;
      svg.replaceChildren();
      svg.setAttribute("viewBox", `0 0 ${width} ${rows.length * ROW + 4}`);
      rows.forEach(([name, value], row) => {
        const y = row * ROW + 3, middle = y + ROW / 2 - 2;
        const text = { "font-size": 12, "dominant-baseline": "central", fill: "var(--text)" };
        shape(svg, "text", { x: 2, y: middle, ...text }, name);
        const fill = value < 0 ? "var(--negative)" : "var(--positive)";
        const x = Math.min(zero, zero + value * scale);
        shape(svg, "rect", { x, y, height: ROW - 6, width: Math.abs(value) * scale, fill, "data-term": name });
        shape(svg, "text", { x: width - 4, y: middle, ...text, "text-anchor": "end" }, number(value));
      });
      shape(svg, "line", { x1: zero, x2: zero, y1: 0, y2: rows.length * ROW, stroke: "var(--quiet)", "stroke-width": 1 });
    };

    const drawChoices = (step) => {
      const table = find(".choices table");
      table.replaceChildren();
      const head = element(element(table, "thead"), "tr"), body = element(table, "tbody");
      for (const name of ["agent", "executed", "Q", "greedy", "Q"]) element(head, "th", name, { scope: "col" });
      data.agents.forEach((_, i) => {
        const row = element(body, "tr");
        if (step.units && !step.units[i].alive) row.className = "dead";
        const greedy = step.greedy[i] === step.taken[i] ? "same" : step.greedy[i];
        element(row, "th", String(i + 1), { scope: "row" });
        for (const text of [step.taken[i], number(step.q[i]), greedy, number(step.qGreedy[i])]) element(row, "td", text);
      });
    };

    const drawMasks = (step) => {
      const panel = find(".masks");
      panel.hidden = !step.mask;
      if (panel.hidden) return;
      panel.querySelector(".heading").textContent = `What agent ${agent + 1} sees, coloured by its mask`;
      const table = panel.querySelector("table"), { rows, columns, cells } = data.features;
      table.replaceChildren();
      panel.classList.toggle("wide", columns.length >= WIDE);
      const head = element(element(table, "thead"), "tr"), body = element(table, "tbody");
      element(head, "th", "what", { scope: "col" });
      for (const name of columns) element(head, "th", name, { scope: "col" });
      rows[agent].forEach((name, r) => {
        const row = element(body, "tr");
        element(row, "th", name, { scope: "row" });
        columns.forEach((_, c) => {
          const place = cells[r][c], value = place === null ? null : step.mask[agent][place];
          const cell = element(row, "td", value === null ? "" : number(value));
          if (value === null) return;
          cell.className = "heat";
          cell.style.setProperty("--m", value / data.heat);
          cell.title = `feature ${number(step.obs[agent][place])}, mask ${number(value)}`;
        });
      });
    };

    const draw = () => {
      const step = data.steps[now];
      slider.value = now;
      slider.setAttribute("aria-valuetext", `step ${now} of ${last}`);
      const total = step.total === null ? "" : `, Q_tot ${number(step.total)}`;
      status.textContent = `step ${now} of ${last}, reward ${number(step.reward, 3)}${total}`;
      drawScene(step);
      drawTerms(step);
      drawChoices(step);
      drawMasks(step);
    };
    const go = (step) => {
      now = Math.max(0, Math.min(last, step));
      draw();
    };
    const stop = () => {
      clearInterval(timer);
      timer = null;
      play.textContent = "▶";
      play.setAttribute("aria-label", "play");
      status.setAttribute("aria-live", "polite");
    };
    const toggle = () => {
      if (timer !== null) return stop();
      if (now === last) go(0);
      play.textContent = "❚❚";
      play.setAttribute("aria-label", "pause");
      status.setAttribute("aria-live", "off"); // or screen readers would talk without end
      run();
    };
    const run = () => {
      clearInterval(timer);
      timer = setInterval(() => {
        go(now + 1);
        if (now === last) stop();
      }, MILLISECONDS / Number(find(".speed").value));
    };
    const enlarge = (by) => {
      zoom = Math.max(1, Math.min(CLOSEST, zoom * by));
      draw();
    };
    const keys = {
      ArrowLeft: () => go(now - 1), ArrowRight: () => go(now + 1), Home: () => go(0), End: () => go(last), " ": toggle,
      "+": () => enlarge(2), "-": () => enlarge(0.5),
    };

    root.addEventListener("keydown", (event) => {
      const kind = event.target.type || event.target.localName;
      const native = kind === "radio" || kind === "select-one" || (kind === "range" && event.key !== " ") || (kind === "button" && event.key === " ");
      if (native || !(event.key in keys) || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation(); // the book's pages turn on arrow keys
      keys[event.key]();
    });
    slider.max = last;
    slider.addEventListener("input", () => go(Number(slider.value)));
    slider.addEventListener("keydown", (event) => event.key.startsWith("Arrow") && event.stopPropagation());
    // a click leaves the keys with the player: on a radio button arrows would choose agents, on a button space would press it
    root.addEventListener("click", (event) => {
      const keeps = event.target.closest("select, .slider");
      if (event.detail > 0 && !keeps) requestAnimationFrame(() => root.focus({ preventScroll: true }));
    });
    play.addEventListener("click", toggle);
    find(".speed").addEventListener("change", () => {
      if (timer !== null) run();
      root.focus({ preventScroll: true });
    });
    find(".closer").addEventListener("click", () => enlarge(2));
    find(".farther").addEventListener("click", () => enlarge(0.5));
    find(".back").addEventListener("click", () => go(now - 1));
    find(".forward").addEventListener("click", () => go(now + 1));
    data.agents.forEach(({ colour }, i) => {
      const choice = element(find(".agents"), "label");
      const radio = element(choice, "input", undefined, { type: "radio", name: `na2q-agent-${index}` });
      radio.checked = i === 0;
      radio.addEventListener("change", () => { agent = i; draw(); });
      element(choice, "span", undefined, { class: "swatch" }).style.background = colour;
      element(choice, "span", String(i + 1));
    });
    if (data.scene !== null) find(".legend").textContent = legends[data.scene.kind];
    find(".terms .heading").textContent = data.terms.name;
    root.dataset.ready = "true";
    draw();
  }

  for (const root of document.querySelectorAll(".na2q-player:not([data-ready])")) {
    start(root, document.querySelectorAll(".na2q-player[data-ready]").length);
  }
})();

(() => {
  const root = document.currentScript.closest(".na2q-chooser");
  const data = JSON.parse(root.querySelector('script[type="application/json"]').textContent);
  const find = what => root.querySelector(what);
  const select = find("select"), names = find(".names"), picture = find(".works > svg");
  const slider = find("input[type=range]"), output = find("output"), rows = find("tbody");
  const [left, right, top, bottom] = [52, 700, 12, 282];
  const chosen = new Map(); // by name, so that a choice stays when other runs are shown

  function drawn(kind, attributes, parent, text) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", kind);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    return parent.appendChild(node);
  }
  function ticks(low, high, most) {
    const rough = (high - low) / most, size = 10 ** Math.floor(Math.log10(rough));
    const step = size * [1, 2, 5, 10].find(factor => factor * size >= rough);
    const found = [];
    for (let x = Math.ceil(low / step) * step; x <= high + step / 1e6; x += step) found.push(Math.round(x * 1e6) / 1e6);
    return found;
  }
  const thousands = x => x.toLocaleString("en");
  const number = x => x === null ? "none" : x.toFixed(2).replace("-", "\u2212");
  const panel = () => data.panels[select.value];
  const shown = () => panel().lines.filter(line => chosen.get(line.name));

  function draw() {
    picture.replaceChildren();
    const all = panel().lines, last = Math.max(...all.map(line => line.steps.at(-1)), 1);
    const values = all.flatMap(line => line.iqm.map((x, i) => [line.low[i] ?? x, line.high[i] ?? x])).flat().filter(x => x !== null);
    const low = Math.min(0, ...values), high = Math.max(...values, low + 0.1);
    const x = step => left + (right - left) * step / last, y = value => bottom - (bottom - top) * (value - low) / (high - low);
    for (const value of ticks(low, high, 5)) {
      drawn("line", { class: "axis", x1: left, x2: right, y1: y(value), y2: y(value) }, picture);
      drawn("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, picture, number(value).replace(/(\.\d)0$/, "$1"));
    }
    for (const step of ticks(0, last, 5)) drawn("text", { x: x(step), y: bottom + 18, "text-anchor": "middle" }, picture, `${step / 1000}k`);
    const lines = shown();
    for (const line of lines) {
      const path = which => line.steps.map((step, i) => [x(step), y(line[which][i] ?? line.iqm[i])].map(Math.round).join(" "));
      if (line.low.some(end => end !== null))
        drawn("path", { class: "band", d: `M${path("low").join("L")}L${path("high").reverse().join("L")}Z`, style: `fill:${line.color}` }, picture);
      drawn("path", { d: `M${path("iqm").join("L")}`, stroke: line.color, "stroke-dasharray": line.dashes }, picture);
    }
    const here = Number(slider.value);
    drawn("line", { class: "here", x1: x(here), x2: x(here), y1: top, y2: bottom }, picture);
    output.textContent = thousands(here);
    slider.setAttribute("aria-valuetext", `${thousands(here)} environment steps`);
    rows.replaceChildren(...lines.map(line => {
      const i = line.steps.findLastIndex(step => step <= here), row = document.createElement("tr");
      const interval = i < 0 || line.low[i] === null ? "none" : `${number(line.low[i])} to ${number(line.high[i])}`;
      for (const [kind, text] of [["th", line.name], ["td", line.n], ["td", i < 0 ? "none" : number(line.iqm[i])], ["td", interval]]) {
        const cell = row.appendChild(document.createElement(kind));
        cell.textContent = text;
        if (kind === "th") cell.scope = "row";
      }
      return row;
    }));
    picture.setAttribute("aria-label", `${data.label}, ${panel().title}: ${lines.map(line => line.name).join(", ") || "no curve is chosen"}. The table below has the values.`);
    picture.removeAttribute("aria-labelledby");
  }
  function change() {
    const steps = panel().lines.flatMap(line => line.steps), gaps = panel().lines[0].steps;
    slider.max = Math.max(...steps);
    slider.step = gaps.length > 1 ? gaps[1] - gaps[0] : 1;
    slider.value = slider.max;
    names.replaceChildren(...panel().lines.map(line => {
      if (!chosen.has(line.name)) chosen.set(line.name, line.chosen);
      const label = document.createElement("label"), box = label.appendChild(document.createElement("input"));
      box.type = "checkbox";
      box.checked = chosen.get(line.name);
      box.addEventListener("change", () => { chosen.set(line.name, box.checked); draw(); });
      const swatch = drawn("svg", { viewBox: "0 0 28 10", "aria-hidden": "true" }, label);
      drawn("line", { class: "curve", x1: 0, x2: 28, y1: 5, y2: 5, stroke: line.color, "stroke-dasharray": line.dashes }, swatch);
      label.append(line.name);
      return label;
    }));
    draw();
  }
  data.panels.forEach((one, i) => select.add(new Option(one.title, i)));
  select.addEventListener("change", change);
  slider.addEventListener("input", draw);
  find(".works").hidden = false;
  change();
})();

// On a phone, what is wider than the screen is made to fit or to scroll sideways, and what scrolls shows that it goes on
// (see custom.css). A wide figure keeps the size at which its type can be read. A table of sentences becomes a list of
// its rows, of which a long list shows the beginnings; a table of numbers scrolls behind its first column. A formula
// gets smaller before it scrolls.
(() => {
  "use strict";
  const READABLE = 0.62; // of a figure's own size; tests/check_site.py holds desktops to the same
  const LEAST = 0.65; // of a formula's own size
  const SENTENCES = 17; // letters in the mean cell, above which a table holds sentences
  const ENDLESS = 6000; // letters of a table of sentences, above which its rows are folded
  const BEGINNING = 110; // letters that the mean row shows when it is folded
  const WHOLE = 24; // letters of a cell that is not broken where its table scrolls
  const SCROLLS = ".na2q-pans, .output, .pst-scrollable-table-container, .highlight pre, mjx-container[display]";
  const phone = window.matchMedia("(max-width: 576px)");
  const fitted = new WeakMap(); // what has been fitted, and at which width of the screen

  const all = (selector) => [...document.querySelectorAll(`.bd-article :is(${selector})`)];
  const isNew = (node) => node.offsetWidth > 0 && fitted.get(node) !== window.innerWidth;
  const done = (node) => fitted.set(node, window.innerWidth);

  function make(kind, name) {
    const node = document.createElement(kind);
    node.className = name;
    return node;
  }

  // A figure pans in a frame of its own, so that its caption stays where it is, with a button that moves it on.
  function frame(image) {
    const held = image.closest("a.image-reference") || image;
    const [outer, pans, button] = [make("div", "na2q-frame"), make("div", "na2q-pans"), make("button", "na2q-on")];
    held.replaceWith(outer);
    pans.append(held);
    outer.append(pans, button);
    button.type = "button";
    button.textContent = "\u203a";
    button.setAttribute("aria-label", "Show more of the figure");
    button.addEventListener("click", () => pans.scrollBy({ left: 0.8 * pans.clientWidth, behavior: "smooth" }));
    return pans;
  }

  function figure(image) {
    const wide = phone.matches && READABLE * image.naturalWidth > image.parentElement.clientWidth;
    const pans = image.closest(".na2q-pans") || (wide ? frame(image) : null);
    if (!pans) return;
    pans.parentElement.classList.toggle("na2q-wide", wide);
    image.style.setProperty("--na2q-least", `${Math.round(READABLE * image.naturalWidth)}px`);
    if (wide) pans.tabIndex = 0; // so that the keyboard can scroll it
    else pans.removeAttribute("tabindex");
  }

  function table(node) {
    node.classList.remove("na2q-rows", "na2q-slides", "na2q-holds");
    if (!phone.matches) return;
    const fits = node.scrollWidth <= node.closest("div, details").clientWidth;
    const cells = [...node.querySelectorAll("tbody :is(td, th)")];
    const lengths = cells.map((cell) => cell.textContent.trim().length).filter(Boolean);
    const heads = [...node.querySelectorAll("thead tr")];
    const plain = heads.length <= 1 && !node.querySelector("[rowspan], [colspan]");
    const columns = Math.max(...[...node.rows].map((row) => row.cells.length));
    const letters = lengths.reduce((sum, each) => sum + each, 0);
    const sentences = plain && letters > SENTENCES * lengths.length;
    if (sentences && (!fits || columns > 2)) rows(node, heads[0], letters > ENDLESS);
    else if (!fits) slides(node, cells);
  }

  function rows(node, head, folded) {
    const each = [...node.tBodies].flatMap((body) => [...body.rows]);
    const names = [...(head || each[0]).cells].map((cell) => (head ? cell.textContent.trim() : "")); // a summary has no head
    const shown = folded ? beginning(each, names.length) : names.length;
    node.classList.add("na2q-rows");
    node.setAttribute("role", "table"); // which it is for those who hear it, also when it is drawn as a list
    each.forEach((row) => {
      row.setAttribute("role", "row");
      [...row.cells].forEach((cell, k) => {
        cell.setAttribute("role", "cell");
        if (k && names[k]) cell.dataset.label = names[k];
        cell.classList.toggle("na2q-empty", !cell.textContent.trim());
        cell.classList.toggle("na2q-rest", k >= shown);
      });
      if (folded && !row.querySelector(".na2q-more")) row.cells[shown - 1].append(more(row, names.slice(shown)));
    });
  }

  // How many columns the beginning of a row has: as many as the mean row shows in few letters, but two at least.
  function beginning(each, columns) {
    const mean = (k) => each.reduce((sum, row) => sum + row.cells[k].textContent.trim().length, 0) / each.length;
    let [k, letters] = [0, 0];
    while (k < columns && (letters += mean(k)) <= BEGINNING) k += 1;
    return Math.max(2, k);
  }

  function more(row, rest) {
    const button = make("button", "na2q-more");
    button.type = "button";
    const tell = (open) => {
      row.classList.toggle("na2q-open", open);
      button.setAttribute("aria-expanded", String(open));
      button.textContent = open ? "less" : `more: ${rest.filter(Boolean).join(", ")}`;
    };
    button.addEventListener("click", () => tell(!row.classList.contains("na2q-open")));
    tell(row.contains(document.getElementById(decodeURIComponent(location.hash.slice(1)))));
    return button;
  }

  function slides(node, cells) {
    const output = node.closest(".output");
    if (output && output.querySelectorAll("table").length > 1 && !node.parentElement.matches(".na2q-pans")) {
      const pans = make("div", "na2q-pans"); // each of several slides by itself, lest captions and what fits go with it
      pans.tabIndex = 0; // so that the keyboard can scroll it
      node.replaceWith(pans);
      pans.append(node);
    }
    node.classList.add("na2q-slides");
    cells.filter((cell) => cell.textContent.length <= WHOLE).forEach((cell) => cell.classList.add("na2q-short"));
    const first = node.querySelector("tbody tr > :first-child");
    const room = node.closest("div, details").clientWidth;
    const spans = node.querySelector("tbody [rowspan]");
    node.classList.toggle("na2q-holds", !spans && first !== null && first.offsetWidth < 0.45 * room);
  }

  function formula(node) {
    const alone = node.hasAttribute("display");
    let block = alone ? node : node.parentElement;
    while (block.clientWidth === 0 || getComputedStyle(block).display.startsWith("inline")) block = block.parentElement;
    node.dataset.size ??= parseFloat(node.style.fontSize) || 100;
    node.style.fontSize = `${node.dataset.size}%`;
    const drawn = node.querySelector("mjx-math");
    const needed = alone || !drawn ? node.scrollWidth : drawn.getBoundingClientRect().width;
    if (phone.matches && needed > block.clientWidth)
      node.style.fontSize = `${Math.max(LEAST, (0.98 * block.clientWidth) / needed) * node.dataset.size}%`;
  }

  function mark(node) {
    if (node.matches?.(SCROLLS)) {
      const more = phone.matches && node.scrollLeft + node.clientWidth < node.scrollWidth - 4;
      node.classList.toggle("na2q-goes-on", more);
    }
  }

  function fit() {
    for (const [selector, change] of [["img[src*='_images/']", figure], ["table", table], ["mjx-container", formula]])
      for (const node of all(selector).filter(isNew)) {
        if (node.closest(".na2q-player, .na2q-chooser, .indextable") || (node.tagName === "IMG" && !node.naturalWidth))
          continue;
        change(node);
        done(node);
      }
    all(SCROLLS).forEach(mark);
  }

  let asked = 0;
  function soon() {
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(fit);
  }

  function begin() {
    fit();
    document.addEventListener("load", soon, true); // of images
    document.addEventListener("scroll", (event) => mark(event.target), { capture: true, passive: true });
    new ResizeObserver(soon).observe(document.querySelector(".bd-article") || document.body); // folds, formulas, turns
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();

// Teams that the page holds, or reads from scripts beside it when they are chosen.

import { html } from "./dom.mjs";

/** A model by its name: in the page already, or in a script beside it. */
export async function load({ name, file }) {
  const models = (globalThis.na2qModels ??= []);
  const here = () => models.find((model) => model.name === name);
  if (!here()) {
    await new Promise((done, fail) => {
      document.head.append(html("script", { src: file, onload: done, onerror: () => fail(new Error(`${file} cannot be read`)) }));
    });
  }
  return here();
}

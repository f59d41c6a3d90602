/** Choices beside each other, one of them chosen: links, so that the address says which. */
import { h } from "./dom.ts";
import type { Place } from "./view.ts";

/** `parameter`: what it is called in the address; the choice without a word stands for none. */
export function chips(
  { name, query }: Place,
  title: string,
  parameter: string,
  choices: readonly (readonly [word: string, label: string, ...unknown[]])[],
): HTMLElement {
  const chosen = query.get(parameter) ?? "";
  return h(
    "div",
    { class: "chips", role: "group", "aria-label": title },
    choices.map(([word, label]) => {
      const wanted = new URLSearchParams(query);
      if (word === "") wanted.delete(parameter);
      else wanted.set(parameter, word);
      const words = wanted.toString();
      return h(
        "a",
        {
          class: "chip",
          href: `#/${name}${words === "" ? "" : `?${words}`}`,
          "aria-current": chosen === word ? "true" : null,
        },
        label,
      );
    }),
  );
}

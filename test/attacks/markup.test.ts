/** A31: the dashboard's own files hold no place at which a text could become markup or a program. The rest: test/e2e. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const pages = new URL("../../src/pages", import.meta.url).pathname;
const textOf = (name: string): string => readFileSync(join(pages, name), "utf8");
const scripts = readdirSync(pages).filter((name) => name.endsWith(".ts"));

it("texts become text nodes: nothing in the pages reads a text as markup, or runs it", () => {
  expect(scripts.length).toBeGreaterThan(10);
  const sinks =
    /\b(?:innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|DOMParser|setHTML\w*|srcdoc|eval|Function)\b|document\.write|javascript:|setAttribute\(\s*["'`]on|["'{,\s]on[a-z]+["']?\s*:\s*["'`]/;
  const found = scripts.flatMap((name) =>
    textOf(name)
      .split("\n")
      .flatMap((line, at) => (sinks.test(line) ? [`${name}:${at + 1}: ${line.trim()}`] : [])),
  );
  expect(found).toEqual([]);
});

it("links lead to places of the page itself, whatever they are made from", () => {
  const links = scripts.flatMap((name) =>
    [...textOf(name).matchAll(/\b(?:href|src|action|formaction):\s*([^\n]{1,200})/g)].map(
      ([, target = ""]) => target,
    ),
  );
  expect(links.length).toBeGreaterThan(5);
  for (const target of links) expect(target).toMatch(/^["'`]#\//);
});

it("the page has no script, style or handler of its own, which its policy forbids", () => {
  const html = textOf("index.html");
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\bon[a-z]+=|\bstyle=|https?:|\/\/[a-z]/i);
  expect(textOf("icon.svg")).not.toMatch(/<script|\bon[a-z]+=|href=/i);
});

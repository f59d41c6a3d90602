import fc from "fast-check";
import { expect, test } from "vitest";
import { complexityOf } from "../../src/delegation/complexity.ts";
import { COMPLEXITIES } from "../../src/tasks/task.ts";

test.each([
  ["fix a typo", "simple"],
  ["Rename the label of the button", "simple"],
  ["bump eslint", "simple"],
  ["Write a script that imports the customers from CSV into Postgres", "medium"],
  ["Port the parser to Rust", "medium"],
  ["Redesign the architecture of the plugin system from scratch", "complex"],
  ["Migrate the monolith to microservices", "complex"],
  [
    "Integrate the payments.\n- webhook in src/pay/hook.ts\n- customers in src/pay/customer.ts\n- tests in test/pay.test.ts\n- cancel at the end of the period\n- retry with back-off\n- docs in docs/pay.md",
    "complex",
  ],
])("%j is %s", (text, complexity) => {
  expect(complexityOf(text)).toBe(complexity);
});

test("more of the same is never simpler", () => {
  const ranks = [1, 10, 100].map((n) =>
    COMPLEXITIES.indexOf(complexityOf("Move the users into the new table. ".repeat(n))),
  );
  expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
  expect(ranks[2]).toBe(2);
});

test("any text has a complexity", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => COMPLEXITIES.includes(complexityOf(text))));
});

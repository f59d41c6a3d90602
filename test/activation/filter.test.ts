import { describe, expect, it } from "vitest";
import { failing, fieldOf, passes, typeMatches, type Filter } from "../../src/activation/filter.ts";
import { eventOf } from "./triggers.ts";

const event = eventOf({
  priority: "high",
  correlation: "wake-1",
  extensions: { traceid: "t" },
  data: { repository: "me/app", number: 7, draft: false, labels: ["bug", "ui"], author: { name: "Ann" } },
});
const field = (name: string, test: Extract<Filter, { kind: "field" }>["test"]): Filter => ({
  kind: "field",
  field: name,
  test,
});
const is = (name: string, ...values: (string | number | boolean)[]): Filter =>
  field(name, { kind: "exact", values });

describe("a filter", () => {
  it.each<[string, Filter, boolean]>([
    ["a value", is("data.repository", "me/app"), true],
    ["another value", is("data.repository", "you/app"), false],
    ["one of several", is("data.number", 1, 7), true],
    ["a number as a text", is("data.number", "7"), false],
    ["a text as a number", is("data.number", 7), true],
    ["false is a value", is("data.draft", false), true],
    ["a member of a list", is("data.labels", "ui"), true],
    ["a path into a list", is("data.labels.0", "bug"), true],
    ["a path into an object", is("data.author.name", "Ann"), true],
    ["a path that ends early", is("data.author.name.first", "Ann"), false],
    ["what every object has", field("data.constructor", { kind: "exists", value: true }), false],
    ["an attribute", is("priority", "high"), true],
    ["the chain", is("correlationid", "wake-1"), true],
    ["a further attribute", is("traceid", "t"), true],
    ["a beginning", field("data.repository", { kind: "prefix", value: "me/" }), true],
    ["an end", field("data.repository", { kind: "suffix", value: "/lib" }), false],
    ["no beginning of a number", field("data.number", { kind: "prefix", value: "7" }), false],
    ["what is missing", field("data.reviewer", { kind: "exists", value: false }), true],
    ["all", { kind: "all", of: [is("type", "git.push"), is("data.number", 7)] }, true],
    ["not all", { kind: "all", of: [is("type", "git.push"), is("data.number", 8)] }, false],
    ["any", { kind: "any", of: [is("type", "x"), is("data.number", 7)] }, true],
    ["none of any", { kind: "any", of: [is("type", "x"), is("data.number", 8)] }, false],
    ["not", { kind: "not", of: is("type", "x") }, true],
    ["not what holds", { kind: "not", of: is("type", "git.push") }, false],
  ])("on %s", (_what, filter, expected) => {
    expect(passes(filter, event)).toBe(expected);
    expect(failing(filter, event) === null).toBe(expected);
  });

  it("says what an event does not pass at", () => {
    const filter: Filter = { kind: "all", of: [is("type", "git.push"), is("data.number", 8, 9)] };
    expect(failing(filter, event)).toBe("data.number is not 8 or 9");
  });

  it("looks at nothing an event does not own", () => {
    expect(fieldOf(event, "data.labels.length")).toBe(2);
    expect(fieldOf(event, "data.__proto__")).toBeUndefined();
    expect(fieldOf(event, "toString")).toBeUndefined();
    expect(fieldOf(event, "subject.length")).toBeUndefined();
  });

  it.each([
    ["git.push", "git.push", true],
    ["git.*", "git.push", true],
    ["git.*", "github.push", false],
    ["git", "git.push", false],
    ["*", "anything", true],
    ["git.*", "git", false],
  ])("%s takes %s: %s", (pattern, type, expected) => {
    expect(typeMatches(pattern, type)).toBe(expected);
  });
});

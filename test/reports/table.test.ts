import { describe, expect, test } from "vitest";
import { type Column, tableLines } from "../../src/reports/table.ts";

const name: Column = { head: "name", before: "", align: "left", cells: ["日本", "b"] };
const sum: Column = { head: "sum", before: "  ", align: "right", cells: ["1", "1,000"], leaves: 2 };
const note: Column = { head: "note", before: " | ", align: "left", cells: ["first", "second"], leaves: 1 };
const rest: Column = {
  head: "rest",
  before: "  ",
  min: 4,
  max: 10,
  draw: (_row, width) => "x".repeat(width),
};

function drawn(columns: readonly Column[], width: number, heading = true): string[] {
  return tableLines(columns, { width, rows: 2, heading });
}

describe("tables", () => {
  test("cells line up by display width, headings over them, separators only in rows", () => {
    expect(drawn([name, sum, note], 80)).toEqual([
      "name    sum   note",
      "日本      1 | first",
      "b     1,000 | second",
    ]);
  });

  test("the flexible column takes what is left, between its bounds", () => {
    expect(drawn([name, rest], 80)[1]).toBe("日本  xxxxxxxxxx");
    expect(drawn([name, rest], 11)[1]).toBe("日本  xxxxx");
  });

  test("columns leave in their order, and those without one stay", () => {
    expect(drawn([name, sum, note, rest], 30)[2]).toBe("b     1,000 | second  xxxxxxxx");
    expect(drawn([name, sum, note, rest], 25)[2]).toBe("b     1,000  xxxxxxxxxx");
    expect(drawn([name, sum, note, rest], 15)[2]).toBe("b     xxxxxxxxx");
    expect(drawn([name, sum, note, rest], 3)[2]).toBe("b     xxxx");
  });

  test("paint is laid on last and changes no width", () => {
    const painted: Column = { ...sum, cells: ["1", { text: "22", paint: (text) => `<${text}>` }] };
    expect(drawn([name, painted], 80, false)).toEqual(["日本  1".replace("  1", "    1"), "b     <22>"]);
  });
});

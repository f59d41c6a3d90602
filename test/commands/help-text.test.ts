import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { COMMAND_GROUPS } from "../../src/commands/command.ts";
import { commandHelp, commandReference, overview } from "../../src/commands/help-text.ts";
import { allCommands, findCommand } from "../../src/commands/index.ts";

const readme = join(import.meta.dirname, "../../README.md");

describe("help", () => {
  it("names every command, in the overview and in the reference", () => {
    const whole = overview(allCommands()).join("\n");
    const reference = commandReference(allCommands());
    for (const { name, summary } of allCommands()) {
      expect(whole).toContain(`  ${name}`);
      expect(whole).toContain(summary);
      expect(reference).toContain(`\`${name}`);
    }
  });

  it("has the summaries of a group below each other", () => {
    const lines = overview(allCommands());
    for (const group of COMMAND_GROUPS) {
      const from = lines.indexOf(`${group}:`) + 1;
      const own = allCommands().filter((command) => command.group === group);
      const columns = own.map(({ summary }, at) => lines[from + at]?.indexOf(summary));
      expect(new Set(columns)).toEqual(new Set([2 + Math.max(...own.map(({ name }) => name.length)) + 1]));
    }
  });

  it("fits 80 columns", () => {
    const lines = [...overview(allCommands()), ...allCommands().flatMap((command) => commandHelp(command))];
    expect(lines.filter((line) => line.length > 120)).toEqual([]);
    expect(overview(allCommands()).filter((line) => line.length > 80)).toEqual([]);
  });

  it("explains options, choices and examples of one command", () => {
    const add = findCommand("add");
    const text = add === null ? "" : commandHelp(add).join("\n");
    expect(text).toContain("Usage: add [options] [text...]");
    expect(text).toContain("--retry-lost");
    expect(text).toContain("--json");
    expect(text).toContain("add -p high Fix responsive styling on mobile");
  });

  it("gives no two commands the same name or alias", () => {
    const names = allCommands().flatMap(({ name, aliases }) => [name, ...aliases]);
    expect(new Set(names).size).toBe(names.length);
  });

  it.skipIf(!existsSync(readme))("stands in the README as it is generated", () => {
    expect(readFileSync(readme, "utf8")).toContain(commandReference(allCommands()).trim());
  });
});

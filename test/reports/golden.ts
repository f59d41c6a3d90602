/** Drawn screens to compare with: `golden/NAME.txt`, one line a line. */
import { readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";

export function golden(name: string): string[] {
  const text = readFileSync(new URL(`golden/${name}.txt`, import.meta.url), "utf8");
  return text.replace(/\n$/, "").split("\n");
}

/** Lines as a person sees them, colours left out. */
export function seen(lines: readonly string[]): string[] {
  return lines.map((line) => stripVTControlCharacters(line));
}

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { DEFAULTS, isSection } from "../src/config-defaults.ts";
import { loadConfig } from "../src/config.ts";
import { INIT_CONFIG } from "../src/init-config.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ctm-init-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The text with the # taken from every line of YAML: those not followed by one blank and a word. */
const uncommented = INIT_CONFIG.replace(/^#(?! \S)/gm, "");

async function configOf(text: string) {
  const file = join(folder, "ctm.yaml");
  await writeFile(file, text);
  return loadConfig({ overrides: { configFile: file }, env: { HOME: folder }, cwd: folder });
}

/** Every key there is, as a path; what is filled by a person has no keys of its own. */
function keysOf(value: unknown, above = ""): string[] {
  if (!isSection(value)) return [above];
  const inner = Object.entries(value).flatMap(([key, part]) => keysOf(part, `${above}/${key}`));
  return inner.length === 0 ? [above] : inner;
}

test("as it is, it changes nothing", async () => {
  expect(parse(INIT_CONFIG)).toBeNull();
  expect(await configOf(INIT_CONFIG)).toEqual(await configOf(""));
});

test("with every line taken in, it is still the defaults", async () => {
  expect(await configOf(uncommented)).toEqual(await configOf(""));
});

test("it names every key there is", () => {
  expect(keysOf(parse(uncommented)).sort()).toEqual(keysOf(DEFAULTS).sort());
});

test("it fits a terminal of 120 columns", () => {
  expect(INIT_CONFIG.split("\n").filter((line) => line.length > 120)).toEqual([]);
});

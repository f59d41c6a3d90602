/** The built product asked for usage again and again: the same answer while nothing changed, whole for any reader. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { UsageSums } from "../../src/reports/usage-periods.ts";
import { productFolder } from "../support/built-product.ts";
import { claudeLine } from "../support/claude-lines.ts";

/** A pipe takes so much before somebody reads. */
const pipeBytes = 64 * 1024;

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "ctm-again-"));
  for (let n = 0; n < 150; n++) record(n);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const answers = () => join(home, "state", "usage-answers.json");
const program = () => [
  process.execPath,
  join(productFolder(), "ctm.cjs"),
  "--state-dir",
  join(home, "state"),
];
const options = () => ({
  env: { HOME: home, PATH: process.env["PATH"] ?? "", TZ: "UTC" },
  extendEnv: false,
  cwd: home,
});

function record(n: number): void {
  const folder = join(home, ".claude/projects/-home-dev-shop");
  mkdirSync(folder, { recursive: true });
  const line = claudeLine({ id: `msg_${n}`, session: `session-${n}`, output: 5 });
  writeFileSync(join(folder, `session-${n}.jsonl`), `${line}\n`);
}

async function ask(...words: string[]): Promise<string> {
  const [node = "", ...rest] = program();
  return (await execa(node, [...rest, "usage", ...words], options())).stdout;
}

test("is answered as before while nothing changed, and anew when anything did", async () => {
  const totalsOf = (text: string) => (JSON.parse(text) as { totals: UsageSums }).totals;
  const first = await ask("--json");
  expect(totalsOf(first).outputTokens).toBe(150 * 5);
  // What was written just now may change within the same tick of the clock: it is kept a little later.
  while (!existsSync(answers())) await ask("--json");
  const kept = readFileSync(answers());
  const spoiled = readFileSync(answers(), "utf8").replace(
    '\\"outputTokens\\":750',
    '\\"outputTokens\\":7777',
  );
  writeFileSync(answers(), spoiled);
  // That it comes from there and nowhere else shows when what is kept is not what was counted.
  expect(await ask("--json")).not.toBe(first);
  writeFileSync(answers(), kept);
  expect(await ask("--json")).toBe(first);
  record(150);
  expect(totalsOf(await ask("--json")).outputTokens).toBe(151 * 5);
  writeFileSync(join(home, "ctm.yaml"), "usage: { folders: { claude: [] } }\n");
  expect(totalsOf(await ask("--json")).outputTokens).toBe(0);
  rmSync(join(home, "ctm.yaml"));
  expect(totalsOf(await ask("--json")).outputTokens).toBe(151 * 5);
});

test("reaches a slow reader to its last byte, counted or kept", async () => {
  const bytes = Buffer.byteLength(await ask("session", "--json")) + 1;
  expect(bytes).toBeGreaterThan(pipeBytes);
  const slowly = async (): Promise<number> => {
    const command = `"$@" usage session --json | { head -c 1 >/dev/null; sleep 0.3; wc -c; }`;
    return Number((await execa("sh", ["-c", command, "sh", ...program()], options())).stdout) + 1;
  };
  expect(await slowly()).toBe(bytes);
  while (!existsSync(answers())) await ask("session", "--json");
  expect(await slowly()).toBe(bytes);
});

test("is counted the first time where the configuration says, and nowhere else", async () => {
  const elsewhere = join(home, "elsewhere/projects/-home-dev-shop");
  mkdirSync(elsewhere, { recursive: true });
  const line = claudeLine({ id: "msg_else", session: "else", output: 7 });
  writeFileSync(join(elsewhere, "else.jsonl"), `${line}\n`);
  const text = `usage: { folders: { claude: ["${join(home, "elsewhere")}"] } }\n`;
  writeFileSync(join(home, "ctm.yaml"), text, { mode: 0o600 });
  expect(JSON.parse(await ask("--json"))).toMatchObject({ totals: { outputTokens: 7, responses: 1 } });
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApp, type App } from "../../src/app.ts";
import { findCommand } from "../../src/commands/index.ts";
import { loadConfig } from "../../src/config.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { NO_USAGE } from "../../src/metering/usage.ts";
import { plainPaper } from "../reports/models.ts";

let folder: string;
let app: App;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ctm-prices-command-"));
  app = await openApp(
    await loadConfig({ env: { HOME: folder, CTM_STATE_DIR: folder }, cwd: folder }),
    "offline",
  );
});
afterEach(async () => {
  await app.close({ workers: "leave" });
  rmSync(folder, { recursive: true });
});

/** What a person reads, the caller's side and the manager's in turn. */
async function say(name: string, raw: Record<string, unknown> = {}, text = ""): Promise<string> {
  const command = findCommand(name);
  if (command === null) throw new Error(`there is no ${name}`);
  const caller = {
    ...{ cwd: folder, origin: "test" },
    readText: async () => text,
    config: async () => app.config,
  };
  const checked = command.check(command.check(await command.prepare(raw, caller)));
  return command.render(await command.run(app, checked), plainPaper(80)).join("\n");
}

/** A response of a model that had no price when it was booked, long ago, and one that had. */
function book(): void {
  const ledger = Ledger.open(join(folder, "ledger.sqlite"));
  for (const [key, model, costNanoUsd] of [
    ["a", "gpt-99", null],
    ["b", "claude-opus-5-5", 4_000_000],
  ] as const) {
    ledger.bookUsage([
      {
        ...{ key, attemptId: null, taskId: null, worker: "w", agent: "codex", model, limitModel: model },
        ...{ type: "coding", atMs: Date.parse("2026-11-25T10:00:00Z"), source: "actual" },
        usage: { ...NO_USAGE, inputTokens: 1_000 },
        ...{ bookedTokens: 1_000, bookedNanoUsd: 75_000_000, costNanoUsd },
        ...{ priceTable: "list@2026-11-23", sessionId: null, cliVersion: null, flags: [] },
      },
    ]);
  }
  ledger.close();
}

const list = (usd: number): string =>
  JSON.stringify({
    "gpt-99": { mode: "chat", input_cost_per_token: usd / 1e6, output_cost_per_token: 1e-5 },
    "claude-opus-5-5": { mode: "chat", input_cost_per_token: 9e-6, output_cost_per_token: 1e-5 },
  });

describe("prices that a person brings", () => {
  it("are shown, and price what is booked when that is asked for", async () => {
    book();
    expect(await say("prices show", { word: "gpt-99" })).toContain("No such model has a price.");
    const brought = await say("prices update", { from: "list.json", asOf: "2026-11-25" }, list(2));
    expect(brought).toContain("Prices of 2 models count from 2026-11-25 on.");
    expect(brought).toContain("claude-opus-5-5: 4/20 -> 9/10");
    const shown = await say("prices", { word: "gpt-99" });
    expect(shown).toMatch(/gpt-99 +2 +10 +2 +2 +0\.2 .*2026-11-25/);
    expect(shown).toMatch(/Booked by: +list@2026-11-23; `reprice`/);

    const dry = await say("reprice");
    expect(dry).toMatch(/gpt-99 +1 +n\/a +\$0\.0020 +n\/a/);
    expect(dry).toMatch(/claude-opus-5-5 +1 +\$0\.0040 +\$0\.0090 +\+\$0\.0050/);
    expect(dry).toContain("2 costs would change; nothing was changed yet");
    expect(await say("reprice", { yes: true })).toContain("2 costs changed.");
    expect(await say("reprice")).toContain("No cost changes.");
    expect(await say("prices")).toMatch(/Booked by: +this table/);
  });

  it.each([
    [{}, "", /--from is missing/],
    [{ from: "x", asOf: "tomorrow" }, list(2), /"tomorrow" is no day/],
    [{ from: "x" }, "<html>", /the list is no JSON/],
    [{ update: { asOf: "2026-12-01", prices: [] }, passedOver: [] }, "", /update.prices/],
  ])("%j is refused in one sentence", async (raw, text, message) => {
    await expect(say("prices update", raw, text)).rejects.toThrow(message);
    expect(await say("prices")).toContain("no, these are the shipped ones");
  });
});

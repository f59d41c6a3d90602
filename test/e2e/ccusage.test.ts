/**
 * The built product and ccusage 20.0.24, on the same files in the same run: records of real CLIs, and made ones of a
 * size at which reading is spread over threads. Each in a home of its own; nothing of this machine is read.
 */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { UsageRow, UsageSums } from "../../src/reports/usage-periods.ts";
import { agentBin } from "../support/agent-home.ts";
import { productFolder } from "../support/built-product.ts";
import { writeTranscripts } from "../support/transcripts.ts";

const fixtures = new URL("../fixtures/transcripts/", import.meta.url).pathname;
const { bin, reason } = await agentBin("ccusage");
const bytes = 30_000_000;
const seed = Number(process.env["CTM_TEST_SEED"] ?? 7);

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "ctm-ccusage-"));
  cpSync(join(fixtures, "claude/resume-fork-compact-clear"), join(home, ".claude"), { recursive: true });
  cpSync(join(fixtures, "codex/resume-fork"), join(home, ".codex"), { recursive: true });
  cpSync(join(fixtures, "gemini/tmp"), join(home, ".gemini/tmp"), { recursive: true });
  writeTranscripts(home, bytes, seed);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const env = () => ({ HOME: home, PATH: process.env["PATH"] ?? "", TZ: "UTC" });

type Row = Readonly<Record<string, unknown>>;

async function byCcusage(...words: string[]): Promise<Row> {
  const all = [...words, "--json", "--offline", "--timezone", "UTC"];
  const { stdout } = await execa(bin ?? "", all, { env: env(), extendEnv: false });
  return JSON.parse(stdout) as Row;
}

async function byCtm(...words: string[]): Promise<{ totals: UsageSums; rows: readonly UsageRow[] }> {
  const program = [join(productFolder(), "ctm.cjs"), "--state-dir", join(home, "state"), "usage"];
  const { stdout } = await execa(process.execPath, [...program, ...words, "--json", "--timezone", "UTC"], {
    env: env(),
    extendEnv: false,
    cwd: home,
  });
  const model = JSON.parse(stdout) as { report: string; totals: UsageSums };
  return { totals: model.totals, rows: (model as unknown as Record<string, UsageRow[]>)[model.report] ?? [] };
}

/** Without the output, which ccusage shows without reasoning for Gemini CLI; the total has it either way. */
function figures(row: Row | UsageSums) {
  const { inputTokens, cacheCreationTokens, cacheReadTokens, totalTokens } = row;
  return { inputTokens, cacheCreationTokens, cacheReadTokens, totalTokens };
}

describe.skipIf(bin === null)(
  `as ccusage counts${reason === null ? "" : ` (${reason})`}; seed ${seed}`,
  () => {
    test.each(["daily", "weekly", "monthly"])("%s, over all agents", async (report) => {
      const theirs = await byCcusage(report);
      const ours = await byCtm(report);
      expect(figures(ours.totals)).toEqual(figures(theirs["totals"] as Row));
      expect(ours.totals.totalCost).toBeCloseTo(Number((theirs["totals"] as Row)["totalCost"]), 6);
      const rows = theirs[report] as Row[];
      expect(ours.rows.map((row) => ({ period: row.period, ...figures(row) }))).toEqual(
        rows.map((row) => ({ period: row["period"], ...figures(row) })),
      );
      for (const [at, row] of rows.entries())
        expect(ours.rows[at]?.totalCost).toBeCloseTo(Number(row["totalCost"]), 9);
    });

    test("session, of Claude Code and of Codex", async () => {
      const claude = (await byCcusage("claude", "session"))["sessions"] as Row[];
      const codex = (await byCcusage("codex", "session"))["sessions"] as Row[];
      const { rows } = await byCtm("session", "--agent", "claude,codex");
      expect(rows).toHaveLength(claude.length + codex.length);
      const byId = new Map(rows.map((row) => [row.period, row]));
      for (const session of [...claude, ...codex]) {
        const id = String(session["sessionId"]);
        const own = byId.get(id) ?? byId.get(id.slice(-36));
        expect(own === undefined ? id : figures(own)).toEqual(figures(session));
        expect(own?.totalCost).toBeCloseTo(Number(session["totalCost"] ?? session["costUSD"]), 9);
      }
    });

    test("blocks", async () => {
      const theirs = (await byCcusage("blocks"))["blocks"] as Row[];
      const { rows } = await byCtm("blocks");
      const spans = (row: Row) => [
        row["id"],
        row["startTime"],
        row["endTime"],
        row["isGap"],
        row["totalTokens"],
      ];
      expect(rows.map((row) => spans(row as unknown as Row))).toEqual(theirs.map(spans));
    });

    test("and a second count, from the index alone, is the same", async () => {
      const first = await byCtm("daily");
      expect(await byCtm("daily")).toEqual(first);
    });
  },
);

/**
 * What the real CLIs tell by telemetry, their API a stand-in on loopback: equal to what was served and to what was
 * booked, to the token, over a restart of the manager; and a request that no record holds.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it, onTestFinished } from "vitest";
import type { AttemptDetails } from "../../src/reports/task-details.ts";
import type { TelemetryDetails } from "../../src/reports/telemetry.ts";
import { agentBin, claudeHome, geminiHome, type AgentHome } from "../support/agent-home.ts";
import { productFolder } from "../support/built-product.ts";
import { endServer } from "../support/end-server.ts";
import { startStandInApi, type StandInApi } from "../support/stand-in-api.ts";
import { testFolder } from "../support/tmux-server.ts";

const NONE = { inputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: 0 };
const claude = await agentBin("claude");
const gemini = await agentBin("gemini");

describe.skipIf(claude.bin === null)(`claude, the real CLI (${claude.reason ?? "installed"})`, () => {
  it("tells each response of a task, also to a manager that was started anew", async () => {
    const api = await startStandInApi();
    const ctm = await product("claude", claude.bin ?? "", await claudeHome(api.baseUrl), {});
    // A batch of its own each: between them no manager runs, and the agent lives on.
    for (const [index, said] of [
      "Please fix the parser [[say:done]]",
      "Please fix it again [[say:so]]",
    ].entries()) {
      await ctm(said);
      const { telemetry, usage } = await ctm.attempt(index + 1);
      expect(telemetry).toMatchObject({
        responses: 1,
        difference: NONE,
        usage: { inputTokens: usage?.inputTokens },
      });
      expect(told(telemetry)).toEqual(servedFor(api, said, false));
      expect(telemetry?.costNanoUsd).toBeGreaterThan(0);
    }
    const shown = await ctm("show", "2");
    expect(shown).toMatch(
      /Telemetry: {4}[\d,]+ tokens in 1 response, \$0\.\d{4} by its own reckoning: input/,
    );
    expect(shown).toMatch(/Difference: {3}none/);
    expect(await ctm("status")).toMatch(/^Telemetry: last received .* ago/m);
    expect(await ctm("doctor")).toMatch(/telemetry +last received .* ago/);
    // Nothing of it is in what the tasks used.
    const [used] = /Total +([\d,]+)/.exec(await ctm("usage", "tasks"))?.slice(1) ?? [];
    const booked = [await ctm.attempt(1), await ctm.attempt(2)].reduce(
      (sum, { tokens }) => sum + (tokens.value ?? 0),
      0,
    );
    expect(Number(used?.replaceAll(",", ""))).toBe(booked);
  }, 120_000);
});

describe.skipIf(gemini.bin === null)(`gemini, the real CLI (${gemini.reason ?? "installed"})`, () => {
  it("tells each response of a task", async () => {
    const api = await startStandInApi();
    const settings = { permissionMode: "yolo" };
    const ctm = await product("gemini", gemini.bin ?? "", await geminiHome(api.baseUrl), settings);
    const text = "Please fix it [[bash:touch made-by-agent]] [[after:it is done]]";
    await ctm(text);
    const { telemetry } = await ctm.attempt(1);
    expect(telemetry).toMatchObject({
      responses: 2,
      difference: NONE,
      sources: [{ source: "main", responses: 2 }],
    });
    expect(told(telemetry)).toEqual(servedFor(api, text, true));
  }, 120_000);
});

function told(telemetry: TelemetryDetails | null) {
  const usage = telemetry?.usage;
  return {
    input: usage?.inputTokens,
    cacheRead: usage?.cacheReadTokens,
    cacheWrite: (usage?.cacheWrite5mTokens ?? 0) + (usage?.cacheWrite1hTokens ?? 0),
    output: usage?.outputTokens,
  };
}

/** Gemini has no cache writes on the wire, and counts thoughts beside the output. */
function servedFor(api: StandInApi, text: string, isGemini: boolean) {
  const { input, cacheRead, cacheWrite, output, reasoning } = api.served(
    ({ main, prompt }) => main && prompt.endsWith(text),
  );
  return {
    ...{ input, cacheRead },
    cacheWrite: isGemini ? 0 : cacheWrite,
    output: isGemini ? output + reasoning : output,
  };
}

/** The product with one worker of this agent and telemetry switched on; the worker lives on between calls. */
async function product(agent: string, bin: string, home: AgentHome, settings: { permissionMode?: string }) {
  const dir = await testFolder();
  const state = join(dir, "state");
  const config = {
    workers: { agent, count: 1, cwd: home.cwd },
    context: "keep",
    agents: { [agent]: { command: [bin], ...settings } },
    telemetry: { receive: true },
  };
  await writeFile(join(dir, "ctm.yaml"), JSON.stringify(config), { mode: 0o600 });
  onTestFinished(() =>
    endServer(async (...args) => {
      const asked = ["-S", join(state, "tmux.sock"), ...args];
      return (await execa("tmux", asked, { reject: false })).stdout;
    }),
  );
  const own = ["--state-dir", state, "--config", join(dir, "ctm.yaml"), "--keep-workers"];
  const call = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await execa(process.execPath, [join(productFolder(), "ctm.cjs"), ...own, ...args], {
      extendEnv: false,
      env: { ...home.env, TERM: "xterm", TMUX_TMPDIR: dir },
      cwd: home.cwd,
      timeout: 100_000,
      stdin: "ignore",
    });
    return stdout;
  };
  return Object.assign(call, {
    attempt: async (id: number): Promise<AttemptDetails> => {
      const { attempts } = JSON.parse(await call("show", String(id), "--json")) as {
        attempts: AttemptDetails[];
      };
      const [attempt, ...more] = attempts;
      if (attempt === undefined || more.length > 0) throw new Error(`task ${id} has not one attempt`);
      return attempt;
    },
  });
}

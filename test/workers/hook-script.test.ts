import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, onTestFinished, test } from "vitest";
import { messageMaxBytes } from "../../src/base/limits.ts";
import { hookScript } from "../../src/workers/hook-script.ts";
import { Spool, type SpooledSignal } from "../../src/workers/spool.ts";
import { noDisks, smallDisk } from "../support/small-disk.ts";
import { testFolder } from "../support/tmux-server.ts";
import { waitFor } from "../support/wait-for.ts";

interface Hook {
  readonly dir: string;
  run(event: string, input: string | Buffer, env?: Record<string, string>): Promise<void>;
}

async function hook(): Promise<Hook> {
  const folder = await testFolder();
  const dir = join(folder, "spool");
  Spool.open(dir);
  const script = join(folder, "hook it's.sh");
  writeFileSync(script, hookScript(), { mode: 0o700 });
  const run = async (event: string, input: string | Buffer, env: Record<string, string> = {}) => {
    const result = await execa(script, [event], {
      input,
      extendEnv: false,
      env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", CTM_LAUNCH: "launch-1", CTM_SPOOL: dir, ...env },
    });
    // An agent may take what a hook prints for an answer.
    expect([result.exitCode, result.stdout, result.stderr]).toEqual([0, "", ""]);
  };
  return { dir, run };
}

function signalsIn(dir: string): SpooledSignal[] {
  const spool = Spool.open(dir);
  onTestFinished(() => spool.close());
  const signals: SpooledSignal[] = [];
  spool.onSignal((signal) => signals.push(signal));
  return signals;
}

describe("the hook script", () => {
  test("what an agent says is one private file, whole, in the order it was said", async () => {
    const { dir, run } = await hook();
    const said = { text: `quotes "' $(id) \\ \u0007 é\n`, nested: { n: [1, 2] } };
    await run("UserPromptSubmit", JSON.stringify(said));
    await run("Stop", "{}");
    const names = readdirSync(dir);
    expect(names).toHaveLength(2);
    for (const name of names) expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600);
    expect(signalsIn(dir)).toMatchObject([
      { launchId: "launch-1", event: "UserPromptSubmit", payload: said, fault: null },
      { launchId: "launch-1", event: "Stop", payload: {} },
    ]);
  });

  test("progress is one file, however often it is told, without its input", async () => {
    const { dir, run } = await hook();
    for (let i = 0; i < 5; i += 1) await run("progress", JSON.stringify({ tool: "x".repeat(100_000) }));
    expect(readdirSync(dir)).toEqual(["launch-1.0-0.progress.json"]);
    expect(readFileSync(join(dir, "launch-1.0-0.progress.json"), "utf8")).toBe("");
    expect(signalsIn(dir)).toMatchObject([{ event: "progress", payload: null, fault: null }]);
  });

  test("a tool's use is progress, but for a command that says how many tests passed", async () => {
    const { dir, run } = await hook();
    const used = (tool_name: string, stdout: string) => ({ tool_name, tool_response: { stdout } });
    await run("ToolUse", JSON.stringify(used("Bash", "all is well")));
    await run("ToolUse", JSON.stringify(used("Read", "Tests: 1 passed, 1 total")));
    await run("ToolUse", "");
    expect(readdirSync(dir)).toEqual(["launch-1.0-0.progress.json"]);
    const tested = used("Bash", "it's `$(id)` \\ Tests: 1 passed, 1 total\n");
    await run("ToolUse", JSON.stringify(tested));
    expect(signalsIn(dir)).toMatchObject([{ event: "progress" }, { event: "ToolUse", payload: tested }]);
  });

  test("too much is told as too much, and no more of it is kept than that", async () => {
    const { dir, run } = await hook();
    await run("Stop", Buffer.alloc(messageMaxBytes + 5_000_000, "x"));
    const [name] = readdirSync(dir);
    expect(statSync(join(dir, name ?? "")).size).toBeLessThanOrEqual(messageMaxBytes + 2);
    expect(signalsIn(dir)).toMatchObject([{ event: "Stop", payload: null, fault: "oversized" }]);
  });

  test.each([
    ["no event", "", {}],
    ["an event that is a path", "../../x", {}],
    ["an event with a format", "a b;c", {}],
    ["no launch", "Stop", { CTM_LAUNCH: "" }],
    ["a launch that is a path", "Stop", { CTM_LAUNCH: "../x" }],
    ["no spool", "Stop", { CTM_SPOOL: "" }],
    ["a spool that is gone", "Stop", { CTM_SPOOL: "/nonexistent" }],
  ])("%s: nothing is written, and the agent is not troubled", async (_name, event, env) => {
    const { dir, run } = await hook();
    await run(event, "{}", env);
    expect(readdirSync(dir)).toEqual([]);
    expect(readdirSync(join(dir, "..")).sort()).toEqual(["hook it's.sh", "spool"]);
  });

  test.skipIf(noDisks !== null)(
    `what a full disk does not take is told once there is room (${noDisks ?? "tmpfs"})`,
    async () => {
      const folder = await testFolder();
      const dir = join(folder, "spool");
      const disk = smallDisk(256, dir);
      onTestFinished(() => disk.remove());
      const { run } = await hook();
      const filler = join(dir, ".filler");
      expect(() => writeFileSync(filler, Buffer.alloc(1_000_000))).toThrow(/ENOSPC/);
      const said = { text: "x".repeat(10_000) };
      await run("Stop", JSON.stringify(said), { CTM_SPOOL: dir });
      const there = () => readdirSync(dir).filter((name) => !name.startsWith("."));
      expect(there(), "the agent did not wait for it").toEqual([]);
      rmSync(filler);
      await waitFor("the signal", () => there().length > 0);
      expect(signalsIn(dir)).toMatchObject([{ event: "Stop", payload: said, fault: null }]);
    },
  );

  test("many at the same moment are all kept", async () => {
    const { dir, run } = await hook();
    await Promise.all(Array.from({ length: 20 }, (_, n) => run("PostToolUse", String(n))));
    const numbers = signalsIn(dir).map((signal) => signal.payload);
    expect(numbers.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });
});

describe("a status line", () => {
  test("is kept where it tells a provider's windows, its last word only", async () => {
    const { dir, run } = await hook();
    const limits = (used: number) =>
      JSON.stringify({ rate_limits: { five_hour: { used_percentage: used } } });
    await run("StatusLine", JSON.stringify({ cost: 1 }));
    expect(readdirSync(dir)).toEqual([]);
    await run("StatusLine", limits(10));
    await run("StatusLine", limits(20));
    await run("StatusLine", JSON.stringify({ cost: 2 }));
    const signals = signalsIn(dir);
    expect(signals.map(({ event, payload }) => [event, payload])).toEqual([
      ["StatusLine", { rate_limits: { five_hour: { used_percentage: 20 } } }],
    ]);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "../src/config.ts";
import { DelegationDesk } from "../src/delegation-desk.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import { accuracyModel } from "../src/overview/accuracy.ts";
import { estimateModel, type EstimateAsked } from "../src/overview/estimate.ts";
import { draftOf } from "./support/drafts.ts";
import { settleTask } from "./support/settled-tasks.ts";
import { workerRecordOf } from "./support/worker-bench.ts";

let folder: string;
let ledger: Ledger;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ctm-desk-"));
  ledger = Ledger.open(":memory:");
});

afterEach(() => {
  ledger.close();
  rmSync(folder, { recursive: true });
});

async function deskOf(yaml: string): Promise<DelegationDesk> {
  const configFile = join(folder, "config.yaml");
  writeFileSync(configFile, yaml);
  const config = await loadConfig({ overrides: { configFile }, env: { HOME: folder }, cwd: folder });
  return new DelegationDesk(config, ledger);
}

const chosen = (agent: string): string => `workers:\n  agent: ${agent}\n`;

describe("the agent of a house", () => {
  it.each([
    ["claude", []],
    ["rehearsal", [expect.stringMatching(/^REHEARSAL: /)]],
  ])("%s, chosen by a person, takes the tasks", async (agent, notices) => {
    const desk = await deskOf(chosen(agent));
    expect([desk.defaultAgent, desk.notices]).toEqual([agent, notices]);
    expect(desk.delegate(draftOf("Fix the bug in the parser")).agent).toBe(agent);
  });

  it("is the first that is installed, when it is left to us", async () => {
    const program = join(folder, "codex");
    writeFileSync(program, "#!/bin/sh\n", { mode: 0o755 });
    const agents = (claude: string): string =>
      `agents:\n  claude:\n    command: [${claude}]\n  codex:\n    command: [${program}]\n`;
    expect((await deskOf(agents("/nowhere/claude"))).defaultAgent).toBe("codex");
    expect((await deskOf(agents(program))).defaultAgent).toBe("claude");
  });

  it("is the rehearsal, and says so, where nothing is installed", async () => {
    const none =
      "agents:\n  claude:\n    command: [/nowhere/claude]\n  codex:\n    command: [/nowhere/codex]\n";
    const desk = await deskOf(none);
    expect(desk.defaultAgent).toBe("rehearsal");
    expect(desk.notices).toEqual([expect.stringMatching(/no agent CLI was found/)]);
  });
});

describe("a task's assignment", () => {
  it("goes by the agent of the worker that a person named", async () => {
    const desk = await deskOf(chosen("claude"));
    ledger.workers.save(workerRecordOf({ name: "concurrent_worker2", agent: "shell", model: null }));
    const { agent, model, reserveTokens } = desk.delegate(draftOf("make", { worker: "concurrent_worker2" }));
    expect([agent, model, reserveTokens]).toEqual(["shell", null, 0]);
    expect(desk.delegate(draftOf("make", { worker: "concurrent_worker9" })).agent).toBe("claude");
    expect(() => desk.delegate(draftOf("make", { worker: "concurrent_worker2", agent: "codex" }))).toThrow(
      /concurrent_worker2" runs shell, not codex/,
    );
  });

  it("learns from what settled tasks used, once there are enough", async () => {
    const desk = await deskOf(`${chosen("claude")}estimate:\n  minSamples: 3\n`);
    const draft = draftOf("Fix the bug in the parser");
    const before = desk.delegate(draft);
    for (let n = 1; n <= 3; n += 1) settle(`a${n}`, before.model, 400_000);
    const after = desk.delegate(draft);
    expect(after.estimateTokens).toBe(before.estimateTokens);
    expect(after.reserveTokens).toBeGreaterThan(before.reserveTokens);
    expect(after.reserveBasis).not.toBe(before.reserveBasis);
  });

  it("is estimated from finished tasks, whose folder and prompt are known with them", async () => {
    const desk = await deskOf(chosen("claude"));
    const asked = { text: "Fix the bug in the parser", type: null, model: null, agent: null, cwd: "/tmp" };
    const estimate = (request: EstimateAsked) => {
      const { explained, costKnown } = desk.forecast(request);
      return estimateModel(request, explained, costKnown, desk.prices.id);
    };
    const before = estimate(asked);
    expect(before.forecast).toMatchObject({
      tokens: { p50: 45_000 },
      totalTokens: { p50: 750_000 },
      classes: [],
    });
    for (let n = 1; n <= 25; n += 1) settle(`a${n}`, "sonnet", 400_000 + n);
    const after = estimate(asked);
    expect(after.promptTokens).toBe(before.promptTokens);
    expect(after.forecast?.classes.map(({ name, tasks }) => [name, tasks])).toEqual([
      ["agent", 25],
      ["model", 25],
      ["type", 25],
      ["folder", 25],
    ]);
    expect(after.forecast?.tokens.p50).toBeGreaterThan(300_000);
    expect(after.reserveBasis).toBe("p90 forecast from 25 tasks");
    expect(after.reserveTokens).toBe(400_025);
    expect(estimate({ ...asked, cwd: "/elsewhere" }).forecast?.classes).toHaveLength(3);
    expect(estimate({ ...asked, agent: "shell" })).toMatchObject({ forecast: null, reserveTokens: 0 });
  });

  it("is scored against what tasks used, those that spend nothing left out", async () => {
    const desk = await deskOf(chosen("claude"));
    const accuracy = () => accuracyModel(ledger.samples, desk.floors, desk.prices);
    expect(accuracy()).toMatchObject({ tasks: 0 });
    for (let n = 1; n <= 60; n += 1) settle(`a${n}`, "sonnet", 400_000);
    settle("s1", null, 0, "shell");
    const { tasks, tokens, cost } = accuracy();
    expect([tasks, tokens.map((row) => [row.name, row.tasks])]).toEqual([
      60,
      [
        ["coding", 60],
        ["all", 60],
        ["after 50 of a class", 10],
      ],
    ]);
    expect(tokens[1]?.forecastError).toBeLessThan((tokens[1]?.formulaError ?? 0) / 2);
    expect(cost.at(-1)?.coveredPercent).toBe(100);
  });

  it("is explained with its grounds, and refused for what there is not", async () => {
    const desk = await deskOf(chosen("claude"));
    const none = { type: null, model: null, agent: null };
    expect(desk.explain("Write the README", none)).toMatchObject({ type: "documentation" });
    for (const wrong of [{ type: "poetry" }, { agent: "cobol" }, { model: "gpt-99-imaginary" }])
      expect(() => desk.explain("x", { ...none, ...wrong })).toThrow(
        expect.objectContaining({ code: "usage" }),
      );
  });
});

describe("the model a worker starts with", () => {
  it("is the one most tasks want: the premium one, the cheap one where cheap is preferred", async () => {
    const models = "agents:\n  claude:\n    models: { cheap: haiku, premium: opus }\n";
    expect((await deskOf(chosen("claude") + models)).launchModel("claude")).toBe("opus");
    expect((await deskOf(`${chosen("claude")}${models}preferCheap: true\n`)).launchModel("claude")).toBe(
      "haiku",
    );
    expect((await deskOf(chosen("claude"))).launchModel("shell")).toBeNull();
  });

  it("is asked for agents that exist", async () => {
    const desk = await deskOf(chosen("claude"));
    expect(() => desk.launchModel("cobol")).toThrow(/there is no agent "cobol": choose one of claude, codex/);
  });
});

/** A task of the class that "Fix the bug …" falls into, completed with so many tokens. */
function settle(id: string, model: string | null, tokens: number, agent = "claude"): void {
  settleTask(ledger, { id, model, agent, nanoUsd: tokens, tokens });
}

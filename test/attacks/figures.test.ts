/** Data that wants to be more than data: in the configuration, in JSON, in SQL; figures that want to be free. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { CtmError } from "../../src/base/errors.ts";
import { loadConfig } from "../../src/config.ts";
import { csvLines } from "../../src/reports/csv.ts";
import { HOSTILE_TEXTS } from "../support/hostile-texts.ts";
import { product } from "../support/product.ts";
import { testFolder } from "../support/tmux-server.ts";

describe("A32 (prototype pollution, SQL and formula injection)", () => {
  it("a configuration with keys of objects themselves is refused, and no object is changed by it", async () => {
    const folder = await testFolder();
    const file = join(folder, "ctm.json");
    for (const key of ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"]) {
      for (const text of [
        `{${JSON.stringify(key)}: {"polluted": 1}}`,
        `{"workers": {${JSON.stringify(key)}: {"polluted": 1}}}`,
        `{"limits": {"workers": {${JSON.stringify(key)}: {"polluted": 1}}}}`,
        `{"agents": {"claude": {"env": {${JSON.stringify(key)}: {"polluted": 1}}}}}`,
      ]) {
        writeFileSync(file, text, { mode: 0o600 });
        const request = { overrides: { configFile: file }, env: { HOME: folder }, cwd: folder };
        const refused = await loadConfig(request).catch((error: unknown) => error);
        expect([text, refused]).toEqual([text, expect.any(CtmError)]);
      }
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    const bomb = [
      "a: &a [x,x,x,x,x,x,x,x,x,x]",
      ..."bcdefgh"
        .split("")
        .map((name, at) => `${name}: &${name} [${Array(10).fill(`*${"abcdefg"[at]}`).join(",")}]`),
    ].join("\n");
    writeFileSync(join(folder, "ctm.yaml"), bomb, { mode: 0o600 });
    await expect(loadConfig({ env: { HOME: folder }, cwd: folder })).rejects.toThrow(
      /cannot be read|faults?/,
    );
  });

  it("requests at the socket: unknown keys and wrong kinds are refused, the ledger's tables stay what they are", async () => {
    const ctm = product({ workers: 0 });
    await ctm.serve(["--no-auto"]);
    const { task } = await ctm.tell("'); DROP TABLE task; --", { key: "' OR 1=1 --" });
    expect(task.draft.text).toBe("'); DROP TABLE task; --");
    const again = await ctm.tell("another", { key: "' OR 1=1 --" });
    expect(again.task.id).toBe(task.id);
    for (const words of ["' OR 1=1 --", "%' UNION SELECT 1 --", "%", "_", "\\"])
      expect(await ctm.ask("tasks", { words: [words] }, null)).toEqual([]);
    expect(await ctm.ask("tasks", { words: ["DROP TABLE"] }, null)).toHaveLength(1);
    const strange: Record<string, unknown>[] = [
      { text: "x", cwd: "/", origin: "t", admin: true },
      { text: ["x", { toString: 1 }], cwd: {}, origin: [] },
      { text: { $gt: "" }, cwd: "/", origin: "t" },
      { text: "x", cwd: "/", origin: "t", key: { length: 1 } },
    ];
    for (const input of strange)
      await expect(ctm.ask("add", input, null)).rejects.toMatchObject({ code: "usage" });
    for (const command of ["__proto__", "constructor", "toString", "add\u0000", "../add"])
      await expect(ctm.ask(command, {}, null)).rejects.toBeInstanceOf(Error);
    expect(await ctm.tasks()).toHaveLength(1);
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
  });

  it("a cell of the CSV export is never a formula, nor anything a terminal obeys, and stays one cell", () => {
    for (const { text } of HOSTILE_TEXTS.filter((hostile) => hostile.text.length < 1_000)) {
      const [, line = ""] = csvLines(["text", "n"], [[text, 7]]);
      const cell = /^(?:"((?:[^"]|"")*)"|([^",\r\n]*)),7$/.exec(line);
      expect([text, cell !== null]).toEqual([text, true]);
      const read = (cell?.[1] ?? cell?.[2] ?? "").replaceAll('""', '"');
      expect(read).not.toMatch(/^[\s\p{Cf}]*[=+\-@＝＋－＠]|^[\t\r]/u);
      expect(read).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/);
      if (/^[\p{L}\p{N}]/u.test(text) && !/\p{Cc}/u.test(text)) expect(read).toBe(text);
    }
  });
});

function refusal(error: unknown): CtmError {
  if (error instanceof CtmError) return error;
  throw error;
}

describe("A33 (LiteLLM #35524, #38647: no estimate or no price was no cost)", () => {
  const amounts = [
    "0",
    "-1",
    "-0",
    "NaN",
    "Infinity",
    "-Infinity",
    "1e308",
    "1e999",
    "0x10",
    "1_0",
    "9".repeat(30),
    "",
    "null",
    "5.5.5",
    "٣",
    "1,0",
    "$",
  ];

  it("a limit is a whole amount of tokens or nano-dollars, or refused; zero lets nothing go", async () => {
    const ctm = product({ workers: 0 });
    await ctm.serve(["--no-auto"]);
    for (const limit of ["tokens/hour", "cost/hour"]) {
      for (const amount of amounts) {
        const set = await ctm
          .ask<{ limit: number | null }>("limits set", { id: limit, amount }, null)
          .catch(refusal);
        if (set instanceof Error) expect(set).toMatchObject({ code: "usage" });
        // The one word that lifts a limit, as `none` does.
        else if (amount === "null") expect(set.limit).toBeNull();
        else
          expect([amount, Number.isSafeInteger(set.limit) && Number(set.limit) >= 0]).toEqual([amount, true]);
      }
    }
    await ctm.ask("limits set", { id: "tokens/hour", amount: "0" }, null);
    const throttle = await ctm.ask<{ rows: { limitId: string; level: string }[] }>("throttle", {}, null);
    expect(JSON.stringify(throttle)).toMatch(/CRITICAL/);
  });

  it("prices and the overhead of an estimate cannot be negative, unknown or beyond what a number holds", async () => {
    const folder = await testFolder();
    const file = join(folder, "ctm.json");
    const loads = async (config: unknown): Promise<unknown> => {
      writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
      return loadConfig({ overrides: { configFile: file }, env: { HOME: folder }, cwd: folder }).catch(
        (error: unknown) => error,
      );
    };
    for (const amount of [-1, -0.1, 1e308, "NaN", "Infinity", null, {}, [], true]) {
      expect(await loads({ estimate: { overheadTokens: amount } })).toBeInstanceOf(CtmError);
      expect(
        await loads({ prices: { overrides: { opus: { input: amount, output: amount } } } }),
      ).toBeInstanceOf(CtmError);
    }
  });

  it("a model nobody knows is refused or held at the dearest known price: never free", async () => {
    const ctm = product({ workers: 0 });
    await ctm.serve(["--no-auto"]);
    interface Explained {
      readonly reserveNanoUsd: number;
      readonly reserveTokens: number;
    }
    const routed = (model: string, text = "Fix the login") =>
      ctm.ask<Explained>("route", { text, model, agent: "claude" }, null);
    const dear = await routed("opus");
    for (const model of ["no-such-model", "free", "__proto__", "gpt-0", "OPUS "]) {
      const answer = await routed(model).catch(refusal);
      if (answer instanceof Error) expect(answer).toMatchObject({ code: "usage" });
      else expect([model, answer.reserveNanoUsd >= dear.reserveNanoUsd]).toEqual([model, true]);
    }
    for (const text of ["x", "\u200bx", "x".repeat(100_000)]) {
      const { reserveNanoUsd, reserveTokens } = await routed("haiku", text);
      expect(Number.isSafeInteger(reserveNanoUsd) && reserveNanoUsd > 0).toBe(true);
      expect(Number.isSafeInteger(reserveTokens) && reserveTokens >= 1_000).toBe(true);
    }
  });
});

test("A32: any JSON at all as a configuration loads or is refused with sentences", async () => {
  const folder = await testFolder();
  const file = join(folder, "ctm.json");
  await fc.assert(
    fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), async (value) => {
      const keys = ["workers", "agents", "limits", "prices", "throttle", "routes"];
      writeFileSync(file, JSON.stringify(Object.fromEntries(keys.map((key) => [key, value]))), {
        mode: 0o600,
      });
      const loaded = await loadConfig({
        overrides: { configFile: file },
        env: { HOME: folder },
        cwd: folder,
      }).catch((error: unknown) => error);
      if (loaded instanceof Error) expect(loaded).toBeInstanceOf(CtmError);
    }),
    { numRuns: 60 },
  );
});

/** Fault points: what each action does to a passing, which passing is struck, and what they cost when none is armed. */
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { armFaults, faultPoint, faultPoints, type FaultAction } from "../../src/faults/fault-point.ts";
import { productFolder } from "../support/built-product.ts";

const POINT = faultPoint("test.point");
const OTHER = faultPoint("test.other");
const root = new URL("../..", import.meta.url).pathname;

afterEach(() => armFaults([]));

/** What was done, and what the caller was told. */
function passed(): { done: number; told: string } {
  let done = 0;
  try {
    return { told: POINT.pass(() => `done ${(done += 1)}`), done };
  } catch (error) {
    return { told: String(error), done };
  }
}

async function passedAsync(): Promise<{ done: number; told: string }> {
  let done = 0;
  try {
    return { told: await POINT.passAsync(async () => `done ${(done += 1)}`), done };
  } catch (error) {
    return { told: String(error), done };
  }
}

function arm(action: FaultAction, nth = 1, point = "test.point"): void {
  armFaults([{ point, action, nth }]);
}

describe("a fault point", () => {
  test("does what it stands around when nothing, or another point, is armed", async () => {
    expect(passed()).toEqual({ done: 1, told: "done 1" });
    arm("throw-before", 1, "another.point");
    expect(passed()).toEqual({ done: 1, told: "done 1" });
    expect(await passedAsync()).toEqual({ done: 1, told: "done 1" });
  });

  test.each(["throw-before", "throw-after"] as const)("%s: only the n-th passing fails", async (action) => {
    const struck = { done: action === "throw-after" ? 1 : 0, told: expect.stringMatching(/injected fault/) };
    const well = { done: 1, told: "done 1" };
    arm(action, 2);
    expect([passed(), passed(), passed()]).toEqual([well, struck, well]);
    arm(action, 2);
    expect([await passedAsync(), await passedAsync(), await passedAsync()]).toEqual([well, struck, well]);
  });

  test.each([
    ["hang", 0],
    ["hang-after", 1],
  ] as const)("%s: an act that takes its time never returns", async (action, expected) => {
    arm(action);
    let done = 0;
    let returned = false;
    void POINT.passAsync(async () => (done += 1)).finally(() => (returned = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect({ done, returned }).toEqual({ done: expected, returned: false });
  });

  test("several are armed at once, each for a point of its own", () => {
    armFaults([
      { point: "test.other", action: "throw-before", nth: 1 },
      { point: "test.point", action: "throw-before", nth: 1 },
    ]);
    expect(passed().told).toMatch(/injected fault before test\.point/);
    expect(() => OTHER.pass(() => 1)).toThrow(/injected fault before test\.other/);
    expect([passed().told, OTHER.pass(() => 1)]).toEqual(["done 1", 1]);
  });

  test("a name is taken once", () => {
    expect(() => faultPoint("test.point")).toThrow(/two fault points named test\.point/);
    expect(faultPoints()).toContain("test.point");
  });

  const child = (action: FaultAction, pass: string): { signal: string | null; stdout: string } => {
    const program = `
      const { armFaults, faultPoint } = await import("./src/faults/fault-point.ts");
      const point = faultPoint("p");
      armFaults([{ point: "p", action: "${action}", nth: 1 }]);
      const { writeSync } = await import("node:fs");
      ${pass}
      writeSync(1, "went on");`;
    const argv = ["--import", "tsx", "--input-type=module", "-e", program];
    const { signal, stdout } = spawnSync(process.execPath, argv, { cwd: root, timeout: 50_000 });
    return { signal, stdout: String(stdout) };
  };

  test.each([
    ["exit", `point.pass(() => writeSync(1, "done "))`, ""],
    ["exit-after", `await point.passAsync(async () => writeSync(1, "done "))`, "done "],
  ] as const)("%s ends the process as nothing can be prepared for", (action, pass, said) => {
    expect(child(action, pass)).toEqual({ signal: "SIGKILL", stdout: said });
  });
});

describe("CTM_FAULT", () => {
  const ctm = (fault: string, ...args: string[]): { status: number | null; said: string } => {
    const env = { PATH: process.env["PATH"] ?? "", CTM_FAULT: fault };
    const ran = spawnSync(process.execPath, [join(productFolder(), "ctm.cjs"), ...args], { env });
    return { status: ran.status, said: String(ran.stdout) + String(ran.stderr) };
  };

  test("lists the points of the product, each once", () => {
    const points = JSON.parse(
      execFileSync(process.execPath, [join(productFolder(), "ctm.cjs"), "--json", "tasks"], {
        env: { PATH: process.env["PATH"] ?? "", CTM_FAULT: "list" },
        encoding: "utf8",
      }),
    ) as string[];
    expect(new Set(points).size).toBe(points.length);
    expect(points).toEqual(
      expect.arrayContaining(["submit.commit", "intent.commit", "type.attempt", "settle.commit"]),
    );
  });

  test.each([
    ["submit.comit", /there is no fault point submit\.comit/],
    ["submit.commit:explode", /point:action:n/],
    ["submit.commit:exit:1,submit.comit", /there is no fault point submit\.comit/],
    ["submit.commit:exit:0", /point:action:n/],
    ["submit.commit:exit:1:2", /point:action:n/],
    [":exit:1", /point:action:n/],
  ])("refuses %s", (fault, why) => {
    expect(ctm(fault, "tasks")).toMatchObject({ status: 2, said: expect.stringMatching(why) });
  });
});

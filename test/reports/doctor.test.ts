import { describe, expect, test } from "vitest";
import { renderDoctor, worstVerdict, type DoctorReport } from "../../src/reports/doctor.ts";
import { plainPaper } from "./models.ts";

const report: DoctorReport = {
  checks: [
    { name: "tmux", verdict: "ok", found: "tmux 3.3a", remedy: null },
    {
      name: "agents",
      verdict: "warn",
      found: "no agent CLI was found",
      remedy: "install one, or go on with rehearsals",
    },
    { name: "state folder", verdict: "fail", found: "it can be read by others", remedy: "chmod 700 it" },
  ],
};

describe("doctor", () => {
  test("each check with what to do about it", () => {
    expect(renderDoctor(report, plainPaper(80)).slice(2)).toEqual([
      "[ok]   tmux         tmux 3.3a",
      "[warn] agents       no agent CLI was found",
      "       -> install one, or go on with rehearsals",
      "[fail] state folder it can be read by others",
      "       -> chmod 700 it",
      "",
      "1 ok, 1 to look at, 1 to mend",
    ]);
  });

  test("the worst verdict", () => {
    expect(worstVerdict(report)).toBe("fail");
    expect(worstVerdict({ checks: report.checks.slice(0, 2) })).toBe("warn");
    expect(worstVerdict({ checks: [] })).toBe("ok");
  });
});

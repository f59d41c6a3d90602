import { describe, expect, it } from "vitest";
import { usedNow, windowLevel } from "../../src/throttle/provider-windows.ts";

const HOUR = 3_600_000;
const five = { window: "five_hour", usedPermille: 900, resetsAtMs: HOUR, seenAtMs: 0 };

describe("a provider's window", () => {
  it("counts until it begins anew", () => {
    expect(usedNow(five, HOUR - 1)).toBe(900);
    expect(usedNow(five, HOUR)).toBe(0);
  });

  it("without a stated reset is believed for five hours", () => {
    const silent = { ...five, resetsAtMs: null };
    expect(usedNow(silent, 5 * HOUR - 1)).toBe(900);
    expect(usedNow(silent, 5 * HOUR)).toBe(0);
  });

  it.each([
    [799, 0, "NONE"],
    [800, 0, "WARNING"],
    [900, 0, "SOFT"],
    [950, 0, "HARD"],
    [990, 0, "HARD"],
    [991, 0, "CRITICAL"],
    [640, 20, "WARNING"],
    [760, 20, "HARD"],
    [800, 20, "CRITICAL"],
  ])("at %i thousandths with %i %% kept for the person is %s", (usedPermille, reserve, level) => {
    expect(windowLevel({ ...five, usedPermille }, reserve, 0)).toBe(level);
  });
});

import { uptime } from "node:os";
import { afterEach, expect, it, vi } from "vitest";
import { machineClock } from "../src/machine-clock.ts";

afterEach(() => void vi.restoreAllMocks());

it("tells the time since boot, and goes on telling it when the wall clock is set", () => {
  const clock = machineClock();
  const before = clock.read();
  expect(Math.abs(before.bootMs - uptime() * 1_000)).toBeLessThan(1_000);
  const wallMs = Date.now() + 86_400_000;
  vi.spyOn(Date, "now").mockReturnValue(wallMs);
  const after = clock.read();
  expect(after.wallMs).toBe(wallMs);
  expect(after.bootMs).toBeGreaterThanOrEqual(before.bootMs);
  expect(after.bootMs - before.bootMs).toBeLessThan(86_400_000 / 2);
});

it("names this run of the machine, the same for every program", () => {
  expect(machineClock().bootId).toBe(machineClock().bootId);
  if (process.platform === "linux") expect(machineClock().bootId).toMatch(/^[0-9a-f-]{36}$/);
});

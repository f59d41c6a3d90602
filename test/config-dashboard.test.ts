import { describe, expect, it } from "vitest";
import { dashboard, isLoopback } from "../src/config-dashboard.ts";

const faults = (part: Record<string, unknown>): string[] => {
  const checked = dashboard().safeParse({ enabled: true, bind: "127.0.0.1", port: 3847, hosts: [], ...part });
  return checked.success
    ? []
    : checked.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`);
};

describe("the dashboard's settings", () => {
  it("keep it on this machine unless both its address and its names say otherwise", () => {
    expect(faults({})).toEqual([]);
    expect(faults({ bind: "::1", port: 0 })).toEqual([]);
    for (const bind of ["0.0.0.0", "::", "192.168.1.2", "127.evil.test", "127.0.0.1.2"]) {
      expect([bind, faults({ bind })]).not.toEqual([bind, []]);
    }
    expect(faults({ bind: "0.0.0.0" })[0]).toMatch(/opens the dashboard to the network, without encryption/);
    expect(faults({ bind: "0.0.0.0", hosts: ["box.lan"] })).toEqual([]);
  });

  it("take nothing that is no port and no name", () => {
    expect(faults({ port: 65_536 })).toHaveLength(1);
    for (const host of ["", "box.lan:80", "a b", "http://x", "-x"])
      expect(faults({ hosts: [host] })).not.toEqual([]);
    expect(isLoopback("127.0.0.2")).toBe(true);
    expect(isLoopback("128.0.0.1")).toBe(false);
  });
});

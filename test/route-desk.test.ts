import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { loadConfig } from "../src/config.ts";
import { DelegationDesk } from "../src/delegation-desk.ts";
import { FactBus } from "../src/events/bus.ts";
import type { Fact } from "../src/events/facts.ts";
import { factText } from "../src/events/fact-text.ts";
import type { KeptWrites } from "../src/kept-writes.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import { renderRouteChange, renderRoutes } from "../src/reports/routes.ts";
import { RouteDesk } from "../src/route-desk.ts";
import { draftOf } from "./support/drafts.ts";
import { wide80 } from "./support/papers.ts";
import { settleTask, type Settled } from "./support/settled-tasks.ts";

let folder: string;
let file: string;
let ledger: Ledger;
let facts: Fact[] = [];
/** Nothing is gathered here: every write stands at once. */
const kept: Pick<KeptWrites, "flush" | "orThrow"> = { flush: () => undefined, orThrow: (write) => write() };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ctm-routes-"));
  file = join(folder, "ledger.sqlite");
  ledger = Ledger.open(file);
  facts = [];
});
afterEach(() => {
  ledger.close();
  rmSync(folder, { recursive: true });
});

async function desks(yaml = ""): Promise<{ delegation: DelegationDesk; routes: RouteDesk }> {
  const configFile = join(folder, "config.yaml");
  writeFileSync(configFile, `workers: { agent: claude }\n${yaml}`);
  const config = await loadConfig({ overrides: { configFile }, env: { HOME: folder }, cwd: folder });
  const delegation = new DelegationDesk(config, ledger);
  const bus = new FactBus();
  bus.subscribe((fact) => facts.push(fact));
  const parts = { config, ledger, delegation, bus, kept: kept as KeptWrites, now: () => 7 };
  return { delegation, routes: new RouteDesk(parts) };
}

let number = 0;
function ran(times: number, change: Partial<Settled>): void {
  ledger.commit(() => {
    for (let n = 0; n < times; n += 1) {
      number += 1;
      settleTask(ledger, {
        id: `a${number}`,
        agent: "claude",
        model: "sonnet",
        nanoUsd: 40_000_000,
        ...change,
      });
    }
  });
}
const CODING = draftOf("Fix the bug in the parser");

it("suggests by what is measured, adopts when told to, keeps it, and drops it again", async () => {
  const { delegation, routes } = await desks();
  ran(24, {});
  ran(1, { outcome: "failed" });
  ran(30, { outcome: "cancelled" });
  ran(22, { model: "haiku", nanoUsd: 10_000_000 });
  ran(30, { model: "haiku", type: "ui", outcome: "lost", nanoUsd: 0 });
  const coding = routes.model().routes[1];
  expect(coding).toMatchObject({ number: 2, type: "coding", agent: "claude", model: "sonnet" });
  expect(coding?.move).toMatchObject({ direction: "down", to: { model: "haiku" } });
  expect(coding?.move?.savedNanoUsd).toBe(Math.round((25 * 40_000_000) / 24) - 10_000_000);
  const seen = renderRoutes(routes.model(), wide80);
  expect(seen.filter((line) => line.length > 80)).toEqual([]);
  expect(seen.join("\n")).toMatch(/2 +coding +sonnet +now +25 +96\.0% +80\.4%-99\.2% +\$0\.0417/);
  expect(seen.join("\n")).toContain("`routes adopt 2` shows");

  const preview = routes.adopt("coding", false);
  expect(preview).toMatchObject({ done: false, from: "sonnet", to: "haiku", undo: "routes drop coding" });
  expect(renderRouteChange(preview, wide80).join("\n")).toContain("`routes adopt 2 --yes` does it");
  expect(delegation.delegate(CODING)).toMatchObject({ model: "sonnet", route: "codex" });

  expect(routes.adopt("coding", true)).toMatchObject({ done: true });
  expect(delegation.delegate(CODING)).toMatchObject({ model: "haiku", route: "codex, adopted" });
  expect(delegation.delegate({ ...CODING, model: "opus" })).toMatchObject({ model: "opus", route: "codex" });
  expect(delegation.delegate({ ...CODING, agent: "codex" }).route).toBe("codex");
  expect(delegation.notices.at(-1)).toMatch(
    /^coding tasks go to haiku instead of sonnet \(adopted; `routes drop coding`/,
  );
  expect(routes.model().routes[1]).toMatchObject({ model: "haiku", move: null });
  expect(() => routes.adopt("coding", true)).toThrow("no other model is suggested for coding tasks");

  ledger.close();
  ledger = Ledger.open(file);
  const later = await desks();
  expect(later.delegation.delegate(CODING).model).toBe("haiku");
  expect(later.routes.model().adopted).toMatchObject([{ subject: "coding", insteadOf: "sonnet", atMs: 7 }]);
  expect(later.routes.drop("coding")).toMatchObject({ from: "haiku", to: "sonnet", undo: null });
  expect(later.delegation.delegate(CODING)).toMatchObject({ model: "sonnet", route: "codex" });
  expect(() => later.routes.drop("coding")).toThrow('no route of "coding" is adopted');
  expect(facts.map(factText)).toEqual([
    expect.stringMatching(/^coding tasks go to haiku instead of sonnet \(adopted: .*\$0\.0100.*\)$/),
    "coding tasks go to sonnet instead of haiku (dropped)",
  ]);
  expect(facts).toMatchObject([
    { kind: "route-adopted", atMs: 7, agent: "claude", from: "sonnet", to: "haiku" },
    { kind: "route-dropped", atMs: 7, from: "haiku", to: "sonnet", because: null },
  ]);
});

it("counts only costs that are measured in full", async () => {
  const { routes } = await desks();
  ran(20, {});
  ran(5, { source: "estimated" });
  ran(5, { nanoUsd: null });
  expect(routes.model().routes[1]?.classes).toMatchObject([
    { model: "sonnet", ended: 30, completed: 30, pricedEnded: 20, pricedCompleted: 20, nanoUsd: 800_000_000 },
  ]);
});

it("preferCheap goes over what was adopted, and nothing is suggested under it", async () => {
  const { routes } = await desks();
  ran(25, {});
  ran(25, { outcome: "failed" });
  ran(25, { model: "opus" });
  expect(routes.adopt("coding", true)).toMatchObject({ to: "opus" });
  const cheap = await desks("preferCheap: true\n");
  expect(cheap.delegation.delegate(CODING)).toMatchObject({ model: "haiku", route: "codex" });
  expect(renderRoutes(cheap.routes.model(), wide80).join(" ")).toContain("preferCheap sends everything");
});

it("what else stands in the setting is no route", async () => {
  const { delegation } = await desks();
  for (const text of ["{", "[]", '[{"kind":"type","subject":7}]', '{"kind":"type"}']) {
    ledger.settings.set("adopted-routes", text);
    expect(delegation.delegate(CODING).model).toBe("sonnet");
  }
});

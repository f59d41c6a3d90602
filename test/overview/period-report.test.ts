import { afterEach, describe, expect, it } from "vitest";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { periodReport } from "../../src/overview/period-report.ts";
import type { OverviewSources } from "../../src/overview/sources.ts";
import type { PeriodReport, PeriodSums, SpendRow } from "../../src/reports/period-report.ts";
import { periodOfDate, type PeriodKind } from "../../src/throttle/periods.ts";
import { OverviewBench } from "../support/overview-bench.ts";
import { memberLike, rosterLike } from "../support/rosters.ts";
import { fillSpent, type SpentHistory } from "../support/spent-history.ts";

const MEMBERS: SpentHistory["members"] = [
  { id: "react-expert", tier: "execution", departments: ["frontend", "mobile"] },
  { id: "lead", tier: "strategic", departments: [] },
  { id: "api-expert", tier: "execution", departments: ["backend"] },
];

let made: OverviewBench | null = null;
afterEach(() => {
  made?.close();
  made = null;
});

interface Place {
  readonly zone?: string;
  readonly now?: string;
  readonly roster?: ReturnType<typeof rosterLike>;
}

async function sourcesAt({
  zone = "UTC",
  now = "2026-05-01T00:00:00Z",
  roster,
}: Place = {}): Promise<OverviewSources> {
  made = await OverviewBench.open();
  made.bench.nowMs = Date.parse(now);
  const { sources } = made;
  const config = { ...sources.config, throttle: { ...sources.config.throttle, timeZone: zone } };
  const setting = roster === undefined ? null : { file: "/r.yaml", roster, metricsDir: null };
  return { ...sources, config: { ...config, roster: setting }, throttle: sources.throttle, now: sources.now };
}

const history = (change: Partial<SpentHistory>): SpentHistory => ({
  ...{ tasks: 120, responses: 3, seed: 7, mixed: true, members: MEMBERS },
  ...{ fromMs: Date.parse("2026-03-01T00:00:00Z"), toMs: Date.parse("2026-04-12T00:00:00Z") },
  ...change,
});

function made_(kind: PeriodKind, date: string, sources: OverviewSources): Promise<PeriodReport> {
  const period = periodOfDate(kind, sources.config.throttle.timeZone, date);
  return periodReport(period, sources, () => Promise.resolve());
}

/** Everything counted again from the rows themselves, by other means. */
function recounted(ledger: Ledger, zone: string, first: string, last: string): Record<string, unknown> {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" });
  const inside = (atMs: number): string | null => {
    const date = format.format(atMs);
    return date >= first && date <= last ? date : null;
  };
  const groups = new Map<string, { tokens: number; nano: number; ends: string[]; times: number[] }>();
  const at = (key: string): { tokens: number; nano: number; ends: string[]; times: number[] } => {
    const group = groups.get(key) ?? { tokens: 0, nano: 0, ends: [], times: [] };
    groups.set(key, group);
    return group;
  };
  const standing = (id: string | null): string[] => {
    const member = MEMBERS.find((one) => one.id === id);
    const departments =
      member === undefined || member.departments.length === 0 ? ["none"] : member.departments;
    return [`tier ${member?.tier ?? "none"}`, ...departments.map((one) => `department ${one}`)];
  };
  type Row = Record<"agent" | "model" | "type" | "member", string | null> & {
    at_ms: number;
    booked_tokens: number;
    cost_nano: number | null;
  };
  for (const row of ledger.database.prepare<[], Row>("SELECT * FROM usage").all()) {
    const date = inside(row.at_ms);
    if (date === null) continue;
    const own = ["total", `day ${date}`, `model ${row.model ?? "none"}`, `type ${row.type ?? "none"}`];
    for (const key of [
      ...own,
      `cli ${row.agent}`,
      `agent ${row.member ?? "none"}`,
      ...standing(row.member),
    ]) {
      at(key).tokens += row.booked_tokens;
      at(key).nano += row.cost_nano ?? 0;
    }
  }
  type Ended = Record<"agent" | "type" | "member", string | null> & {
    ended_at_ms: number;
    typed_at_ms: number | null;
    outcome: string;
  };
  const ended = "SELECT attempt.*, type FROM attempt JOIN task ON task.id = task_id";
  for (const row of ledger.database.prepare<[], Ended>(ended).all()) {
    const date = inside(row.ended_at_ms);
    if (date === null || row.outcome === "not typed") continue;
    const own = ["total", `day ${date}`, `type ${row.type}`, `cli ${row.agent}`];
    for (const key of [...own, `agent ${row.member ?? "none"}`, ...standing(row.member)]) {
      at(key).ends.push(row.outcome);
      if (row.outcome === "completed" && row.typed_at_ms !== null)
        at(key).times.push(row.ended_at_ms - row.typed_at_ms);
    }
  }
  const shown = [...groups].map(([key, { tokens, nano, ends, times }]) => {
    const n = (...names: string[]): number => ends.filter((end) => names.includes(end)).length;
    const tenths = times.map((ms) => Math.round(ms / 100) * 100).sort((a, b) => a - b);
    const p95 = times.length < 3 ? null : (tenths[Math.ceil(times.length * 0.95) - 1] ?? null);
    return [key, [tokens, nano, n("completed"), n("failed", "lost"), n("cancelled"), p95]] as const;
  });
  return Object.fromEntries(shown.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The report's rows in the same shape. */
function told(report: PeriodReport): Record<string, unknown> {
  const full = (kind: string) => (row: PeriodSums) =>
    [
      kind === "total" ? "total" : `${kind} ${row.name}`,
      [row.tokens.value, row.cost.value, row.completed, row.failed, row.cancelled, row.p95Ms],
    ] as const;
  const spent = ({ name, tokens, cost }: SpendRow) =>
    [`model ${name}`, [tokens.value, cost.value, 0, 0, 0, null]] as const;
  const rows = [
    full("total")(report.total),
    ...report.days.filter(({ tokens, completed }) => (tokens.value ?? 0) + completed > 0).map(full("day")),
    ...report.models.map(spent),
    ...report.types.map(full("type")),
    ...report.clis.map(full("cli")),
    ...report.agents.map(full("agent")),
    ...report.departments.map(full("department")),
    ...report.tiers.map(full("tier")),
  ];
  return Object.fromEntries(rows.sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe("the figures of a period", () => {
  it.each([
    ["weekly", "2026-03-25", "2026-03-23", "2026-03-29", "Europe/Berlin"],
    ["weekly", "2026-03-08", "2026-03-02", "2026-03-08", "America/New_York"],
    ["monthly", "2026-03-31", "2026-03-01", "2026-03-31", "Asia/Kathmandu"],
  ] as const)(
    "of a %s report on %s (%s to %s) in %s are those of the rows",
    async (kind, date, first, last, zone) => {
      // Where an agent stands now is not where its tasks were done.
      const moved = memberLike("react-expert", { tier: "strategic", departments: [] });
      const sources = await sourcesAt({ zone, roster: rosterLike({ members: [moved] }) });
      fillSpent(sources.ledger, history({}));
      const report = await made_(kind, date, sources);
      expect([report.firstDay, report.lastDay, report.complete]).toEqual([first, last, true]);
      expect(told(report)).toEqual(recounted(sources.ledger, zone, first, last));
      const dearest = sources.ledger.database
        .prepare<[], { id: number }>(
          `SELECT task_id AS id FROM usage WHERE task_id IN (SELECT task_id FROM attempt WHERE ended_at_ms >= ${report.fromMs} AND
          ended_at_ms < ${report.toMs}) GROUP BY 1 ORDER BY sum(coalesce(cost_nano, 0)) DESC LIMIT 10`,
        )
        .all();
      expect(report.top.map(({ taskId }) => taskId)).toEqual(dearest.map(({ id }) => id));
    },
  );

  it("of a project without a roster have no agents, departments or tiers", async () => {
    const sources = await sourcesAt();
    fillSpent(sources.ledger, history({ members: [], tasks: 40 }));
    const report = await made_("monthly", "2026-03-15", sources);
    expect(report).toMatchObject({ agents: [], departments: [], tiers: [], findings: null });
    expect(report.total.completed).toBeGreaterThan(0);
  });

  it("say how they are known: a part without a price is an estimate, all without one unknown", async () => {
    const sources = await sourcesAt({ now: "2026-02-20T00:00:00Z" });
    const bench = made as OverviewBench;
    bench.bench.nowMs = Date.parse("2026-02-10T10:00:00Z");
    await bench.task(1, { inputTokens: 1_000 });
    await bench.task(1, { inputTokens: 500 }, { model: "nobody-knows-1" });
    bench.bench.nowMs = Date.parse("2026-02-20T00:00:00Z");
    const report = await made_("weekly", "2026-02-10", sources);
    expect(report.total.cost).toEqual({ value: 3_000_000, source: "estimated" });
    expect(report.models).toMatchObject([
      { name: "claude-sonnet-4-5", cost: { value: 3_000_000, source: "actual" } },
      {
        name: "nobody-knows-1",
        tokens: { value: 500, source: "actual" },
        cost: { value: null, source: "unknown" },
      },
    ]);
    expect(report.saving).toMatchObject({ savedNanoUsd: 0, unpricedTokens: 500 });
    expect(report.before).toBeNull();
    expect(report.comparison[0]).toMatchObject({
      figure: "cost",
      before: null,
      change: null,
      changePercent: null,
    });
  });
});

describe("a saving", () => {
  it("is that of the same tokens at the premium model's price", async () => {
    const sources = await sourcesAt();
    const bench = made as OverviewBench;
    bench.bench.nowMs = Date.parse("2026-02-10T10:00:00Z");
    await bench.task(1, { inputTokens: 40_000 }, { model: "claude-haiku-4-5" });
    await bench.task(1, { inputTokens: 40_000 });
    bench.bench.nowMs = Date.parse("2026-05-01T00:00:00Z");
    // Flat prices: $0.25 and $3 a million, so one cent and twelve instead of twice twelve.
    expect((await made_("weekly", "2026-02-10", sources)).saving).toEqual({
      ...{ spentNanoUsd: 130_000_000, uniformModel: "sonnet", uniformNanoUsd: 240_000_000 },
      ...{ savedNanoUsd: 110_000_000, savedPercent: (11 / 24) * 100, unpricedTokens: 0, estimated: false },
    });
  });
});

describe("a period that goes on", () => {
  it("is counted up to now and compared with as much of the one before", async () => {
    const sources = await sourcesAt();
    const bench = made as OverviewBench;
    const work = async (iso: string, inputTokens: number): Promise<void> => {
      bench.bench.nowMs = Date.parse(iso);
      await bench.task(1, { inputTokens });
    };
    await work("2026-02-10T09:00:00Z", 100);
    await work("2026-02-12T09:00:00Z", 1_000);
    await work("2026-02-17T10:00:00Z", 300);
    const report = await made_("weekly", "2026-02-17", sources);
    expect(report.complete).toBe(false);
    expect(report.total).toMatchObject({ completed: 1, tokens: { value: 300 } });
    expect(report.before).toMatchObject({
      period: "2026-02-09",
      total: { completed: 1, tokens: { value: 100 } },
    });
    expect(report.days.map(({ name }) => name)).toEqual(["2026-02-16", "2026-02-17"]);
  });
});

describe("limits and budgets", () => {
  it("are kept or broken window by window, the worst of each named", async () => {
    const roster = rosterLike({ members: [memberLike("react-expert")] });
    const sources = await sourcesAt({ roster, now: "2026-03-20T00:00:00Z" });
    const bench = made as OverviewBench;
    const limits = {
      "tokens/day": 1_999,
      "worker concurrent_worker1 tokens/day": 900,
      "department frontend tokens/week": 2_899,
      "member react-expert tokens/week": 2_900,
      "member other tokens/day": 0,
    };
    for (const [id, amount] of Object.entries(limits)) bench.limit(id, amount);
    const work = async (iso: string, worker: 1 | 2, inputTokens: number): Promise<void> => {
      bench.bench.nowMs = Date.parse(iso);
      await bench.task(worker, { inputTokens });
    };
    await work("2026-02-09T09:00:00Z", 1, 900);
    await work("2026-02-10T09:00:00Z", 1, 901);
    await work("2026-02-10T09:10:00Z", 2, 1_099);
    sources.ledger.database.exec("UPDATE spend_quarter SET member = 'react-expert'");
    bench.bench.nowMs = Date.parse("2026-03-20T00:00:00Z");
    const { budgets } = await made_("weekly", "2026-02-10", sources);
    const row = (name: string) => budgets.find((one) => one.name === name);
    const day = "2026-02-10";
    expect(row("global tokens/day")).toMatchObject({
      kind: "limit",
      windows: 7,
      broken: 1,
      most: 2_000,
      mostOn: day,
    });
    // A limit for one name takes that name out of the limit for each.
    expect(row("worker * tokens/day")).toMatchObject({
      broken: 0,
      most: 1_099,
      mostBy: "concurrent_worker2",
    });
    expect(row("worker concurrent_worker1 tokens/day")).toMatchObject({ broken: 1, most: 901, mostBy: null });
    expect(row("global cost/month")).toMatchObject({
      windows: 1,
      broken: 0,
      mostOn: "2026-02-01",
      unit: "cost",
    });
    expect(row("department frontend tokens/week")).toMatchObject({
      kind: "budget",
      windows: 1,
      broken: 1,
      most: 2_900,
    });
    // All of a budget may be used.
    expect(row("member react-expert tokens/week")).toMatchObject({ kind: "budget", broken: 0, most: 2_900 });
    expect(row("member other tokens/day")).toMatchObject({ broken: 0, most: 0, mostOn: null });
    expect(budgets.filter(({ name }) => name.endsWith("/hour"))).toEqual([]);
  });
});

describe("findings", () => {
  it("are those that began, ended or stood in the period", async () => {
    const sources = await sourcesAt({ roster: rosterLike() });
    const at = (iso: string): number => Date.parse(`${iso}T12:00:00Z`);
    const finding = (rule: string, since: string, ended: string | null): void =>
      void sources.ledger.database
        .prepare(
          "INSERT INTO finding (rule, subject, evidence, suggestion, state, since_ms, ended_at_ms) VALUES (?, ?, ?, '', ?, ?, ?)",
        )
        .run(
          rule,
          "x",
          "password=hunter2hunter2",
          ended === null ? "open" : "resolved",
          at(since),
          ended === null ? null : at(ended),
        );
    finding("T1", "2026-02-01", "2026-02-05");
    finding("T2", "2026-02-01", "2026-02-10");
    finding("T3", "2026-02-11", "2026-02-12");
    finding("T4", "2026-02-13", null);
    finding("T5", "2026-02-20", null);
    const { findings } = await made_("weekly", "2026-02-10", sources);
    expect(findings).toMatchObject({ opened: 2, resolved: 2, open: 1 });
    expect(findings?.newest.map(({ rule }) => rule)).toEqual(["T4", "T3", "T2"]);
    expect(JSON.stringify(findings)).not.toContain("hunter2");
  });
});

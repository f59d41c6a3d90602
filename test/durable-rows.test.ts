/** A start reads sums where it used to read every usage: no window may notice, at the start or at any later moment. */
import { describe, expect, test } from "vitest";
import { durableRows } from "../src/durable-rows.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import type { UsageEntry } from "../src/ledger/spend-rows.ts";
import { NO_USAGE } from "../src/metering/usage.ts";
import { historyMs } from "../src/throttle/booking-log.ts";
import type { Limit } from "../src/throttle/limits.ts";
import { Throttle, type LimitStanding } from "../src/throttle/throttle.ts";
import { assignmentOf, draftOf } from "./support/drafts.ts";
import { groupsOf } from "./throttle/history.ts";
import { generator } from "./support/random.ts";

const dayMs = 86_400_000;
const histories = Number(process.env["CTM_HISTORIES"] ?? 60);
const zones = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe"];
const notSimulated = (): { simulated: boolean } => ({ simulated: false });

interface History {
  readonly ledger: Ledger;
  readonly nowMs: number;
  readonly random: () => number;
}

/** Usages of five weeks, later growth of some, late ones, simulated ones, and one open attempt. */
function history(seed: number): History {
  const random = generator(seed);
  const upTo = (limit: number): number => Math.floor(random() * limit);
  const nowMs = Date.parse("2026-03-29T00:30:00Z") + upTo(10 * dayMs);
  const ledger = Ledger.open(":memory:");
  const member = { id: "react", preamble: null, worker: null };
  const [added] = ledger.add([{ draft: draftOf("open"), assignment: { ...assignmentOf(), member } }], nowMs);
  if (added === undefined) throw new Error("nothing was added");
  const attempt = { id: "open", worker: "w1", agent: "claude", model: "opus" };
  ledger.reserve(added.task, attempt, { tokens: 5_000, nanoUsd: 50_000, oversized: false }, nowMs);
  for (let n = 0; n < 120; n += 1) {
    // Half of them near the edges: now, an hour ago, midnight, the first of the month.
    const edgeMs = [0, 3_600_000, nowMs % dayMs, 28 * dayMs][upTo(4)] ?? 0;
    const agoMs = random() < 0.5 ? upTo(35 * dayMs) : Math.max(0, edgeMs + upTo(2_000) - 1_000);
    const entry = entryOf(`k${upTo(90)}`, nowMs - agoMs, 1 + upTo(500), upTo(4), random() < 0.1);
    const own = { attemptId: "open", worker: "w1", source: "actual" } as const;
    ledger.bookUsage([random() < 0.1 ? { ...entry, ...own } : entry]);
  }
  return { ledger, nowMs, random };
}

function entryOf(key: string, atMs: number, tokens: number, who: number, simulated: boolean): UsageEntry {
  return {
    key,
    attemptId: null,
    taskId: null,
    worker: `w${1 + (who % 2)}`,
    agent: "claude",
    model: "m",
    member: who === 1 ? "react" : null,
    limitModel: who < 2 ? "opus" : who === 2 ? "haiku" : null,
    type: null,
    atMs,
    source: simulated ? "simulated" : "actual",
    usage: NO_USAGE,
    bookedTokens: tokens,
    bookedNanoUsd: tokens * 3,
    costNanoUsd: tokens * 3,
    priceTable: "list",
    sessionId: null,
    cliVersion: null,
    flags: [],
  };
}

/** Every row one by one, as far back as a window can reach. */
function eachRow(ledger: Ledger, nowMs: number): ReturnType<typeof durableRows> {
  return durableRows(ledger, { exactFromMs: nowMs - historyMs, cutsMs: [] }, notSimulated);
}

/** By name: scopes are listed in the order they were seen in. */
function standings(throttle: Throttle, atMs: number): LimitStanding[] {
  return throttle.standings(atMs).toSorted((a, b) => (a.limitId < b.limitId ? -1 : 1));
}

function limitsOf(forms: readonly ("rolling" | "calendar")[]): Limit[] {
  const scopes = [
    { kind: "global" },
    { kind: "worker", name: "*" },
    { kind: "model", name: "opus" },
    { kind: "member", name: "react" },
    { kind: "department", name: "*" },
    { kind: "tier", name: "execution" },
    { kind: "system" },
  ] as const satisfies readonly Limit["scope"][];
  return scopes.flatMap((scope) =>
    (["hour", "day", "week", "month"] as const).flatMap((window, index) =>
      (["tokens", "cost"] as const).map((unit) => ({
        scope,
        unit,
        window,
        form: forms[index] ?? "calendar",
        amount: 20_000,
      })),
    ),
  );
}

describe("a start from kept sums", () => {
  const seed = Number(process.env["CTM_SEED"] ?? Date.now() % 1_000_000);

  test(`stands as a start from every usage, now and later, seed ${seed}`, () => {
    for (let n = 0; n < histories; n += 1) {
      const { ledger, nowMs, random } = history(seed + n);
      const forms = (["rolling", "calendar", "calendar"] as const).map((usual) =>
        random() < 0.8 ? usual : usual === "rolling" ? "calendar" : "rolling",
      );
      const policy = {
        limits: limitsOf(forms),
        timeZone: zones[n % zones.length] ?? "UTC",
        criticalHeadroomPercent: 5,
        pauseAt: null,
        hardStop: false,
        oversized: "run",
        countSimulated: random() < 0.3,
        groupsOf,
      } as const;
      const [bySums, byRows] = [new Throttle(policy), new Throttle(policy)];
      bySums.restore(durableRows(ledger, bySums.needs(nowMs), notSimulated), nowMs);
      byRows.restore(eachRow(ledger, nowMs), nowMs);
      for (let atMs = nowMs; atMs < nowMs + 35 * dayMs; atMs += Math.floor(random() * 3 * dayMs)) {
        expect(standings(bySums, atMs), `seed ${seed + n}`).toEqual(standings(byRows, atMs));
        expect(bySums.held("open")).toEqual(byRows.held("open"));
      }
      // Other amounts are laid over the same past.
      const raised = policy.limits.map((limit) => ({ ...limit, amount: 30_000 }));
      bySums.setLimits(raised);
      byRows.setLimits(raised);
      const laterMs = nowMs + 36 * dayMs;
      expect(standings(bySums, laterMs)).toEqual(standings(byRows, laterMs));
      ledger.close();
    }
  });

  test(`counts budgets as the manager before it did, seed ${seed}`, () => {
    for (let n = 0; n < histories; n += 1) {
      const random = generator(seed + n);
      const upTo = (limit: number): number => Math.floor(random() * limit);
      let nowMs = Date.parse("2026-03-22T20:00:00Z") + upTo(9 * dayMs);
      const ledger = Ledger.open(":memory:");
      const policy = {
        limits: limitsOf(["rolling", "calendar", "calendar", "calendar"]),
        timeZone: zones[n % zones.length] ?? "UTC",
        ...{ criticalHeadroomPercent: 5, pauseAt: null, hardStop: false, countSimulated: true },
        oversized: "run",
        groupsOf,
      } as const;
      const live = new Throttle(policy);
      live.restore({ bookings: [], reservations: [] }, nowMs);
      const used = { react: 0, all: 0 };
      for (let step = 0; step < 60; step += 1) {
        nowMs += upTo(step % 9 === 0 ? 12 * 3_600_000 : 60_000);
        const id = `a${upTo(8)}`;
        const isReact = upTo(2) === 0;
        const member = isReact ? "react" : null;
        const subject = { worker: "w1", agent: "claude", model: "opus", member };
        if (ledger.attempts.byId(id) === null) {
          const assignment = {
            ...assignmentOf(),
            member: member === null ? null : { id: member, preamble: null, worker: null },
          };
          const [added] = ledger.add([{ draft: draftOf(id), assignment }], nowMs);
          if (added === undefined) throw new Error("nothing was added");
          const spend = { tokens: upTo(900), nanoUsd: upTo(900) };
          ledger.reserve(added.task, { id, ...subject }, { ...spend, oversized: false }, nowMs);
          live.reserve({ attemptId: id, subject, spend, oversized: false, sinceMs: nowMs });
          continue;
        }
        const own = ledger.attempts.byId(id)?.member ?? null;
        const entry = { ...entryOf(`k${upTo(30)}`, nowMs, upTo(500), 0, false), attemptId: id, member: own };
        for (const { entry: kept, addedTokens, addedNanoUsd } of ledger.bookUsage([entry])) {
          const { worker, agent, limitModel: model, member: whose = null } = kept;
          const spend = { tokens: addedTokens, nanoUsd: addedNanoUsd };
          live.book({
            ...{ atMs: kept.atMs, attemptId: kept.attemptId, spend, simulated: false },
            subject: { worker, agent, model, member: whose },
          });
          used.all += addedTokens;
          if (whose === "react") used.react += addedTokens;
        }
      }
      const fresh = new Throttle(policy);
      fresh.restore(durableRows(ledger, fresh.needs(nowMs), notSimulated), nowMs);
      const budgets = (throttle: Throttle): Record<string, readonly number[]> =>
        Object.fromEntries(
          throttle.standings(nowMs).map((row) => [row.limitId, [row.used, row.held, row.owed]]),
        );
      expect(budgets(fresh), `seed ${seed + n}`).toEqual(budgets(live));
      // In each of its departments whole, in all together once.
      const usedOf = (id: string): number | undefined =>
        live.standings(nowMs).find(({ limitId }) => limitId === `${id} tokens/month`)?.used;
      const usedThisMonth = { react: usedOf("member react"), all: usedOf("system") };
      if (used.react > 0) {
        expect(usedOf("department web")).toBe(usedThisMonth.react);
        expect(usedOf("department quality")).toBe(usedThisMonth.react);
        expect(usedOf("tier execution")).toBe(usedThisMonth.react);
      }
      expect(usedThisMonth.all).toBe(usedOf("global"));
      ledger.close();
    }
  });

  test(`sums any span exactly, seed ${seed}`, () => {
    for (let n = 0; n < histories; n += 1) {
      const { ledger, nowMs, random } = history(seed + n);
      const fromMs = nowMs - Math.floor(random() * 35 * dayMs);
      const toMs = fromMs + Math.floor(random() ** 3 * 35 * dayMs);
      const sums = ledger.spend.spentBetween(fromMs, toMs);
      const rows = ledger.spend.bookingsSince(fromMs).filter((row) => row.at_ms < toMs);
      const key = (
        row: { worker: string; model: string | null; member: string | null },
        simulated: boolean,
      ): string => `${row.worker} ${row.model} ${row.member} ${simulated}`;
      const wanted = new Map<string, number>();
      for (const row of rows) {
        const id = key(row, row.source === "simulated");
        wanted.set(id, (wanted.get(id) ?? 0) + row.booked_tokens);
      }
      expect(
        new Map(sums.map((row) => [key(row, row.simulated === 1), row.tokens])),
        `seed ${seed + n}`,
      ).toEqual(wanted);
      ledger.close();
    }
  });

  test("reads no more for a hundred times the usage", () => {
    const rowsRead = (usages: number): number => {
      const ledger = Ledger.open(":memory:");
      const nowMs = Date.parse("2026-03-29T12:00:00Z");
      const stepMs = (20 * dayMs) / usages;
      const entries = Array.from({ length: usages }, (_, n) =>
        entryOf(`k${n}`, Math.floor(nowMs - 2 * 3_600_000 - n * stepMs), 1, 0, false),
      );
      ledger.bookUsage(entries);
      const throttle = new Throttle({
        limits: limitsOf(["rolling", "calendar", "calendar"]),
        timeZone: "UTC",
        criticalHeadroomPercent: 5,
        pauseAt: null,
        hardStop: false,
        oversized: "run",
        countSimulated: false,
      });
      const rows = durableRows(ledger, throttle.needs(nowMs), notSimulated).bookings.length;
      ledger.close();
      return rows;
    };
    expect(rowsRead(20_000)).toBe(rowsRead(200));
  });
});

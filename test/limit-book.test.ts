import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Ledger } from "../src/ledger/ledger.ts";
import { LimitBook } from "../src/limit-book.ts";
import { DEFAULT_LIMITS, limitId } from "../src/throttle/limits.ts";
import { Throttle } from "../src/throttle/throttle.ts";

const hourMs = 3_600_000;
const dollar = 1_000_000_000;

let nowMs: number;
let ledger: Ledger;
let books: LimitBook[];
let changes: [string | null, string | null][];
let throttle: Throttle;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  nowMs = Date.parse("2026-02-13T10:00:00Z");
  ledger = Ledger.open(":memory:");
  books = [];
  changes = [];
});

afterEach(() => {
  for (const book of books) book.close();
  ledger.close();
  vi.useRealTimers();
});

/** A start of the manager: the same ledger, everything else anew. */
function bookOf(): LimitBook {
  for (const book of books.splice(0)) book.close();
  throttle = new Throttle({
    limits: DEFAULT_LIMITS,
    timeZone: "UTC",
    criticalHeadroomPercent: 5,
    pauseAt: null,
    hardStop: false,
    oversized: "run",
    countSimulated: true,
  });
  const changed = (id: string | null, reason: string | null): void => void changes.push([id, reason]);
  const book = new LimitBook({ configured: DEFAULT_LIMITS, ledger, throttle, now: () => nowMs, changed });
  books.push(book);
  return book;
}

const amountOf = (id: string): number | null | undefined =>
  throttle.limits.find((limit) => limitId(limit) === id)?.amount;

async function passMs(ms: number): Promise<void> {
  nowMs += ms;
  await vi.advanceTimersByTimeAsync(ms);
}

describe("setting a limit", () => {
  it.each([
    ["cost/hour", "7.50", "global cost/hour", 7.5 * dollar],
    ["tokens/day", "1.5M", "global tokens/day", 1_500_000],
    ["worker tokens/hour", "50K", "worker * tokens/hour", 50_000],
    ["worker concurrent_worker1 tokens/hour", "9", "worker concurrent_worker1 tokens/hour", 9],
    ["model opus cost/day", "$10", "model opus cost/day", 10 * dollar],
    ["cost/month", null, "global cost/month", null],
    ["tokens/hour", "0", "global tokens/hour", 0],
  ])("%s to %s holds at once, is told, and holds after a restart", (id, amount, name, expected) => {
    expect(bookOf().set(id, amount)).toBe(name);
    expect(amountOf(name)).toBe(expected);
    expect(changes).toEqual([[name, null]]);
    bookOf();
    expect(amountOf(name)).toBe(expected);
    expect(throttle.limits.filter((limit) => limitId(limit) === name)).toHaveLength(1);
  });

  it.each([
    ["cost/hour", "lots"],
    ["cost/hour", "-1"],
    ["cost/hour", "1e9"],
    ["cost/hour", "NaN"],
    ["tokens/hour", "1.5"],
    ["tokens/hour", "9".repeat(30)],
    ["tokens/minute", "5"],
    ["everything", "5"],
    ["worker a b tokens/hour", "5"],
  ])("%s to %j is refused, and nothing changes", (id, amount) => {
    const book = bookOf();
    expect(() => book.set(id, amount)).toThrow(expect.objectContaining({ code: "usage" }));
    expect([ledger.settings.limitChanges(), changes]).toEqual([[], []]);
  });
});

describe("raising a limit for a while", () => {
  it("holds until its end, is shown with its reason, and ends by one timer", async () => {
    const book = bookOf();
    book.raise("cost/hour", "10", nowMs + hourMs, "release day");
    expect(amountOf("global cost/hour")).toBe(10 * dollar);
    expect(book.raises).toEqual([
      {
        limitId: "global cost/hour",
        standardAmount: 5 * dollar,
        untilMs: nowMs + hourMs,
        reason: "release day",
      },
    ]);
    expect(vi.getTimerCount()).toBe(1);
    await passMs(hourMs - 1);
    expect(amountOf("global cost/hour")).toBe(10 * dollar);
    await passMs(1);
    expect([amountOf("global cost/hour"), book.raises, vi.getTimerCount()]).toEqual([5 * dollar, [], 0]);
    expect(changes).toEqual([
      ["global cost/hour", "release day"],
      [null, null],
    ]);
  });

  it("ends over a restart: in time by the new timer, at the start when the time has passed", async () => {
    bookOf().raise("cost/hour", "10", nowMs + hourMs, "release day");
    nowMs += hourMs / 2;
    bookOf();
    expect(amountOf("global cost/hour")).toBe(10 * dollar);
    await passMs(hourMs / 2);
    expect(amountOf("global cost/hour")).toBe(5 * dollar);
    nowMs += hourMs;
    expect(bookOf().raises).toEqual([]);
    expect(amountOf("global cost/hour")).toBe(5 * dollar);
  });

  it("may follow another: the later one rules, and what was set for good stands behind them", async () => {
    const book = bookOf();
    book.set("cost/hour", "6");
    book.raise("cost/hour", "10", nowMs + 2 * hourMs, "one");
    book.raise("cost/hour", "20", nowMs + hourMs, "two");
    expect(amountOf("global cost/hour")).toBe(20 * dollar);
    await passMs(hourMs);
    expect(amountOf("global cost/hour")).toBe(10 * dollar);
    await passMs(hourMs);
    expect(amountOf("global cost/hour")).toBe(6 * dollar);
  });

  it("of more than a day away is not forgotten: its timer is armed again", async () => {
    const book = bookOf();
    book.raise("tokens/day", "9M", nowMs + 60 * 24 * hourMs, "a long release");
    await passMs(59 * 24 * hourMs);
    expect([amountOf("global tokens/day"), vi.getTimerCount()]).toEqual([9_000_000, 1]);
    await passMs(24 * hourMs);
    expect(amountOf("global tokens/day")).toBe(5_000_000);
  });

  it.each<[string, string, number, string, RegExp]>([
    ["cost/hour", "10", -1, "why", /an end that lies ahead/],
    ["cost/hour", "10", 0, "why", /an end that lies ahead/],
    ["cost/hour", "5", hourMs, "why", /is not above/],
    ["cost/hour", "4", hourMs, "why", /is not above/],
    ["cost/hour", "10", hourMs, " ", /needs a reason/],
    ["cost/hour", "10", hourMs, "x".repeat(201), /needs a reason of 1 to 200/],
    ["model opus cost/day", "10", hourMs, "why", /there is no limit model opus cost\/day to raise/],
  ])("%s to %s, ending in %i ms, because %j is refused", (id, amount, inMs, reason, message) => {
    const book = bookOf();
    expect(() => book.raise(id, amount, nowMs + inMs, reason)).toThrow(message);
    expect(ledger.settings.limitChanges()).toEqual([]);
  });

  it("of what has no limit is refused", () => {
    const book = bookOf();
    book.set("cost/month", null);
    expect(() => book.raise("cost/month", "10", nowMs + hourMs, "why")).toThrow(/there is no limit/);
  });
});

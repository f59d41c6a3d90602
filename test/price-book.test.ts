import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig, type Config } from "../src/config.ts";
import { modelPrice } from "../src/metering/model-price.ts";
import { responseCostNanoUsd } from "../src/metering/prices.ts";
import { NO_USAGE } from "../src/metering/usage.ts";
import { PriceBook } from "../src/price-book.ts";
import { pricesKeptMax, writePriceFile } from "../src/price-file.ts";

let folder: string;
let config: Config;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ctm-prices-"));
  config = await loadConfig({ env: { HOME: folder, CTM_STATE_DIR: folder }, cwd: folder });
});
afterEach(() => rmSync(folder, { recursive: true }));

const price = (model: string, input: number, day: string) =>
  modelPrice(model, { input, output: input }, day, "a newer list");
const costOn = (book: PriceBook, day: string): number | null =>
  responseCostNanoUsd({ ...NO_USAGE, inputTokens: 1 }, "opus", book.table, Date.parse(`${day}T10:00:00Z`));

describe("prices that a person brings", () => {
  it("count at once, after the next start, and each from its day", () => {
    const book = new PriceBook(config);
    const shipped = book.table.id;
    book.bring({ asOf: "2026-12-01", prices: [price("claude-opus-5-5", 1, "2026-12-01")] });
    book.bring({ asOf: "2027-01-01", prices: [price("claude-opus-5-5", 2, "2027-01-01")] });
    expect(book.table.id).not.toBe(shipped);
    for (const now of [book, new PriceBook(config)]) {
      expect(now.table.id).toBe(book.table.id);
      expect(["2026-11-30", "2026-12-31", "2027-01-01"].map((day) => costOn(now, day))).toEqual([
        4_000, 1_000, 2_000,
      ]);
      expect([now.update?.asOf, now.table.asOf, now.notices]).toEqual(["2027-01-01", "2027-01-01", []]);
    }
  });

  it("of the same day replace what was brought for it", () => {
    const book = new PriceBook(config);
    for (const input of [7, 8]) book.bring({ asOf: "2026-12-01", prices: [price("m", input, "2026-12-01")] });
    expect(book.table.models.get("m")?.map(({ inputNano }) => inputNano)).toEqual([8_000]);
  });

  it("are kept in a private file", () => {
    new PriceBook(config).bring({ asOf: "2026-12-01", prices: [price("m", 1, "2026-12-01")] });
    expect(statSync(config.paths.pricesFile).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(config.paths.pricesFile, "utf8"))).toMatchObject({ asOf: "2026-12-01" });
  });

  it("are bounded", () => {
    const prices = Array.from({ length: pricesKeptMax + 1 }, (_, n) => price(`m${n}`, 1, "2026-12-01"));
    expect(() => writePriceFile(config.paths.pricesFile, { asOf: "2026-12-01", prices })).toThrow(/at most/);
  });
});

describe("a file of prices that is damaged", () => {
  it.each([
    "",
    "{",
    "[]",
    '{"format":2,"asOf":"2026-12-01","prices":[]}',
    '{"format":1,"asOf":"2026-13-01","prices":[]}',
    '{"format":1,"asOf":"2026-12-01","prices":[{"model":"m","inputNano":-1}]}',
  ])("%j keeps nothing from starting: the shipped prices count, and every screen says so", (text) => {
    writeFileSync(config.paths.pricesFile, text);
    const book = new PriceBook(config);
    expect(book.table.id).toBe("list@2026-11-23");
    expect(book.notices).toEqual([expect.stringMatching(/^PRICES: the prices in .* cannot be read/)]);
    book.bring({ asOf: "2026-12-01", prices: [price("m", 1, "2026-12-01")] });
    expect([book.notices, new PriceBook(config).notices]).toEqual([[], []]);
  });
});

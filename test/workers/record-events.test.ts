import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { RecordEvents } from "../../src/workers/record-events.ts";
import { waitFor } from "../support/wait-for.ts";

let folder: string;
let heard = 0;
let events: RecordEvents;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ctm-events-"));
  heard = 0;
  events = new RecordEvents(() => (heard += 1));
});
afterEach(() => {
  events.close();
  rmSync(folder, { recursive: true, force: true });
});

it("tells of writes to the record and to files of its folders, also of those that come later", async () => {
  const [record, beside] = [join(folder, "s.jsonl"), join(folder, "s", "subagents")];
  events.follow([record, beside]);
  writeFileSync(record, "1");
  await waitFor("a write", () => heard > 0);
  mkdirSync(beside, { recursive: true });
  events.follow([record, beside]);
  heard = 0;
  appendFileSync(join(beside, "agent-1.jsonl"), "2");
  await waitFor("a write", () => heard > 0);
});

it("leaves out other records beside it, and what was followed before", async () => {
  const [record, other] = [join(folder, "s.jsonl"), join(folder, "other.jsonl")];
  events.follow([other]);
  events.follow([record]);
  writeFileSync(other, "1");
  writeFileSync(record, "2");
  await waitFor("a write", () => heard > 0);
  const told = heard;
  events.close();
  writeFileSync(record, "3");
  // Another watcher of the same folder hears of a later write: ours would have heard of the one before.
  let later = false;
  const witness = new RecordEvents(() => (later = true));
  witness.follow([other]);
  writeFileSync(other, "4");
  await waitFor("a later write", () => later);
  witness.close();
  expect(heard).toBe(told);
});

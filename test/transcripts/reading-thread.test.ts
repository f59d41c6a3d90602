/** Threads of the built product, and some that fail. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { Pack } from "../../src/metering/packed-records.ts";
import type { RecordFolders } from "../../src/transcripts/formats.ts";
import { FileReader } from "../../src/transcripts/read-file.ts";
import { readJob, type ReadJob, type ReadResult } from "../../src/transcripts/read-jobs.ts";
import { ReadingThread } from "../../src/transcripts/reading-thread.ts";
import { ReadingThreads } from "../../src/transcripts/reading-threads.ts";
import { findRecords } from "../../src/transcripts/records-found.ts";
import { productFolder } from "../support/built-product.ts";
import { claudeLine } from "../support/claude-lines.ts";
import { writeTranscripts } from "../support/transcripts.ts";

const PROGRAM = join(productFolder(), "read-thread.cjs");
let home: string;
let folders: RecordFolders;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "ctm-threads-"));
  folders = { claude: [join(home, ".claude")], codex: [join(home, ".codex")], gemini: [], opencode: [] };
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const jobsHere = (): ReadJob[] => findRecords(folders, null).files.map((file) => ({ file, soFar: null }));

/** What is read of these, by path, as this thread reads it. */
function readPlainly(jobs: readonly ReadJob[]): Map<string, unknown> {
  const reader = new FileReader();
  return new Map(jobs.map((job) => [job.file.path, told(readJob(reader, job))]));
}

function told({ head, continues, records }: ReadResult): unknown {
  return { head, continues, records: new Pack(records).records() };
}

function threads(count = 2): ReadingThreads {
  const started = new ReadingThreads(PROGRAM, count);
  onTestFinished(() => started.close());
  return started;
}

/** Each file once, or it fails. */
async function readBy(
  started: ReadingThreads,
  jobs: readonly ReadJob[],
  here = false,
): Promise<Map<string, unknown>> {
  const results = new Map<string, unknown>();
  const reader = new FileReader();
  const take = (result: ReadResult): void => {
    expect(results.has(result.path)).toBe(false);
    results.set(result.path, told(result));
  };
  await started.read(jobs, take, here ? (job) => readJob(reader, job) : undefined);
  return results;
}

/** More than is read by one thread alone. */
const much = () => writeTranscripts(home, 26_000_000, 3);

describe("threads read", () => {
  test.each([{ here: false }, { here: true }])(
    "each file once, as one thread would (here too: $here)",
    async ({ here }) => {
      much();
      const jobs = jobsHere();
      expect(await readBy(threads(), jobs, here)).toEqual(readPlainly(jobs));
    },
  );

  test("each file once when one of them found all files and has begun by itself", async () => {
    much();
    const started = threads();
    started.findAhead(folders);
    expect(await started.found(folders)).toEqual(findRecords(folders, null));
    expect(await readBy(started, jobsHere(), true)).toEqual(readPlainly(jobsHere()));
  });

  test("nothing that was not asked for, when one has begun with other files or from another place", async () => {
    much();
    const started = threads();
    started.findAhead(folders);
    expect(await started.found({ ...folders, codex: [] })).toBeNull();
    const asked = jobsHere().filter(({ file }) => file.agent === "claude");
    const largest = asked.toSorted((a, b) => b.file.bytes - a.file.bytes)[0];
    const jobs = asked.map((job): ReadJob => {
      if (job !== largest) return job;
      const { head } = readJob(new FileReader(), { ...job, file: { ...job.file } });
      const { offset, check, state } = JSON.parse(head) as NonNullable<ReadJob["soFar"]>;
      return { ...job, soFar: { offset, check, state } };
    });
    const results = await readBy(started, jobs, true);
    expect(results).toEqual(readPlainly(jobs));
    expect(results.get(largest?.file.path ?? "")).toMatchObject({ continues: true, records: [] });
  });

  test("little by nobody's wish: what is found ahead and small is not begun with", async () => {
    mkdirSync(join(home, ".claude/projects/p"), { recursive: true });
    writeFileSync(join(home, ".claude/projects/p/s.jsonl"), `${claudeLine({ id: "m", output: 5 })}\n`);
    const thread = new ReadingThread(PROGRAM);
    onTestFinished(() => thread.terminate());
    const { found, begun } = await thread.find(folders);
    expect(found.files.map(({ path }) => path)).toEqual([join(home, ".claude/projects/p/s.jsonl")]);
    expect(begun).toEqual([]);
  });
});

describe("a failure", () => {
  test("of the one who takes the results ends it", async () => {
    much();
    const started = threads();
    const full = new Error("the disk is full");
    const reading = started.read(jobsHere(), () => {
      throw full;
    });
    await expect(reading).rejects.toBe(full);
  });

  test.each([
    { what: "throws", program: 'throw new Error("broken");', told: "broken" },
    { what: "ends", program: "process.exit(3);", told: "a reading thread ended with code 3" },
    {
      what: "answers what was not asked",
      program:
        'require("node:worker_threads").parentPort.on("message", () => require("node:worker_threads").parentPort.postMessage("{}"));',
      told: "a reading thread gave no results",
    },
  ])("of a thread that $what is told, early or late", async ({ program, told: sentence }) => {
    much();
    const file = join(home, "thread.cjs");
    writeFileSync(file, program);
    const started = new ReadingThreads(file, 1);
    onTestFinished(() => started.close());
    await expect(started.read(jobsHere(), () => undefined)).rejects.toThrow(sentence);
    await expect(started.read(jobsHere(), () => undefined)).rejects.toThrow();
  });

  test("of one that looks ahead is told when somebody asks, and not before", async () => {
    const file = join(home, "thread.cjs");
    writeFileSync(file, 'throw new Error("broken");');
    const started = new ReadingThreads(file, 1);
    onTestFinished(() => started.close());
    started.findAhead(folders);
    await expect(started.found(folders)).rejects.toThrow("broken");
    expect(await started.found({ ...folders, codex: [] })).toBeNull();
  });
});

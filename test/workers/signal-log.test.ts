import { appendFileSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { messageMaxBytes } from "../../src/base/limits.ts";
import { SignalLog } from "../../src/workers/signal-log.ts";

const line = (event: string, attemptId: string): string =>
  `${JSON.stringify({ event, attemptId, exitCode: 0 })}\n`;

describe("a log of signals", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ctm-log-"));
    file = join(folder, "l-1.log");
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const told = (log: SignalLog): unknown => {
    const signals = log.read();
    if (!Array.isArray(signals)) return signals;
    return signals.map(({ event, payload }) => `${event} ${(payload as { attemptId: string }).attemptId}`);
  };

  it("is read on from where it was read, whole lines only", () => {
    const log = new SignalLog(file, "l-1");
    expect(told(log), "not there yet").toBeNull();
    writeFileSync(file, line("ready", ""));
    expect(log.read()).toMatchObject([{ launchId: "l-1", event: "ready", payload: { exitCode: 0 } }]);
    const next = line("command-started", "a1");
    appendFileSync(file, next.slice(0, 20));
    expect(told(log)).toEqual([]);
    appendFileSync(file, next.slice(20) + line("command-ended", "a1"));
    expect(told(log)).toEqual(["command-started a1", "command-ended a1"]);
    expect(told(log)).toEqual([]);
  });

  it("that its writer began anew is read from its beginning", () => {
    const log = new SignalLog(file, "l-1");
    writeFileSync(file, line("command-started", "a1") + line("command-ended", "a1"));
    log.read();
    truncateSync(file);
    appendFileSync(file, line("command-started", "a2"));
    expect(told(log)).toEqual(["command-started a2"]);
  });

  it("is read by a new start from the command that was begun last", () => {
    writeFileSync(file, line("ready", "") + line("command-started", "a1") + line("command-ended", "a1"));
    appendFileSync(file, line("command-started", "a2"));
    expect(told(new SignalLog(file, "l-1"))).toEqual(["command-started a2"]);
    appendFileSync(file, line("command-ended", "a2"));
    expect(told(new SignalLog(file, "l-1"))).toEqual(["command-started a2", "command-ended a2"]);
  });

  it("gives what was said behind a line that the disk took in part", () => {
    writeFileSync(file, `{"event":"comm\n${line("command-ended", "a1")}`);
    expect(told(new SignalLog(file, "l-1"))).toEqual(["command-ended a1"]);
  });

  it("passes over what is no signal, and follows no link", () => {
    const strange = [
      "{}",
      "7",
      "null",
      "[]",
      '{"event":7}',
      '{"event":"../x"}',
      '{"event":""}',
      "\u0000",
      "{",
    ];
    writeFileSync(file, [...strange, `{"event":"x","more":"${"a".repeat(messageMaxBytes)}"}`, ""].join("\n"));
    expect(told(new SignalLog(file, "l-1"))).toEqual([]);
    symlinkSync(file, join(folder, "link.log"));
    expect(new SignalLog(join(folder, "link.log"), "link").read()).toBeNull();
    expect(new SignalLog(folder, "folder").read()).toBeNull();
  });

  it("never fails, and loses no whole line behind anything", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        writeFileSync(file, bytes);
        appendFileSync(file, `\n${line("command-ended", "a9")}`);
        const signals = new SignalLog(file, "l-1").read();
        expect(Array.isArray(signals) && signals.at(-1)?.event).toBe("command-ended");
      }),
      { numRuns: 200 },
    );
  });
});

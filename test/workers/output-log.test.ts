import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { OutputLog } from "../../src/workers/output-log.ts";
import { testFolder, testServer } from "../support/tmux-server.ts";
import { waitFor } from "../support/wait-for.ts";

async function logFile(text = ""): Promise<string> {
  const path = join(await testFolder(), "output.log");
  writeFileSync(path, text);
  return path;
}

function follow(log: OutputLog, fromOffset?: number): { text: string } {
  const heard = { text: "" };
  onTestFinished(log.follow((piece) => (heard.text += piece), fromOffset));
  return heard;
}

describe("the end of the output", () => {
  test("its last lines are plain text", async () => {
    const log = new OutputLog(await logFile("one\r\n\u001b[31mtwo\u001b[0m\r\n\u001b]0;title\u0007three"));
    expect(log.lines(2)).toEqual(["two", "three"]);
    expect(log.lines(100)).toEqual(["one", "two", "three"]);
    expect(log.lines(0)).toEqual([]);
  });

  test("nothing printed, no file and no path at all are no lines", async () => {
    expect(new OutputLog(await logFile()).lines(5)).toEqual([]);
    expect(new OutputLog(join(await testFolder(), "none")).lines(5)).toEqual([]);
    expect(new OutputLog("package.json").lines(5)).toEqual([]);
  });

  test("a link in its place is not followed", async () => {
    const path = join(await testFolder(), "output.log");
    symlinkSync(await logFile("secret"), path);
    expect(new OutputLog(path).lines(5)).toEqual([]);
  });

  test("whether the program takes bracketed pastes", async () => {
    const path = await logFile("\u001b[?2004h\u001b[31m");
    const log = new OutputLog(path);
    expect(log.takesBracketedPaste()).toBe(true);
    appendFileSync(path, "bye\u001b[?2004l");
    expect(log.takesBracketedPaste()).toBe(false);
    expect(new OutputLog(await logFile("x")).takesBracketedPaste()).toBe(null);
  });
});

describe("following", () => {
  test("from now on, or from an offset; characters are never split", async () => {
    const path = await logFile("before ");
    const log = new OutputLog(path);
    const heard = follow(log);
    const emoji = Buffer.from("👩‍💻é");
    for (const byte of emoji) {
      appendFileSync(path, Buffer.from([byte]));
      await waitFor("the byte", () => log.offset === statSync(path).size);
    }
    expect(heard.text).toBe("👩‍💻é");
    const late = follow(new OutputLog(path), 0);
    await waitFor("all of it", () => late.text === "before 👩‍💻é");
  });

  test("a file that comes later, and one that was emptied", async () => {
    const path = join(await testFolder(), "output.log");
    const log = new OutputLog(path);
    const heard = follow(log);
    writeFileSync(path, "first");
    await waitFor("the first", () => heard.text === "first");
    truncateSync(path, 0);
    await waitFor("the emptying", () => log.offset === 0);
    appendFileSync(path, "second");
    await waitFor("the second", () => heard.text === "firstsecond");
  });

  test("who stopped listening hears nothing more", async () => {
    const path = await logFile();
    const log = new OutputLog(path);
    let text = "";
    const end = log.follow((piece) => (text += piece));
    const other = follow(log);
    end();
    appendFileSync(path, "x");
    await waitFor("the other", () => other.text === "x");
    expect(text).toBe("");
  });

  test("a flood is skipped, its end is not", async () => {
    const path = await logFile();
    const heard = follow(new OutputLog(path));
    appendFileSync(path, Buffer.alloc(20 * 1024 * 1024, "x"));
    appendFileSync(path, "THE END");
    await waitFor("the end", () => heard.text.endsWith("THE END"));
    expect(heard.text.length).toBeLessThan(10 * 1024 * 1024);
  });

  test("a log that grew too long is begun anew; one older is kept, and followers miss nothing", async () => {
    const path = await logFile();
    const log = new OutputLog(path, { maxBytes: 10 });
    const heard = follow(log);
    let expected = "";
    for (const [piece, left] of [
      ["0123456789é", 0],
      ["short", 5],
      ["0123456789B", 0],
      ["last", 4],
    ] as const) {
      appendFileSync(path, piece);
      expected += piece;
      await waitFor(piece, () => heard.text === expected);
      await waitFor("the size", () => statSync(path).size === left && log.offset === left);
    }
    expect(readFileSync(`${path}.1`, "utf8")).toBe("short0123456789B");
    expect(statSync(`${path}.1`).mode & 0o777).toBe(statSync(path).mode & 0o777);
    expect(log.lines(9)).toEqual(["short0123456789Blast"]);
  });

  test("if there can be no older one, the log goes on as it was", async () => {
    const path = await logFile();
    mkdirSync(`${path}.1`);
    const heard = follow(new OutputLog(path, { maxBytes: 3 }));
    appendFileSync(path, "12345");
    await waitFor("the first", () => heard.text === "12345");
    appendFileSync(path, "6789");
    await waitFor("the rest", () => heard.text === "123456789");
    expect(statSync(path).size).toBe(9);
  });

  test("the same with a real pane: lines arrive in order and none twice, over many files", async () => {
    const server = await testServer();
    const path = join(server.dir, "output.log");
    const script =
      "i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); echo line $i; [ $((i % 20)) -ne 0 ] || sleep 0.01; done; exec sleep 1000";
    const argv = ["/bin/sh", "-c", script];
    await server.terminal.startSession({ name: "w", argv, cols: 80, rows: 24, logPath: path });
    const heard = { text: "" };
    onTestFinished(new OutputLog(path, { maxBytes: 500 }).follow((piece) => (heard.text += piece), 0));
    await waitFor("the last line", () => heard.text.includes("line 2000\r\n"));
    expect(statSync(path).size).toBeLessThan(2_000);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    // What is printed between the last look and the emptying of a file is lost: with 70 files here, a line or a few.
    const numbers = heard.text.split("\r\n").flatMap((line) => /^line (\d+)$/.exec(line)?.[1] ?? []);
    expect(numbers.map(Number)).toEqual([...new Set(numbers.map(Number))].sort((a, b) => a - b));
    expect(numbers.length).toBeGreaterThan(1_800);
  });

  test("a new file put in its place by somebody else is followed", async () => {
    const path = await logFile();
    const heard = follow(new OutputLog(path));
    appendFileSync(path, "old");
    await waitFor("the old", () => heard.text === "old");
    writeFileSync(`${path}.new`, "new");
    renameSync(`${path}.new`, path);
    await waitFor("the new", () => heard.text === "oldnew");
  });
});

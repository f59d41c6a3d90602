import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
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

  test("what was written to a file before it was put aside is heard before the new one", async () => {
    const path = await logFile();
    const log = new OutputLog(path);
    const heard = follow(log);
    appendFileSync(path, "first ");
    renameSync(path, `${path}.1`);
    appendFileSync(`${path}.1`, "late ");
    writeFileSync(path, "second");
    await waitFor("all of it", () => heard.text === "first late second");
    expect(log.lines(9)).toEqual(["first late second"]);
  });

  test("a pane's log is begun anew when it is full: every line arrives once and in order", async () => {
    const server = await testServer({ logMaxBytes: 300 });
    // A folder whose name tmux, the shell and dates could take for something else.
    const dir = join(server.dir, "it's #{pid} %Y $HOME");
    mkdirSync(dir);
    const path = join(dir, "output.log");
    // Twenty lines are less than one file: who follows is never two files behind.
    const script =
      'i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); echo line $i; [ $((i % 20)) -ne 0 ] || while [ ! -e "$0/$i" ]; do sleep 0.01; done; done; exec sleep 1000';
    const argv = ["/bin/sh", "-c", script, server.dir];
    await server.terminal.startSession({ name: "w", argv, cols: 80, rows: 24, logPath: path });
    const heard = follow(new OutputLog(path), 0);
    const numbers = (): number[] =>
      heard.text.split("\r\n").flatMap((line) => /^line (\d+)$/.exec(line)?.slice(1).map(Number) ?? []);
    for (let i = 20; i <= 3_000; i += 20) {
      await waitFor(`line ${i}`, () => heard.text.includes(`line ${i}\r\n`));
      writeFileSync(join(server.dir, String(i)), "");
    }
    expect(numbers()).toEqual(Array.from({ length: 3_000 }, (_, at) => at + 1));
    for (const file of [path, `${path}.1`]) {
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(statSync(file).size).toBeLessThan(16_000);
    }
  });

  test("its writer ends with its pane, and when its folder is gone", async () => {
    const server = await testServer();
    const [kept, removed] = [join(server.dir, "kept"), join(server.dir, "removed")];
    const writers = async () =>
      (await execa("pgrep", ["-f", server.dir], { reject: false })).stdout.split("\n").length;
    const before = await writers();
    for (const dir of [kept, removed]) {
      mkdirSync(dir);
      const argv = ["/bin/sh", "-c", "while read line; do echo $line; done"];
      const logPath = join(dir, "output.log");
      const name = dir === kept ? "kept" : "removed";
      await server.terminal.startSession({ name, argv, cols: 80, rows: 24, logPath });
    }
    await waitFor("two writers", async () => (await writers()) >= before + 2);
    rmSync(removed, { recursive: true });
    await server.tmux("send-keys", "-t", "removed", "x".repeat(10), "Enter");
    await server.tmux("kill-session", "-t", "=kept");
    await server.tmux("kill-session", "-t", "=removed");
    await waitFor("no writer", async () => (await writers()) <= before);
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

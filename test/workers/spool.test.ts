import { existsSync, mkdirSync, renameSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { messageMaxBytes } from "../../src/base/limits.ts";
import { Spool, type SpooledSignal } from "../../src/workers/spool.ts";
import { testFolder } from "../support/tmux-server.ts";
import { waitFor } from "../support/wait-for.ts";

interface OpenSpool {
  readonly dir: string;
  readonly signals: SpooledSignal[];
  readonly oddities: string[];
  readonly spool: Spool;
  /** Waits until this many signals were told. */
  told(count: number): Promise<SpooledSignal[]>;
}

async function spoolFolder(): Promise<string> {
  return join(await testFolder(), "spool");
}

function openSpool(dir: string): OpenSpool {
  const spool = Spool.open(dir);
  const signals: SpooledSignal[] = [];
  const oddities: string[] = [];
  spool.onOddity((name) => oddities.push(name));
  spool.onSignal((signal) => signals.push(signal));
  onTestFinished(() => spool.close());
  const told = (count: number) =>
    waitFor(`${count} signals`, () => (signals.length >= count ? signals : null));
  return { dir, spool, signals, oddities, told };
}

function post(dir: string, name: string, text: string): void {
  writeFileSync(join(dir, `.${name}`), text);
  renameSync(join(dir, `.${name}`), join(dir, name));
}

describe("the spool", () => {
  test("its folder is ours alone, from its creation on", async () => {
    const dir = await spoolFolder();
    openSpool(dir);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    const link = join(await testFolder(), "link");
    symlinkSync(dir, link);
    expect(() => Spool.open(link)).toThrow(expect.objectContaining({ code: "refused" }));
  });

  test("what lay there is told first, by number and not by letter, then what arrives", async () => {
    const dir = await spoolFolder();
    Spool.open(dir);
    for (const order of ["10", "9", "100"]) post(dir, `w-1.${order}-7.Stop.json`, `{"n":${order}}\n`);
    const { signals, told } = openSpool(dir);
    expect(signals.map((signal) => signal.payload)).toEqual([{ n: 9 }, { n: 10 }, { n: 100 }]);
    post(dir, "w-1.101-7.Stop.json", '{"n":101}\n');
    await told(4);
    expect(signals[3]).toMatchObject({ launchId: "w-1", event: "Stop", payload: { n: 101 }, fault: null });
    expect(Math.abs((signals[3]?.atMs ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  test("a signal is told once a run and again in the next, until it is done", async () => {
    const dir = await spoolFolder();
    const first = openSpool(dir);
    post(dir, "w.1-1.a.json", "{}\n");
    post(dir, "w.2-1.b.json", "{}\n");
    await first.told(2);
    utimesSync(join(dir, "w.1-1.a.json"), new Date(), new Date());
    const [done] = first.signals;
    if (done !== undefined) first.spool.done(done);
    post(dir, "w.3-1.c.json", "{}\n");
    await first.told(3);
    expect(first.signals.map((signal) => signal.event)).toEqual(["a", "b", "c"]);
    expect(existsSync(join(dir, "w.1-1.a.json"))).toBe(false);
    first.spool.close();
    expect(openSpool(dir).signals.map((signal) => signal.event)).toEqual(["b", "c"]);
    // Done twice, or gone by itself, is no fault.
    if (done !== undefined) first.spool.done(done);
  });

  test.each([
    ["broken JSON", "{oops\n", null, "broken"],
    ["no JSON at all", "\n", null, "broken"],
    ["invalid UTF-8 in a string", Buffer.from([0x22, 0xff, 0x22, 0x0a]), "\ufffd", null],
    ["null", "null\n", null, null],
    ["a bare word", '"x"\n', "x", null],
    ["too long", Buffer.alloc(messageMaxBytes + 1, "x"), null, "oversized"],
  ])("%s", async (_name, content, payload, fault) => {
    const { dir, told } = openSpool(await spoolFolder());
    writeFileSync(join(dir, ".x"), content);
    renameSync(join(dir, ".x"), join(dir, "w.1-1.Stop.json"));
    expect((await told(1))[0]).toMatchObject({ event: "Stop", payload, fault });
  });

  test("a file is not read before it is whole, but a writer that died is not waited for for ever", async () => {
    const { dir, signals, told } = openSpool(await spoolFolder());
    const path = join(dir, "w.1-1.command-ended.json");
    writeFileSync(path, '{"exitCode":');
    writeFileSync(path, "3}\n", { flag: "a" });
    expect(await told(1)).toMatchObject([{ payload: { exitCode: 3 }, fault: null }]);
    writeFileSync(join(dir, "w.2-1.command-ended.json"), '{"exitC');
    expect((await told(2))[1]).toMatchObject({ payload: null, fault: "broken" });
    expect(signals).toHaveLength(2);
  });

  test("links, folders, pipes and unknown names are left alone; a name is reported once", async () => {
    const dir = await spoolFolder();
    Spool.open(dir);
    const secret = join(await testFolder(), "secret");
    writeFileSync(secret, '{"secret":1}\n');
    symlinkSync(secret, join(dir, "w.1-1.link.json"));
    mkdirSync(join(dir, "w.2-1.folder.json"));
    await execa("mkfifo", [join(dir, "w.3-1.pipe.json")]);
    const odd = [
      "README",
      "w.x-1.Stop.json",
      "w.1-1.../x.json".replace("/", "_"),
      "a b.1-1.Stop.json",
      "w.1-1.Stop.json.tmp",
      `${"l".repeat(81)}.1-1.Stop.json`,
    ];
    for (const name of odd) writeFileSync(join(dir, name), "{}\n");
    const { signals, oddities, told } = openSpool(dir);
    utimesSync(join(dir, "README"), new Date(), new Date());
    post(dir, "w.9-1.last.json", "{}\n");
    await told(1);
    expect(signals.map((signal) => signal.event)).toEqual(["last"]);
    expect(oddities.sort()).toEqual([...odd].sort());
    for (const name of odd) expect(existsSync(join(dir, name))).toBe(true);
  });

  test("what a dead writer left aside goes after an hour, not before", async () => {
    const dir = await spoolFolder();
    Spool.open(dir);
    writeFileSync(join(dir, ".old"), "");
    writeFileSync(join(dir, ".young"), "");
    utimesSync(join(dir, ".old"), new Date(0), new Date(0));
    openSpool(dir);
    expect([existsSync(join(dir, ".old")), existsSync(join(dir, ".young"))]).toEqual([false, true]);
  });

  test("a thousand signals at once come all, once, in order", async () => {
    const { dir, spool, signals, told } = openSpool(await spoolFolder());
    for (let n = 1; n <= 1_000; n += 1) post(dir, `w.${n}-1.Stop.json`, `${n}\n`);
    await told(1_000);
    expect(signals.map((signal) => signal.payload)).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1));
    for (const signal of signals) spool.done(signal);
  });

  test("no content makes it throw", async () => {
    const dir = await spoolFolder();
    Spool.open(dir);
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        fc.string({ maxLength: 60 }),
        async (bytes, odd) => {
          const name = odd.replace(/[/\0]/g, "") || "x";
          writeFileSync(join(dir, "w.1-1.Stop.json"), Buffer.concat([bytes, Buffer.from("\n")]));
          writeFileSync(join(dir, `x${name}`.slice(0, 60)), bytes);
          const { signals, spool } = openSpool(dir);
          expect(signals.filter((signal) => signal.launchId === "w")).toHaveLength(1);
          spool.close();
        },
      ),
      { numRuns: 100 },
    );
  });

  test("closed is closed", async () => {
    const { dir, spool, signals } = openSpool(await spoolFolder());
    spool.close();
    post(dir, "w.1-1.Stop.json", "{}\n");
    expect(openSpool(dir).signals).toHaveLength(1);
    expect(signals).toEqual([]);
  });
});

/** Backups, restoring and a database that does not open, as a person meets them at the shell. */
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { product, type Product } from "../support/product.ts";

const ledgerOf = (ctm: Product): string => join(ctm.state, "ledger.sqlite");

async function withTasks(ctm: Product): Promise<void> {
  for (const n of [0, 1]) await ctm.ok(["add", "--key", `k${n}`, `task ${n} ${"x".repeat(300)}`]);
}

describe("a backup", () => {
  it("is made beside a manager, and restored without one; a used key still names its task", async () => {
    const ctm = product({ workers: 1 });
    await withTasks(ctm);
    const manager = await ctm.serve(["--no-auto"]);
    const said = await ctm.ok(["backup", "copy.sqlite"]);
    expect(said).toMatch(/^Backed up 2 tasks \(\d+ KiB\) to \/.*copy\.sqlite$/m);
    await ctm.tell("after the backup");
    expect((await ctm.run(["backup", "copy.sqlite"])).stderr).toMatch(/overwrites nothing/);
    expect(await ctm.run(["restore", "--yes", "copy.sqlite"])).toMatchObject({ exitCode: 75 });
    expect(await ctm.run(["doctor", "--repair"])).toMatchObject({ exitCode: 75 });
    await manager.stop();

    expect(await ctm.run(["restore", "copy.sqlite"])).toMatchObject({ exitCode: 2, stdout: "" });
    const restored = await ctm.run(["restore", "--yes", "copy.sqlite"]);
    expect(restored.stderr).toMatch(/copy\.sqlite holds 2 tasks, the last of it from 20/);
    expect(restored.stdout).toMatch(/Restored 2 tasks from .*\nWhat was there is now .*\.aside-/);
    expect((await ctm.tasks()).map(({ id }) => id)).toEqual([1, 2]);
    expect(await ctm.ok(["add", "--key", "k0", "another"])).toMatch(/Already there by its key: #1/);
    await ctm.ok(["backup"]);
    expect(readdirSync(join(ctm.state, "backups"))).toHaveLength(1);
  });
});

describe("a damaged ledger", () => {
  it("is refused by every command, named by doctor, and mended from the newest backup after a yes", async () => {
    const ctm = product({ workers: 1 });
    await withTasks(ctm);
    await ctm.ok(["backup"]);
    truncateSync(ledgerOf(ctm), 9_000);
    const damaged = readFileSync(ledgerOf(ctm));
    for (const words of [["status"], ["add", "x"], ["serve"], ["task 1", "task 2"], ["backup"]]) {
      const { exitCode, stderr } = await ctm.run(words);
      expect([words, exitCode]).toEqual([words, 74]);
      expect(stderr).toMatch(/ledger\.sqlite is damaged: .*it was left as it is\n.*ctm doctor --repair/);
    }
    expect((await ctm.run(["doctor"])).stdout).toMatch(/\[fail\] database [^[]*damaged/);
    const asked = await ctm.run(["doctor", "--repair"]);
    expect(asked).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/nothing was changed/) as unknown,
    });
    expect(readFileSync(ledgerOf(ctm)).equals(damaged), "not touched before a yes").toBe(true);

    const repaired = await ctm.ok(["doctor", "--repair", "--yes"]);
    expect(repaired).toMatch(/Restored 2 tasks/);
    const aside = readdirSync(ctm.state).find((name) => name.startsWith("ledger.sqlite.aside-")) ?? "";
    expect(readFileSync(join(ctm.state, aside)).equals(damaged), "moved aside as it was").toBe(true);
    expect(await ctm.tasks()).toHaveLength(2);
    expect(await ctm.ok(["doctor", "--repair"])).toMatch(/Nothing to repair/);
  });

  it("without a backup is left alone, and that is said", async () => {
    const ctm = product();
    await ctm.ok(["add", "x"]);
    writeFileSync(ledgerOf(ctm), "a person's notes\n".repeat(100));
    const { exitCode, stderr } = await ctm.run(["doctor", "--repair", "--yes"]);
    expect(exitCode).toBe(74);
    expect(stderr).toMatch(/is no ledger: it is not an SQLite database.*\n.*no good backup in its folder/);
    expect(readFileSync(ledgerOf(ctm), "utf8")).toMatch(/^a person's notes/);
  });
});

describe("a WAL that was taken away", () => {
  it("after a kill is noticed, and the ledger opened without it only after a yes", async () => {
    const ctm = product({ workers: 1 });
    await ctm.ok(["add", "before"]);
    const manager = await ctm.serve(["--no-auto"]);
    await ctm.tell("acknowledged, and in the WAL");
    await manager.kill9();
    rmSync(`${ledgerOf(ctm)}-wal`);
    expect(await ctm.run(["tasks"])).toMatchObject({
      exitCode: 74,
      stderr: expect.stringMatching(/lacks its newest changes/) as unknown,
    });
    expect(await ctm.ok(["doctor", "--repair", "--yes"])).toMatch(/It is opened again/);
    expect(await ctm.tasks()).toHaveLength(1);
    const again = await ctm.serve(["--no-auto"]);
    const names = (await ctm.workers()).map(({ name }) => name);
    expect(names, "the session whose row is lost is left alone").toEqual(["concurrent_worker2"]);
    expect((await ctm.panes()).map(({ session }) => session)).toEqual([
      "concurrent_worker1",
      "concurrent_worker2",
    ]);
    expect(existsSync(`${ledgerOf(ctm)}-in-use`)).toBe(true);
    expect(await again.stop()).toBe(0);
    expect(existsSync(`${ledgerOf(ctm)}-in-use`)).toBe(false);
  });
});

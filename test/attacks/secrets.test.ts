/**
 * Secrets of twelve kinds planted in the environment, in the configuration, in a task, in what an agent asks, answers
 * and prints; then everything ctm keeps, shows and starts is searched for them.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { History } from "../../src/repl/history.ts";
import { plantedSecrets, secretsOf } from "../support/planted-secrets.ts";
import { watchProcesses } from "../support/process-watch.ts";
import { product, type Product } from "../support/product.ts";
import { waitFor } from "../support/wait-for.ts";

const environment = plantedSecrets("En1");
const config = plantedSecrets("Cf2");
const task = plantedSecrets("Tx3");
const printed = plantedSecrets("Pr4");
const ALL = [environment, config, task, printed].flatMap(secretsOf);
/** They show the text of a task as the person wrote it. */
const TEXT_VIEWS =
  "tasks, show 1, show 2, show 3, status, workers, why 1, why 2, why w1, why w2, why w3".split(", ");
const OTHER_VIEWS = ["metrics", "throttle", "limits", "doctor", "tally 1 2 3"];

const variables = (planted: typeof task, prefix: string): Record<string, string> =>
  Object.fromEntries(planted.map(({ form }, at) => [`${prefix}_${at}`, form]));
const formsOf = (planted: typeof task): string => planted.map(({ form }) => form).join("\n");
const leaks = (text: string, secrets: readonly string[] = ALL): string[] =>
  secrets.filter((secret) => text.includes(secret));

/** Every file below, by its path there. */
function filesBelow(folder: string): [string, string][] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [relative(folder, path), readFileSync(path, "latin1")]);
}

/** Every text in the ledger, as "table.column: text". */
function rowsOf(file: string): string[] {
  const db = new Database(file, { readonly: true });
  const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all() as string[];
  const cells = tables.flatMap((table) =>
    (db.prepare(`SELECT * FROM "${table}"`).all() as Record<string, unknown>[]).flatMap((row) =>
      Object.entries(row).map(([column, value]) => `${table}.${column}: ${String(value)}`),
    ),
  );
  db.close();
  return cells;
}

/** What these views show, as tables and as JSON, asked for by one client. */
async function views(ctm: Product, commands: readonly string[]): Promise<string> {
  const lines = commands.flatMap((command) => [command, command.replace(/^\S+/, "$& --json")]);
  const ran = await ctm.run([], { input: `${lines.join("\n")}\n` });
  expect(ran).toMatchObject({ exitCode: 0, stderr: "" });
  return ran.stdout;
}

describe.runIf(existsSync("/proc/self/cmdline"))("secrets", () => {
  it("A24, A25 (claude-auto-retry #68: a key stayed in tmux's own arguments for days): are in no argument, log, row, export or tmux environment", async () => {
    const processes = watchProcesses();
    const ctm = product({ workers: 2, env: variables(environment, "PLANTED_ENV") });
    ctm.configure(
      `agents: ${JSON.stringify({ rehearsal: { env: variables(config, "PLANTED_CFG") }, shell: { env: variables(config, "PLANTED_CFG") } })}`,
    );
    writeFileSync(join(ctm.work, "printed"), formsOf(printed));
    const manager = await ctm.serve();
    await ctm.ok(["spawn", "--agent", "shell"]);

    // A task that says it again, one that asks about it, and one whose program prints what nobody told it.
    const say = `${formsOf(task)} [[delay:0]] [[say:${formsOf(task)}]]`;
    const ask = `[[ask:${formsOf(task)}]]`;
    const print = `test "\${#PLANTED_ENV_0}" -gt 20 && test "\${#PLANTED_CFG_0}" -gt 20 && cat printed; exit 3`;
    const lines = [{ text: say }, { text: ask }, { text: print, agent: "shell" }];
    const input = lines.map((line) => JSON.stringify(line)).join("\n");
    // Its manager is killed meanwhile: how it ends is no matter here.
    const batch = ctm.run(["batch", "-"], { input }).catch(() => null);
    await waitFor("the tasks", async () => (await ctm.tasks()).length === lines.length);
    await ctm.until(1, "completed");
    await ctm.until(3, "failed");
    await ctm.until(2, "needs-input");
    const texts = await views(ctm, TEXT_VIEWS);
    const shown = await views(ctm, OTHER_VIEWS);
    const output = await ctm.ok(["output", "w3", "--lines", "100"]);
    await manager.kill9();
    const second = await ctm.serve();
    await ctm.ok(["cancel", "2"]);
    await ctm.until(2, "cancelled");
    await batch;
    const log = manager.printed() + second.printed();
    const environments = await Promise.all(
      ["-g", ...(await ctm.panes()).map(({ session }) => session)].map((of) =>
        ctm.tmux("show-environment", ...(of === "-g" ? ["-g"] : ["-t", of])),
      ),
    );
    await second.stop();

    // They reached whom they were meant for, or nothing here was tested.
    expect(leaks(output, secretsOf(printed))).toHaveLength(secretsOf(printed).length);

    expect([...processes.lines].some((line) => line.includes("concurrent"))).toBe(true);
    expect([...processes.lines].flatMap((line) => leaks(line))).toEqual([]);
    expect(environments.join("\n")).toMatch(/PATH=/);
    expect(leaks(environments.join("\n"))).toEqual([]);
    expect(log).toMatch(/#1 queued: /);
    expect(leaks(log)).toEqual([]);
    expect(leaks(shown)).toEqual([]);
    expect(leaks(texts, secretsOf(task))).not.toEqual([]);
    expect(leaks(texts, [environment, config, printed].flatMap(secretsOf))).toEqual([]);

    const rows = rowsOf(join(ctm.state, "ledger.sqlite"));
    expect(rows.filter((row) => leaks(row).length > 0 && !row.startsWith("task.text: "))).toEqual([]);
    expect(rows.filter((row) => row.includes("[redacted: Anthropic key]")).length).toBeGreaterThanOrEqual(1);
    expect(leaks(rows.join("\n"), secretsOf(environment))).toEqual([]);
    for (const [path, text] of filesBelow(ctm.state)) {
      // A pane's own log and an agent's own record hold what was shown in it; the ledger holds the tasks' texts.
      const own = /^workers\/.*\/(?:output\.log(?:\.1)?|rehearsal-[^/]*\.jsonl)$/.test(path)
        ? [...secretsOf(task), ...secretsOf(printed)]
        : path.startsWith("ledger.sqlite")
          ? secretsOf(task)
          : [];
      expect([path, leaks(text).filter((secret) => !own.includes(secret))]).toEqual([path, []]);
    }
    for (const elsewhere of ["home", "tmp", "tmux"])
      expect(filesBelow(join(ctm.folder, elsewhere)).flatMap(([, text]) => leaks(text))).toEqual([]);
  });

  it("A25: are not repeated by faults of a call or of a configuration", async () => {
    const ctm = product({ workers: 1 });
    const words = task
      .filter(({ form }) => !form.includes("\n"))
      .map(({ form }) => `add --priority '${form}' x`);
    const call = await ctm.run([], { input: words.join("\n") });
    expect(call.stderr.match(/is no priority/g)).toHaveLength(words.length);
    expect(leaks(call.stdout + call.stderr)).toEqual([]);
    ctm.configure(
      `agents: { claude: { env: ${JSON.stringify({ ...variables(config, "CFG"), BAD: [formsOf(config)] })} } }`,
    );
    const faulty = await ctm.run(["status"]);
    expect(faulty).toMatchObject({ exitCode: 2 });
    expect(leaks(faulty.stderr)).toEqual([]);
  });
});

it("A25: the prompt's history keeps what was typed without the keys in it", async () => {
  const ctm = product();
  const history = new History(join(ctm.folder, "kept", "history"));
  for (const { form } of task) history.add(`add use ${form.replaceAll("\n", " ")} now`);
  const kept = await waitFor("the history", () => readFileSync(join(ctm.folder, "kept", "history"), "utf8"));
  expect(kept.trimEnd().split("\n")).toHaveLength(task.length);
  expect(leaks(kept)).toEqual([]);
  // At the prompt itself they are there until it is left: the person may want that line again.
  expect(history.lines().join("\n")).toContain(task[0]?.form);
});

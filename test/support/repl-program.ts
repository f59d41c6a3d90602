/** The prompt over a house in memory, as a program of its own for tests in a real terminal: `repl-program FOLDER`. */
import { appendFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { localHost } from "../../src/commands/host.ts";
import { loadConfig } from "../../src/config.ts";
import { banner } from "../../src/repl/banner.ts";
import { History } from "../../src/repl/history.ts";
import { Repl } from "../../src/repl/repl.ts";
import type { Paper } from "../../src/reports/paper.ts";
import { fakeApp } from "./fake-app.ts";

const folder = process.argv[2] ?? "/nowhere";
const app = fakeApp(folder);
const paper = (): Paper => ({
  columns: process.stdout.columns,
  colour: false,
  unicode: true,
  nowMs: Date.now(),
  timeZone: "UTC",
});
// What was queued, byte for byte, for the test to look at.
app.onFact((fact) => {
  if (fact.kind === "task-added") appendFileSync(join(folder, "added"), `${JSON.stringify(fact.text)}\n`);
});
const repl = new Repl({
  host: localHost(app),
  caller: {
    cwd: folder,
    origin: "repl",
    readText: (file) => readFile(join(folder, file), "utf8"),
    config: () => loadConfig({ env: { HOME: folder }, cwd: folder }),
  },
  history: new History(join(folder, "history")),
  input: process.stdin,
  output: process.stdout,
  paper,
  attach: async (target) => void process.stdout.write(`ATTACHED ${target.session}\n`),
  greeting: banner("0.0.0", "manager", app.status(), paper()),
  autoIsOn: false,
});
// A fact from outside while the person types: SIGUSR1.
process.on("SIGUSR1", () =>
  app.publish({ kind: "trouble", atMs: Date.now(), message: "something happened meanwhile" }),
);
appendFileSync(join(folder, "pid"), String(process.pid));
const end = await repl.run(new Promise(() => undefined));
process.stdout.write(`LEFT ${end.workers}\n`);

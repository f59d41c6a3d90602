/** The dashboard over a long history, in a real browser: the first view, the others, news on the page, and scrolling. */
import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { readDashboardFile } from "../../src/dashboard-file.ts";
import { openDatabase } from "../../src/ledger/database.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { browserProgram, launchBrowser } from "../support/browser.ts";
import { productFolder } from "../support/built-product.ts";
import { assignmentOf, draftOf } from "../support/drafts.ts";
import { waitFor } from "../support/wait-for.ts";
import { bigLedger, ledgerOf } from "./big-ledger.ts";
import { median, ms, percentile, repeated, type Figure } from "./figures.ts";

const tasks = 100_000;
const usages = 1_000_000;
const rounds = 15;
const openingRounds = 25;
const news = 60;
const scrolledRows = 10_000;
/** Four hundred rows a second at sixty frames: faster than a flick of a finger. */
const scrolledPxAFrame = 240;
const firstGoalMs = 200;
const newsGoalMs = 1_000;
const viewport = { width: 1280, height: 860 };
/** Longer than a first view takes. */
const quietMs = 700;
/** Sixty frames a second, and one of them may be left out. */
const frameGoalMs = 34;

const VIEWS = ["fleet", "throttle", "tasks", "metrics", "spend", "events", "dispatches"];

/** Tells when the page shows a view with its data, by the page's own clock: nobody asks it meanwhile. */
const WATCH = `
  let ctmSeen = null;
  new MutationObserver(() => {
    const view = (location.hash.match(/[a-z]+/) ?? ["fleet"])[0];
    const shown = document.querySelector('main section table, main .list .row[data-key]');
    const title = document.title.toLowerCase().startsWith(view);
    if (shown && title && ctmSeen !== view) { ctmSeen = view; ctmShown(view, performance.now()); }
    const news = document.querySelector('main')?.textContent.match(/news-\\d+x/g) ?? [];
    for (const one of news) if ((window.ctmNews ??= {})[one] === undefined) ctmTold(one, window.ctmNews[one] = Date.now());
  }).observe(document, { subtree: true, childList: true, characterData: true });
`;

/** What the pages tell of themselves, for whoever waits for it. */
class Told {
  readonly #waiting = new Map<string, (atMs: number) => void>();

  async listenTo(context: BrowserContext): Promise<BrowserContext> {
    const tell = (_page: unknown, what: string, atMs: number): void => this.#waiting.get(what)?.(atMs);
    await context.exposeBinding("ctmShown", tell);
    await context.exposeBinding("ctmTold", tell);
    await context.addInitScript(WATCH);
    return context;
  }

  /** The next time that this is told; asked for before it can be. */
  next(what: string): Promise<number> {
    return new Promise((resolve) => this.#waiting.set(what, resolve));
  }
}

export async function serving(): Promise<Figure[]> {
  const program = await browserProgram();
  if ("missing" in program) return [figure("the dashboard", `no browser: ${program.missing}`, "", null)];
  const { stateDir, end } = bigLedger(usages);
  withTasks(stateDir);
  const manager = await startManager(stateDir);
  const browser = await launchBrowser(program.path);
  const told = new Told();
  try {
    const link = `${manager.url}#key=${manager.act}`;
    const answers = await answerTimes(manager.url, manager.read);
    const { opened, loads, empty } = await openings(browser, manager.url, link);
    const context = await told.listenTo(await browser.newContext({ viewport }));
    const page = await context.newPage();
    const fleet = told.next("fleet");
    await page.goto(link);
    await fleet;
    const views = await viewTimes(page, told);
    const newsMs = await newsTimes(page, told, manager);
    const frames = await scrollFrames(page, told);
    return [
      ...answers,
      first("first view, from the address to figures in the page, in a browser that was never there", opened),
      first("the same where the browser was there before", loads),
      figure("of it: a page of one word", ms(median(empty)), "", null),
      ...views,
      figure(
        `from a task queued to its line in the page, ${news} of them`,
        `${ms(median(newsMs))} p50, ${ms(percentile(newsMs, 0.99))} p99`,
        "p99 below 1 s",
        percentile(newsMs, 0.99) < newsGoalMs,
      ),
      figure(
        `scrolling through ${scrolledRows.toLocaleString("en")} rows: time of a frame, ${frames.length} frames`,
        `${ms(median(frames))} p50, ${ms(percentile(frames, 0.95))} p95, ${ms(Math.max(...frames))} at most`,
        "p95 at most 34 ms",
        percentile(frames, 0.95) <= frameGoalMs,
      ),
    ];
  } finally {
    await browser.close();
    await manager.end();
    end();
  }
}

interface Openings {
  /** In a browser that was never there. */
  readonly opened: readonly number[];
  /** In one that was. */
  readonly loads: readonly number[];
  /** Of a page of one word. */
  readonly empty: readonly number[];
}

/** In turns, so that what else goes on meets all of them alike; the browser has come to its feet by then. */
async function openings(browser: Browser, url: string, link: string): Promise<Openings> {
  const never = async (): Promise<number> => {
    const context = await browser.newContext({ viewport });
    const viewMs = await firstView(context, link);
    await context.close();
    return viewMs;
  };
  const before = await browser.newContext({ viewport });
  await firstView(before, link);
  const [opened, loads, empty]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < openingRounds; round += 1) {
    opened.push(await never());
    loads.push(await firstView(before, link));
    empty.push(await emptyPage(before, `${url}healthz`));
  }
  await before.close();
  return { opened, loads, empty };
}

function first(what: string, loads: readonly number[]): Figure {
  const tookMs = median(loads);
  const spread = `${ms(Math.min(...loads))} to ${ms(Math.max(...loads))}`;
  return figure(what, `${ms(tookMs)} (${spread})`, "below 200 ms", tookMs < firstGoalMs);
}

function figure(what: string, measured: string, goal: string, met: boolean | null): Figure {
  return { what, measured, ratio: "", goal, met };
}

/** 100,000 tasks, of which 1,000 wait and as many failed, each with what it used. */
function withTasks(stateDir: string): void {
  const file = ledgerOf(stateDir);
  const ledger = Ledger.open(file);
  ledger.add([{ draft: draftOf("Write a test for module 0"), assignment: assignmentOf() }], Date.now());
  ledger.close();
  const db = openDatabase(file);
  db.pragma("synchronous = OFF");
  const columns = db
    .prepare<[], { name: string }>("SELECT name FROM pragma_table_info('task')")
    .all()
    .map(({ name }) => REPLACED[name] ?? name);
  db.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ${tasks})
     INSERT INTO task SELECT ${columns.join(", ")} FROM n, task WHERE id = 1`,
  ).run();
  db.exec("INSERT INTO task_spend SELECT id, 1000, 6600000, 0, 0 FROM task WHERE state = 'completed'");
  db.close();
}

interface Manager {
  readonly url: string;
  readonly act: string;
  readonly read: string;
  end(): Promise<void>;
}

/** As a person has it: a process of its own, with one worker. */
async function startManager(stateDir: string): Promise<Manager> {
  const configFile = join(stateDir, "ctm.yaml");
  writeFileSync(configFile, "dashboard: { enabled: true, port: 0 }\n", { mode: 0o600 });
  const own = ["--state-dir", stateDir, "--config", configFile, "--workers", "1", "--agent", "shell"];
  const argv = [join(productFolder(), "ctm.cjs"), ...own, "serve"];
  const env = { PATH: process.env["PATH"] ?? "", HOME: stateDir, TMUX_TMPDIR: stateDir, LANG: "C.UTF-8" };
  const child = spawn(process.execPath, argv, { cwd: stateDir, env, stdio: "ignore" });
  const facts = await waitFor("the manager to serve", () => {
    const { url, act, read } = readDashboardFile(join(stateDir, "dashboard.json")) ?? {};
    return url != null && act !== undefined && read !== undefined && { url, act, read };
  });
  return {
    ...facts,
    async end() {
      child.kill("SIGTERM");
      await new Promise((ended) => child.once("exit", ended));
      const tmux = ["-S", join(stateDir, "tmux.sock"), "kill-server"];
      spawnSync("tmux", tmux, { stdio: "ignore" });
    },
  };
}

const REPLACED: Readonly<Record<string, string>> = {
  id: "i",
  text: "'Write a test for module ' || i",
  state: "CASE WHEN i % 100 = 0 THEN 'queued' WHEN i % 100 = 1 THEN 'failed' ELSE 'completed' END",
  hold_reason: "CASE WHEN i % 100 = 0 THEN 'for later' END",
};

/** What each question of the pages takes to be answered over loopback. */
async function answerTimes(url: string, key: string): Promise<Figure[]> {
  const paths = [
    "session",
    "fleet",
    "status",
    "throttle",
    "tasks?limit=500",
    "metrics",
    "hierarchy",
    "spend/daily",
  ];
  const figures: Figure[] = [];
  for (const path of [...paths, "events?limit=100", "event-metrics", "dispatches"]) {
    const took = await repeated(rounds, async () => {
      const startedMs = performance.now();
      const response = await fetch(new URL(`api/${path}`, url), {
        headers: { authorization: `Bearer ${key}` },
      });
      await response.text();
      if (!response.ok) throw new Error(`${path} was refused`);
      return performance.now() - startedMs;
    });
    figures.push(
      figure(`/api/${path}`, `${ms(median(took))}, the first ${ms(took[0] ?? Number.NaN)}`, "", null),
    );
  }
  return figures;
}

/**
 * In a page of its own, so that nothing of the one before is there; until its figures stand in it, as it has marked that
 * itself: nothing is put into it for the measuring, and nobody asks it before it is done.
 */
async function firstView(context: BrowserContext, link: string): Promise<number> {
  const page = await context.newPage();
  await page.goto(link);
  await page.waitForTimeout(quietMs);
  const tookMs = await waitFor("the first view", async () =>
    Number(await page.evaluate('performance.getEntriesByName("ctm first view")[0]?.startTime ?? 0')),
  );
  const hasFigures = await page.evaluate("document.querySelector('main section table') !== null");
  if (hasFigures !== true) throw new Error("the first view has no figures");
  await page.close();
  return tookMs;
}

/** What the browser takes for a page of its own in which nothing is to be done. */
async function emptyPage(context: BrowserContext, address: string): Promise<number> {
  const page = await context.newPage();
  await page.goto(address);
  const tookMs = Number(await page.evaluate('performance.getEntriesByType("navigation")[0].domComplete'));
  await page.close();
  return tookMs;
}

/** Goes to a view, and from when to when that took by the page's own clock. */
async function goTo(page: Page, told: Told, view: string): Promise<number> {
  const shown = told.next(view);
  const from = Number(await page.evaluate(`(location.hash = "#/${view}", performance.now())`));
  return (await shown) - from;
}

async function viewTimes(page: Page, told: Told): Promise<Figure[]> {
  const took = new Map<string, number[]>();
  for (let round = 0; round < 3; round += 1)
    for (const view of [...VIEWS.slice(1), "fleet"])
      took.set(view, [...(took.get(view) ?? []), await goTo(page, told, view)]);
  return VIEWS.slice(1).map((view) => {
    const viewMs = median(took.get(view) ?? []);
    return figure(
      `the view ${view}, from a click to figures`,
      ms(viewMs),
      "below 200 ms",
      viewMs < firstGoalMs,
    );
  });
}

async function newsTimes(page: Page, told: Told, { url, act }: Manager): Promise<number[]> {
  await goTo(page, told, "events");
  const headers = { authorization: `Bearer ${act}`, "content-type": "application/json" };
  const took: number[] = [];
  for (let n = 0; n < news; n += 1) {
    const shown = told.next(`news-${n}x`);
    const startedMs = Date.now();
    const body = JSON.stringify({ text: `news-${n}x`, hold: "for later" });
    const { ok } = await fetch(`${url}api/tasks`, { method: "POST", headers, body });
    if (!ok) throw new Error("the task was not taken");
    took.push((await shown) - startedMs);
  }
  return took;
}

/** As fast as a wheel that does not stop; further pages are fetched meanwhile. */
async function scrollFrames(page: Page, told: Told): Promise<number[]> {
  await goTo(page, told, "tasks");
  return (await page.evaluate(`new Promise((done) => {
    const rows = document.getElementById("rows");
    const frames = [];
    let last = null;
    const step = (atMs) => {
      if (last !== null) frames.push(atMs - last);
      last = atMs;
      rows.scrollTop += ${scrolledPxAFrame};
      if (rows.scrollTop < ${scrolledRows} * 36) requestAnimationFrame(step);
      else done(frames);
    };
    requestAnimationFrame(step);
  })`)) as number[];
}

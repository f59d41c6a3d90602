/** A copy of the pages as one file, opened from the disk in a real browser: with its data, and with nobody to call. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openApp, type App } from "../../src/app.ts";
import { exportPages } from "../../src/cli/export-pages.ts";
import type { PagesExported } from "../../src/commands/command.ts";
import { loadConfig, type Config } from "../../src/config.ts";
import { dashboardKeys } from "../../src/dashboard-file.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { browserProgram, launchBrowser, openPage, seriousFindings } from "../support/browser.ts";
import { draftOf } from "../support/drafts.ts";
import { plantedSecrets, secretsOf } from "../support/planted-secrets.ts";
import { fillSpent } from "../support/spent-history.ts";
import { waitFor } from "../support/wait-for.ts";

const HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>";
const SECRETS = plantedSecrets("x7");
const dayMs = 86_400_000;

const folder = mkdtempSync(join(tmpdir(), "ctm-copy-"));
let config: Config;
let copy: PagesExported;
let browser: Browser | null = null;
let missing = "";

beforeAll(async () => {
  const program = await browserProgram();
  if ("missing" in program) missing = program.missing;
  else browser = await launchBrowser(program.path);
  const env = { HOME: folder, TZ: "UTC" };
  config = await loadConfig({ env, cwd: folder, overrides: { stateDir: join(folder, "state") } });
  const app = await openApp(config, "offline");
  fill(app);
  await app.close({ workers: "leave" });
  dashboardKeys(config.paths.dashboardFile);
  copy = await exportPages(join(folder, "copy"), config);
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** More tasks than a copy holds of one list, some of them worked on; foreign texts and keys among them. */
function fill(app: App): void {
  const ledger = Ledger.open(app.config.paths.ledgerFile);
  const nowMs = Date.now();
  const history = { tasks: 60, responses: 2, mixed: true, members: [], seed: 4 };
  fillSpent(ledger, { ...history, fromMs: nowMs - 3 * dayMs, toMs: nowMs });
  // Kept at each booking; the history is written below that.
  ledger.database.exec(
    `INSERT INTO spend_total SELECT worker, model, coalesce(type, 'coding'), source, sum(input), sum(cache_read),
       sum(cache_write_5m), sum(output), sum(booked_tokens), coalesce(sum(cost_nano), 0), 0
     FROM usage WHERE model IS NOT NULL GROUP BY 1, 2, 3, 4`,
  );
  ledger.close();
  app.submitMany(
    Array.from({ length: 520 }, (_, at) => draftOf(`Bulk ${at}`, { cwd: folder, holdReason: "later" })),
  );
  app.submit(draftOf(HOSTILE, { cwd: folder }));
  const sent = { source: null, id: null, subject: null, priority: null, target: null, key: null };
  app.events.send({ ...sent, type: "deploy.stage", data: { note: HOSTILE } });
  app.rounds.start({ name: "week1", workspace: null, phase: "Phase 1", notes: null }, []);
  for (const { form } of SECRETS) app.submit(draftOf(`Look at ${form}`, { cwd: folder, holdReason: "keys" }));
}

const goTo = (page: Page, view: string): Promise<void> =>
  page.evaluate(`location.hash = ${JSON.stringify(`#/${view}`)}`);

it("shows each view from the file alone, says that it is a copy, and lets nothing be done", async (context) => {
  if (browser === null) return context.skip(`no browser: ${missing}`);
  const { page, complaints } = await openPage(browser, pathToFileURL(copy.file).href);
  await page
    .getByText(
      /This is a copy, written on \d+ \w+ \d{4} .* It is not live.* the newest 500 tasks of each list/,
    )
    .waitFor();
  const VIEWS = [
    ["fleet", "Budget remaining"],
    ["throttle", "global"],
    ["tasks", "Older ones are not in this copy."],
    ["tasks?state=queued", HOSTILE],
    ["metrics", "claude-sonnet"],
    ["spend", "claude-sonnet"],
    ["spend?step=weekly", "claude-sonnet"],
    ["events", "deploy.stage"],
    ["dispatches", "week1"],
  ] as const;
  for (const [view, words] of VIEWS) {
    await goTo(page, view);
    await page.getByText(words).first().waitFor();
    // What the views have in common with the live ones is looked at there.
    if (view === "fleet" || view === "tasks") expect([view, await seriousFindings(page)]).toEqual([view, []]);
  }
  await goTo(page, "tasks?state=queued");
  await page.getByRole("row", { name: HOSTILE }).getByRole("link").first().click();
  await page.getByRole("heading", { name: "Estimate and actual" }).waitFor();
  expect(await page.locator("pre.words").first().textContent()).toBe(HOSTILE);
  expect(await page.getByRole("button").allTextContents()).toEqual(["◐", "?"]);
  await goTo(page, "event/1");
  await page
    .getByText("No trigger is for events of this type.")
    .or(page.getByText("no trigger"))
    .first()
    .waitFor();
  await page.getByText("<img src=x").waitFor();
  await goTo(page, "task/1");
  await page.getByText("This is not part of the copy.").waitFor();
  await waitFor(
    "all it would ask for",
    async () => (await page.evaluate("document.readyState")) === "complete",
  );
  expect(complaints).toEqual([]);
});

it("holds no keys: neither those of the dashboard nor any in a text", () => {
  const text = readFileSync(copy.file, "utf8");
  expect(text).toContain("Look at [redacted");
  const { act, read } = dashboardKeys(config.paths.dashboardFile);
  for (const secret of [act, read, ...secretsOf(SECRETS)]) expect(text).not.toContain(secret);
});

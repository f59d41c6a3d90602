/** The dashboard in a real browser, of a real manager with rehearsal workers: each view with data, live, by keyboard. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it, type TestContext } from "vitest";
import { openApp } from "../../src/app.ts";
import { loadConfig } from "../../src/config.ts";
import type { TaskDraft } from "../../src/tasks/task.ts";
import { browserProgram, launchBrowser, openPage, seriousFindings } from "../support/browser.ts";
import { MARKUP } from "../support/markup-payloads.ts";
import { Product, type ManagerProcess } from "../support/product.ts";
import { waitFor } from "../support/wait-for.ts";

const VIEWS = [
  "fleet",
  "throttle",
  "tasks",
  "task/1202",
  "metrics",
  "spend",
  "spend?step=weekly",
  "events",
  "event/1",
  "dispatches",
];
/** A task each of the first, which lists show; the rest in a few. */
const listedAlone = 7;
const PAYLOADS = [...MARKUP.slice(0, listedAlone), ...packed(MARKUP.slice(listedAlone), 25)];

let product: Product;
let browser: Browser | null = null;
let manager: ManagerProcess;
let missing = "";
let links: { readonly link: string; readonly readLink: string };

beforeAll(async () => {
  const program = await browserProgram();
  if ("missing" in program) {
    missing = program.missing;
    return;
  }
  product = new Product({ dashboard: true, workers: 2 });
  await queueMany(product);
  [browser, manager] = await Promise.all([launchBrowser(program.path), product.serve()]);
  links = await product.json(["dashboard"]);
  const { task: first } = await product.tell(
    "Refactor the parser [[in:21000]] [[out:640]] [[say:It is done.]]",
  );
  await product.until(first.id);
  const { task: asking } = await product.tell("Clean up [[ask:May I drop the table? (y/n)]]");
  await product.until(asking.id, "needs-input");
  await product.tell("Held back", { hold: "waits for the design" });
  for (const text of PAYLOADS) await product.tell(text, { hold: text.split("\n", 1)[0]?.slice(0, 60) });
});
afterAll(async () => {
  await browser?.close();
  if (missing === "") {
    await manager.stop();
    await product.end();
  }
});

/** So many lines a text. */
function packed(lines: readonly string[], each: number): string[] {
  return Array.from({ length: Math.ceil(lines.length / each) }, (_, at) =>
    lines.slice(at * each, (at + 1) * each).join("\n"),
  );
}

/** More tasks than the page ever holds rows, and than one page of them. */
async function queueMany({ state, work, env }: Product): Promise<void> {
  const config = await loadConfig({ overrides: { stateDir: state }, env, cwd: work });
  const app = await openApp(config, "offline");
  const none = { type: null, model: null, agent: null, worker: null, as: null, key: null, cap: null };
  const draft = (text: string): TaskDraft => ({
    ...{
      ...none,
      text,
      priority: "low",
      cwd: work,
      holdReason: "for later",
      retryLost: false,
      origin: "test",
    },
  });
  app.submitMany(
    ["The oldest of them", ...Array.from({ length: 1_200 }, (_, at) => `Bulk ${at}`)].map(draft),
  );
  app.rounds.start({ name: "week1", workspace: null, phase: "Phase 1", notes: null }, [draft("In a round")]);
  app.events.send({
    ...{ type: "deploy.stage", data: { stage: "canary" }, source: null, id: null, subject: null },
    ...{ priority: null, target: null, key: null },
  });
  await app.close({ workers: "leave" });
}

function needed(context: TestContext): Browser {
  if (browser === null) context.skip(`no browser: ${missing}`);
  return browser;
}

const nav = (page: Page, title: string) =>
  page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: title });

const OPTIONS = [
  { name: "wide and light", viewport: { width: 1280, height: 860 }, colorScheme: "light" },
  { name: "narrow and dark", viewport: { width: 390, height: 800 }, colorScheme: "dark" },
] as const;

it.for(OPTIONS)(
  "shows each view with its data, $name: nothing is wrong with it",
  async ({ viewport, colorScheme }, context) => {
    const { page, complaints } = await openPage(needed(context), links.link, { viewport, colorScheme });
    for (const view of VIEWS) {
      await page.evaluate(`location.hash = ${JSON.stringify(`#/${view}`)}`);
      const title = view.split(/[/?]/)[0] ?? "";
      await waitFor(`the view ${view}`, async () => (await page.title()).toLowerCase().startsWith(title));
      expect([view, await seriousFindings(page)]).toEqual([view, []]);
      const overflows = "document.documentElement.scrollWidth > document.documentElement.clientWidth";
      expect([view, await page.evaluate(overflows)]).toEqual([view, false]);
    }
    expect(complaints).toEqual([]);
    await page.context().close();
  },
);

it("shows what is so, as it becomes so", async (context) => {
  const { page, complaints } = await openPage(needed(context), links.link);
  await page
    .getByRole("row", { name: /concurrent_worker1/ })
    .getByText("21,640")
    .first()
    .waitFor();
  await page.getByText("Efficiency").waitFor();
  expect(page.url()).not.toContain("key");
  await nav(page, "Tasks").click();
  const { task } = await product.tell("Told while you look", { hold: "later" });
  await page
    .getByRole("row", { name: /Told while you look/ })
    .getByText("held")
    .first()
    .waitFor();
  await page.getByRole("link", { name: `#${task.id}`, exact: true }).click();
  await page.getByRole("heading", { name: `Task #${task.id}` }).waitFor();
  await page.getByRole("button", { name: "Release" }).click();
  await page.getByText("completed").first().waitFor();
  await page.evaluate('location.hash = "#/event/1"');
  await page.getByText('"stage": "canary"').waitFor();
  await page.getByRole("button", { name: "What would it come to now?" }).click();
  await page.getByRole("dialog").getByText("Nothing was sent.").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Take it again" }).click();
  await page.getByRole("link", { name: "All events" }).click();
  await page.getByRole("row", { name: /^2 .*filtered.*deploy\.stage/ }).waitFor();
  await page.getByRole("button", { name: "Pause messages" }).click();
  await page.getByRole("button", { name: "Resume messages" }).waitFor();
  await nav(page, "Dispatches").click();
  await page
    .getByRole("row", { name: /week1.*0 \(no LLM coordinator\)/ })
    .first()
    .waitFor();
  // A laptop that sleeps and wakes.
  await page.context().setOffline(true);
  await nav(page, "Events").click();
  await product.tell("Told while it slept", { hold: "later" });
  await page.getByRole("status").getByText("the manager does not answer").waitFor();
  await page.context().setOffline(false);
  await page.getByText("Told while it slept").waitFor();
  await page.getByRole("status").getByText("Live").waitFor();
  expect(complaints.filter((one) => !one.includes("ERR_INTERNET_DISCONNECTED"))).toEqual([]);
  await page.context().close();
});

it("asks for its first view in one question, and comes back with its key and its colours", async (context) => {
  const { page, complaints } = await openPage(needed(context), links.link);
  const askedFirst = `(() => {
    const shown = performance.getEntriesByName("ctm first view")[0].startTime;
    return performance.getEntriesByType("resource")
      .filter(({ name, startTime }) => name.includes("/api/") && startTime < shown)
      .map(({ name }) => new URL(name).pathname);
  })()`;
  await page.getByRole("table", { name: "Agents" }).waitFor();
  expect(await page.evaluate(askedFirst)).toEqual(["/api/opening"]);
  await page.getByRole("status").getByText("Live").waitFor();
  await page.getByRole("button", { name: "Light or dark" }).click();
  const theme = await page.evaluate("document.documentElement.dataset.theme");
  expect(theme).toEqual(expect.toBeOneOf(["light", "dark"]));
  const again = await page.context().newPage();
  await again.goto(links.link.replace(/#.*/, ""));
  await again.getByRole("table", { name: "Agents" }).waitFor();
  expect(await again.evaluate("document.documentElement.dataset.theme")).toBe(theme);
  expect(await again.evaluate(askedFirst)).toEqual(["/api/opening"]);
  expect(complaints).toEqual([]);
  await page.context().close();
});

it("works where the browser keeps nothing for it", async (context) => {
  const visitor = await needed(context).newContext();
  await visitor.addInitScript(
    'Object.defineProperty(window, "localStorage", { get() { throw new DOMException("no", "SecurityError"); } });',
  );
  const page = await visitor.newPage();
  const errors: string[] = [];
  page.on("pageerror", ({ message }) => errors.push(message));
  await page.goto(links.link);
  await page.getByRole("table", { name: "Agents" }).waitFor();
  await page.getByRole("button", { name: "Light or dark" }).click();
  await page.getByRole("status").getByText("Live").waitFor();
  await page.goto(links.link.replace(/#.*/, "?v="));
  await page.getByRole("heading", { name: "A key is needed" }).waitFor();
  expect(errors).toEqual([]);
  await visitor.close();
});

it("is used by keyboard alone, and does what the prompt does", async (context) => {
  const { page, complaints } = await openPage(needed(context), links.link);
  await page.keyboard.press("2");
  await page.getByRole("table", { name: "Limits" }).waitFor();
  await page.keyboard.press("1");
  await page.getByRole("textbox", { name: /Answer to/ }).focus();
  await page.keyboard.type("y");
  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: "Waiting for you" }).waitFor({ state: "detached" });
  await page.keyboard.press("n");
  await page.keyboard.type("Written by hand [[delay:600000]]");
  await page.keyboard.press("Tab");
  // A letter that comes before the list has its focus is lost.
  const priority = page.getByRole("combobox", { name: "Priority" });
  await waitFor("the priority", async () => {
    await page.keyboard.press("h");
    return (await priority.inputValue()) === "high";
  });
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page.keyboard.press("/");
  const written = page.getByRole("row", { name: /Written by hand/ });
  await written.waitFor();
  await written.getByText("high").waitFor();
  await written.getByRole("link").focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Cancel" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: /Task/ }).locator("..").getByText("cancelled").waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog").getByText("add a task").waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("2");
  await page.getByRole("button", { name: "Raise global cost/hour" }).click();
  await page.getByRole("textbox", { name: /^To/ }).fill("nonsense");
  await page.getByRole("textbox", { name: /^Reason/ }).fill("release day");
  await page.getByRole("dialog").getByRole("button", { name: "Raise" }).click();
  // What the manager refuses is said where it was asked.
  await page
    .getByRole("alert")
    .getByText(/nonsense/)
    .waitFor();
  await page.getByRole("textbox", { name: /^To/ }).fill("10");
  await page.getByRole("dialog").getByRole("button", { name: "Raise" }).click();
  await page.getByText(/raised until .*release day/).waitFor();
  expect(complaints.filter((one) => !one.includes("400 (Bad Request)"))).toEqual([]);
  await page.context().close();
});

it("A31: shows hostile texts as texts, and nothing of them as markup", async (context) => {
  const { page, complaints } = await openPage(needed(context), links.link);
  await nav(page, "Tasks").click();
  for (const text of PAYLOADS.slice(0, listedAlone)) await page.getByText(text).first().waitFor();
  const listed = (await product.tasks()).filter(({ draft }) => PAYLOADS.includes(draft.text));
  expect(listed).toHaveLength(PAYLOADS.length);
  for (const { id, draft } of listed) {
    await page.evaluate(`location.hash = "#/task/${id}"`);
    await page.getByRole("heading", { name: `Task #${id}` }).waitFor();
    expect(await page.locator("pre.words").first().textContent()).toBe(draft.text);
  }
  await nav(page, "Events").click();
  await page
    .getByText(PAYLOADS[0] ?? "")
    .first()
    .waitFor();
  expect(await page.locator("main :is(img, script, iframe, style, object, embed)").count()).toBe(0);
  expect(await page.locator('main a:not([href^="#/"])').count()).toBe(0);
  expect(complaints).toEqual([]);
  await page.context().close();
});

it("lets the holder of the reading link look and do nothing, and strangers not even look", async (context) => {
  const { page, complaints } = await openPage(needed(context), links.readLink);
  await page.getByText("Live, for looking only").waitFor();
  await nav(page, "Throttle").click();
  await page.getByRole("table", { name: "Limits" }).waitFor();
  expect(await page.getByRole("button", { name: /Raise|Add task|Answer/ }).count()).toBe(0);
  expect(complaints).toEqual([]);
  await page.context().close();
  const stranger = await openPage(needed(context), links.link.replace(/#.*/, ""));
  await stranger.page.getByRole("heading", { name: "A key is needed" }).waitFor();
  expect(await stranger.page.locator("main table").count()).toBe(0);
  await stranger.page.context().close();
});

it("scrolls through thousands of tasks with few of them in the page", async (context) => {
  const wanted = needed(context);
  const { page, complaints } = await openPage(wanted, links.link);
  await page.keyboard.press("3");
  const rows = page.locator("#rows");
  await rows.getByRole("row").first().waitFor();
  await waitFor("the oldest task", async () => {
    expect(await rows.getByRole("row").count()).toBeLessThan(80);
    await rows.hover();
    await page.mouse.wheel(0, 3_000);
    return (await page.getByText("The oldest of them").count()) > 0;
  }).catch(async (error: unknown) => {
    throw new Error(`${String(error)}: ${(await rows.innerText()).slice(0, 600)}`);
  });
  expect(complaints).toEqual([]);
  await page.context().close();
});

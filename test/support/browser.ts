/** A real browser for the tests of the pages; what goes wrong in a page is kept, and asked for at the end of each test. */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { waitFor } from "./wait-for.ts";

const root = new URL("../..", import.meta.url).pathname;
const MARK = join(root, "node_modules", ".cache", "ctm-browser");
const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The browser's program; a sentence instead where there is none. Waits for an installation that is under way. */
export async function browserProgram(): Promise<{ readonly path: string } | { readonly missing: string }> {
  const found = whereIs();
  if (found !== null) return { path: found };
  if (!existsSync(MARK))
    spawn("sh", [join(root, "scripts/setup-browser.sh"), MARK], { stdio: "ignore" }).unref();
  const words = await waitFor(
    "the browser to be installed",
    () => existsSync(MARK) && readFileSync(MARK, "utf8"),
    180_000,
  ).catch(String);
  const installed = whereIs();
  rmSync(MARK, { force: true });
  return installed === null ? { missing: words.trim() } : { path: installed };
}

function whereIs(): string | null {
  for (const name of NAMES) {
    try {
      return execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
    } catch {
      // The next one.
    }
  }
  return null;
}

export function launchBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"], timeout: 120_000 });
}

/** A page whose complaints are kept. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors, warnings, refusals of its policy, calls to other hosts, dialogs that a script opened. */
  readonly complaints: readonly string[];
}

export async function openPage(
  browser: Browser,
  link: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const complaints: string[] = [];
  const { host } = new URL(link);
  page.on("console", (said) => {
    if (["error", "warning"].includes(said.type())) complaints.push(`console: ${said.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.host !== host && !["data:", "blob:"].includes(url.protocol)) complaints.push(`calls ${url.href}`);
  });
  await page.goto(link);
  await page.locator("main > *").first().waitFor();
  return { page, complaints };
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string | null;
    readonly nodes: readonly { readonly target: readonly string[] }[];
  }[];
}

/** What a checker of accessibility finds serious, one line each. */
export async function seriousFindings(page: Page): Promise<string[]> {
  await page.evaluate(`if (!window.axe) { ${AXE} }`);
  const { violations } = (await page.evaluate(
    "axe.run(document, { resultTypes: ['violations'] })",
  )) as AxeResult;
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .map(({ target }) => target.join(" "))
          .slice(0, 3)
          .join(" | ")}`,
    );
}

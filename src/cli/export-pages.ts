/** `dashboard export`: the pages as files. What the manager that runs answers, or the ledger where none does. */
import { openApp } from "../app.ts";
import type { PagesExported } from "../commands/command.ts";
import { dashboardThatAnswers } from "../commands/dashboard.ts";
import { localHost } from "../commands/host.ts";
import type { Config } from "../config.ts";
import { checkExportFolder, writeExport } from "../export-folder.ts";
import type { ExportedPages } from "../reports/page-questions.ts";
import { askManager } from "../server/asked-manager.ts";
import { exportPage } from "../server/export-page.ts";
import { Live } from "../server/live.ts";
import { askRoutes, pageAnswers } from "../server/page-answers.ts";
import { pageFile } from "../server/page-routes.ts";
import { allRoutes } from "../server/routes.ts";
import { VERSION } from "./version.ts";

/** Throws CtmError `refused` for a folder with other things in it, `io`, `ledger`. */
export async function exportPages(folder: string, config: Config): Promise<PagesExported> {
  checkExportFolder(folder);
  const running = await dashboardThatAnswers(config.paths.dashboardFile);
  const from = running === null ? "ledger" : "manager";
  const asked = running === null ? await ledgersAnswers(config) : await pageAnswers(askManager(running));
  const exported: ExportedPages = {
    ...{ writtenAtMs: Date.now(), version: VERSION, timeZone: config.throttle.timeZone, from },
    ...asked,
  };
  const file = (name: string): string => pageFile(name).toString("utf8");
  const html = exportPage(
    {
      ...{ html: file("index.html"), script: file("app.js"), charts: file("chart.js") },
      ...{ style: file("app.css"), icon: file("icon.svg") },
    },
    exported,
  );
  return { file: writeExport(folder, html), bytes: Buffer.byteLength(html), stories: asked.stories, from };
}

/** Opened as for every command with no manager running: it reads and moves nothing. */
async function ledgersAnswers(config: Config): Promise<Pick<ExportedPages, "answers" | "stories">> {
  const app = await openApp(config, "offline");
  const live = new Live(app, "export");
  const server = (): never => {
    throw new Error("nothing is served");
  };
  try {
    return await pageAnswers(
      askRoutes(allRoutes({ app, host: localHost(app), live, version: VERSION, mcp: [], server })),
    );
  } finally {
    live.close();
    await app.close({ workers: "leave" });
  }
}

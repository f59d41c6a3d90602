/** The dashboard beside a prompt or `ctm serve`: begun with the manager, and never what keeps it from working. */
import { CtmError } from "../base/errors.ts";
import type { Dashboard } from "../server/dashboard.ts";
import type { Settings } from "./arguments.ts";
import type { Manager } from "./reach.ts";
import { VERSION } from "./version.ts";

export interface DashboardBeside {
  /** What is told at the start, a sentence each. */
  readonly lines: readonly string[];
  close(): Promise<void>;
}

const NONE: DashboardBeside = { lines: [], close: () => Promise.resolve() };

/** Opens it unless it is not wished for. What keeps it from opening is told, and the manager goes on. */
export async function dashboardBeside(manager: Manager, settings: Settings): Promise<DashboardBeside> {
  const { app, host } = manager;
  if (settings.dashboard === false || !app.config.dashboard.enabled) return NONE;
  const { openDashboard } = await import("../server/dashboard.ts");
  try {
    const dashboard = await openDashboard({ app, host, version: VERSION });
    return { lines: linesOf(dashboard), close: () => dashboard.close() };
  } catch (error) {
    if (!(error instanceof CtmError)) throw error;
    return {
      lines: [`No dashboard: ${error.message}. ${error.details.join(" ")}`.trim()],
      close: NONE.close,
    };
  }
}

function linesOf({ url, notices }: Dashboard): string[] {
  return [
    `Dashboard: ${url} (\`dashboard\` shows the link with its key)`,
    ...notices.map((notice) => `! ${notice}`),
  ];
}

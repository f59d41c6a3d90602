/** `dashboard`: the link to the pages of the manager that runs, with the key in it. */
import * as z from "zod";
import { CtmError } from "../base/errors.ts";
import { readDashboardFile, type DashboardFacts } from "../dashboard-file.ts";
import { defineCommand } from "./command.ts";

const schema = z.strictObject({});

export interface DashboardLinks {
  readonly url: string;
  /** With the key that lets its holder do everything. */
  readonly link: string;
  /** With the key that lets its holder look. */
  readonly readLink: string;
}

/** How long the manager may take to say that it is there. */
const answerWithinMs = 3_000;

export const dashboard = defineCommand<z.output<typeof schema>, DashboardLinks>({
  name: "dashboard",
  group: "Program",
  summary: "Show the link to the pages of the manager that runs",
  examples: ["dashboard"],
  notes: [
    "Who has the first link can do what you can do here; the second is for looking, e.g. on a wall. The key stands behind",
    "the #, which no browser sends on. Both stop working when dashboard.json in the state folder is removed and the",
    "manager started anew.",
  ],
  needs: "nothing",
  schema,
  runAlone: async (_input, caller) => linksOf((await caller.config()).paths.dashboardFile),
  // Never cut: a link that is not whole leads nowhere.
  render: ({ link, readLink }) => ["For you:", `  ${link}`, "For looking only:", `  ${readLink}`],
});

async function linksOf(file: string): Promise<DashboardLinks> {
  const facts = await dashboardThatAnswers(file);
  if (facts === null) {
    throw new CtmError("no-manager", "no dashboard is to be had: no manager serves one", [
      "Start one with `ctm` or `ctm serve`, without --no-dashboard and with dashboard.enabled.",
    ]);
  }
  const { url, act, read } = facts;
  return { url, link: `${url}#key=${act}`, readLink: `${url}#key=${read}` };
}

/** Where the manager that runs serves its pages, and their keys; null: nobody answers there. */
export async function dashboardThatAnswers(
  file: string,
): Promise<(DashboardFacts & { readonly url: string }) | null> {
  const facts = readDashboardFile(file);
  if (facts === null || facts.url === null || !(await answers(facts.url))) return null;
  return { ...facts, url: facts.url };
}

/** Is somebody there? A manager that was killed has left its address behind. */
async function answers(url: string): Promise<boolean> {
  try {
    const { status } = await fetch(new URL("healthz", url), { signal: AbortSignal.timeout(answerWithinMs) });
    return status === 200 || status === 503;
  } catch {
    return false;
  }
}

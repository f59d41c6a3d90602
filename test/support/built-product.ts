/** Where the built product lies. `npm test` builds it anew; a run of single tests takes what is there. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const root = new URL("../..", import.meta.url).pathname;

/** The folder with ctm.cjs and rehearsal-agent.js. CTM_TEST_DIST: another build of it. */
export function productFolder(): string {
  return process.env["CTM_TEST_DIST"] ?? join(root, "dist");
}

/** Called once a run, before the first test. */
export function setup(): void {
  if (existsSync(join(productFolder(), "ctm.cjs"))) return;
  execFileSync(process.execPath, [join(root, "scripts/build.mjs"), "--quiet"], { stdio: "inherit" });
}

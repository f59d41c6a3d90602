#!/usr/bin/env node
/** The bin. Everything but the version is loaded only when it is needed, so that `ctm --version` starts fast. */
import { VERSION } from "./version.ts";

const words = process.argv.slice(2);

// A reader that goes away (`ctm tasks | head`) is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

if (words.length === 1 && (words[0] === "--version" || words[0] === "-V")) {
  console.log(`ctm ${VERSION}`);
} else {
  process.exit((await runUsageAlone()) ?? (await runAnything()));
}

async function runUsageAlone(): Promise<number | null> {
  if (!words.includes("usage")) return null;
  const { runUsage } = await import("./usage-program.ts");
  return runUsage(words);
}

async function runAnything(): Promise<number> {
  const { runProgram } = await import("./program.ts");
  return runProgram(words);
}

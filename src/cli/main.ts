#!/usr/bin/env node
/**
 * The bin, in one small file. Everything but the version is loaded only when it is needed, so that `ctm --version` starts
 * fast.
 */
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
  void run();
}

async function run(): Promise<void> {
  await leave((await runUsageAlone()) ?? (await runAnything()));
}

/** Ends when all is written: a pipe takes 64 KiB at once, and what its reader has not fetched by then would be lost. */
async function leave(code: number): Promise<never> {
  // Whom it would tell has gone away.
  process.stderr.on("error", () => process.exit(code));
  for (const stream of [process.stdout, process.stderr])
    if (stream.writableLength > 0) await new Promise((resolve) => stream.write("", resolve));
  process.exit(code);
}

async function runUsageAlone(): Promise<number | null> {
  if (!words.includes("usage")) return null;
  const { recalledUsage } = await import("./usage-recall.ts");
  const answer = recalledUsage(words);
  if (answer !== null) {
    process.stdout.write(answer);
    return 0;
  }
  const { readersAhead } = await import("./usage-readers.ts");
  const readers = readersAhead(words) ?? undefined;
  const { loadProgram } = await import("./load-program.ts");
  const { runUsage } = loadProgram("usage-program");
  const code = await runUsage(words, readers);
  if (code === null) readers?.close();
  return code;
}

async function runAnything(): Promise<number> {
  const { loadProgram } = await import("./load-program.ts");
  const { runProgram } = loadProgram("program");
  return runProgram(words);
}

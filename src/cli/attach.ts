/** Puts the person into a worker's terminal, by a process of its own that ends when they come back. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { AttachTarget } from "../app.ts";
import { CtmError } from "../base/errors.ts";
import { faultPoint } from "../faults/fault-point.ts";

const HAND_OVER = faultPoint("attach.spawn");

/** Resolves with the exit code of that process once the person is back. Nothing else may use the terminal meanwhile. */
export function attachTo(target: AttachTarget): Promise<number> {
  // Beside this file in both shapes: bundled (.js) and as source (.ts), which needs the same loader.
  const beside = import.meta.url.endsWith(".ts") ? "./attach-host.ts" : "./attach-host.js";
  const program = fileURLToPath(new URL(beside, import.meta.url));
  const args = [...process.execArgv, program, target.tmuxSocket, target.session];
  return new Promise((resolve, reject) => {
    // Ctrl+C belongs to the worker's terminal now.
    const ignore = (): void => undefined;
    process.on("SIGINT", ignore);
    const child = HAND_OVER.pass(() => spawn(process.execPath, args, { stdio: "inherit" }));
    child.once("error", (error) => {
      process.off("SIGINT", ignore);
      reject(
        new CtmError("io", `the terminal cannot be handed over: ${error.message}`, [], { cause: error }),
      );
    });
    child.once("exit", (code) => {
      process.off("SIGINT", ignore);
      resolve(code ?? 0);
    });
  });
}

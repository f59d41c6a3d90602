/** Breaks this process on purpose, for tests of the product: see `faults/`. Loads all there is, so that all points are known. */
import "../opening.ts";
import { requirePoint } from "../faults/fault-order.ts";
import { armFaults, countPassings, faultPoints, type FaultOrder } from "../faults/fault-point.ts";
import "../redis/open-redis.ts";
import "./batch.ts";
import "./interactive.ts";
import "./mending.ts";
import "./run-command.ts";
import type { Terminal } from "./terminal.ts";

/** Arms the faults, or lists the points. True: that was all. Throws CtmError `usage` for a point that is not there. */
export function takeFault(wish: readonly FaultOrder[] | "list" | "count", terminal: Terminal): boolean {
  const points = faultPoints();
  if (wish === "list") {
    if (terminal.json) terminal.printJson(points);
    else terminal.print(points);
    return true;
  }
  if (wish === "count") {
    const counts = countPassings();
    process.on("exit", () => terminal.note(`Passings: ${JSON.stringify(Object.fromEntries(counts))}`));
    return false;
  }
  for (const order of wish) requirePoint(order, points);
  armFaults(wish);
  return false;
}

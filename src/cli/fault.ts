/** Breaks this process on purpose, for tests of the product: see `faults/`. Loads all there is, so that all points are known. */
import "../opening.ts";
import { requirePoint } from "../faults/fault-order.ts";
import { armFault, faultPoints, type FaultOrder } from "../faults/fault-point.ts";
import "./batch.ts";
import "./interactive.ts";
import "./run-command.ts";
import type { Terminal } from "./terminal.ts";

/** Arms the fault, or lists the points. True: that was all. Throws CtmError `usage` for a point that is not there. */
export function takeFault(wish: FaultOrder | "list", terminal: Terminal): boolean {
  const points = faultPoints();
  if (wish === "list") {
    if (terminal.json) terminal.printJson(points);
    else terminal.print(points);
    return true;
  }
  requirePoint(wish, points);
  armFault(wish);
  return false;
}

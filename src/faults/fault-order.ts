/** How faults are ordered in words: `point:action:n`, as in `typed.commit:exit:1`, several with commas between. */
import { CtmError } from "../base/errors.ts";
import { nearest } from "../base/suggest.ts";
import { FAULT_ACTIONS, type FaultOrder } from "./fault-point.ts";

/** Throws CtmError `usage` for what is no list of orders. */
export function parseFaultOrders(text: string): FaultOrder[] {
  return text.split(",").map(parseFaultOrder);
}

/** Throws CtmError `usage` when there is no such point. */
export function requirePoint(order: FaultOrder, points: readonly string[]): void {
  if (points.includes(order.point)) return;
  const near = nearest(order.point, points);
  throw new CtmError(
    "usage",
    `there is no fault point ${order.point}`,
    near === null ? [] : [`Did you mean ${near}?`],
  );
}

/** Throws CtmError `usage` for what is no order. Without n the first passing is meant, without action `exit`. */
function parseFaultOrder(text: string): FaultOrder {
  const [point = "", action = "exit", nth = "1", ...more] = text.split(":");
  const known = FAULT_ACTIONS.find((candidate) => candidate === action);
  if (point === "" || more.length > 0 || known === undefined || !/^[1-9]\d{0,8}$/.test(nth)) {
    throw new CtmError("usage", "a fault is point:action:n", [
      `Actions: ${FAULT_ACTIONS.join(", ")}; n counts passings from 1.`,
    ]);
  }
  return { point, action: known, nth: Number(nth) };
}

/** A bar of a share: floored, so that full means 100 % or more. What is held has a mark of its own. */
import type { Paper } from "./paper.ts";

/** `[███▒░░]` of `inner` cells between the brackets. A limit of 0 is full, no limit (null) is empty. */
export function bar(used: number, held: number, limit: number | null, inner: number, paper: Paper): string {
  const cells = Math.max(0, inner);
  const usedCells = filledCells(used, limit, cells);
  const heldCells = filledCells(used + held, limit, cells) - usedCells;
  const [full, part, empty] = paper.unicode ? ["█", "▒", "░"] : ["#", "+", "-"];
  return `[${full.repeat(usedCells)}${part.repeat(heldCells)}${empty.repeat(cells - usedCells - heldCells)}]`;
}

function filledCells(amount: number, limit: number | null, cells: number): number {
  if (limit === null) return 0;
  if (limit <= 0 || amount >= limit) return cells;
  return Math.max(0, Math.min(cells - 1, Math.floor((amount / limit) * cells)));
}

import type { Paper } from "../../src/reports/paper.ts";

/** A pipe of 80 columns. */
export const wide80: Paper = { columns: 80, colour: false, unicode: false, nowMs: 0, timeZone: "UTC" };

/**
 * What draws charts, fetched when the first one is drawn: it is half of all script of the pages, and most views have none.
 * A copy in a file has it in itself.
 */
import type * as Charts from "./chart.ts";

declare global {
  // Where the script of its own leaves what it exports.
  var ctmCharts: typeof Charts | undefined;
}

let fetched: Promise<typeof Charts> | null = null;

/** Rejects where the script does not come; asked again, it is fetched again. */
export function charts(): Promise<typeof Charts> {
  if (globalThis.ctmCharts !== undefined) return Promise.resolve(globalThis.ctmCharts);
  fetched ??= fetchCharts().catch((error: unknown) => {
    fetched = null;
    throw error;
  });
  return fetched;
}

function fetchCharts(): Promise<typeof Charts> {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = document.querySelector<HTMLScriptElement>("script[data-charts]")?.dataset["charts"] ?? "";
    script.addEventListener("load", () => {
      const made = globalThis.ctmCharts;
      if (made === undefined) reject(new Error("the script of the charts made none"));
      else resolve(made);
    });
    script.addEventListener("error", () => reject(new Error("the script of the charts did not come")));
    document.head.append(script);
  });
}

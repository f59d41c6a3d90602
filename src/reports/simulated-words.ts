/** What of sums comes from rehearsals, in a sentence. */
import { count, dollars } from "./numbers.ts";
import type { SimulatedPart } from "./status-model.ts";

export function simulatedWords({ tokens, nanoUsd }: SimulatedPart): string {
  const figures = `${count(tokens)} tokens and ${dollars(nanoUsd, 4)}`;
  return `(simulated) ${figures} of these totals come from rehearsals: nothing was spent`;
}

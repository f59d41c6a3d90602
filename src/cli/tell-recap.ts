/** The morning after, told beside the results of a manager that has no prompt. */
import { recapIsNews, renderRecap, type RecapModel } from "../reports/recap.ts";
import type { Terminal } from "./terminal.ts";

/** On stderr, plainly; nothing where nothing was in flight. */
export function tellRecap(model: RecapModel, terminal: Terminal): void {
  if (!recapIsNews(model)) return;
  for (const line of renderRecap(model, { ...terminal.paper(), colour: false, unicode: false }))
    terminal.note(line);
}

/** What a page asks as it is opened, by the view it is opened with. */
import { lookAhead } from "./api.ts";
import { OPENED_WITH, OPENING, SESSION } from "../reports/opening.ts";
import { placeOf } from "./view.ts";

/** Each once, however often it is called. */
export function askFirst(hash: string): void {
  const { name } = placeOf(hash);
  // The link with the key in it names no view, and opens the fleet.
  if (name === "fleet" || name.startsWith("key=")) lookAhead(OPENING, OPENED_WITH);
  else lookAhead(SESSION);
}

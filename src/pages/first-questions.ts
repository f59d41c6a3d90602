/** What a page asks as it is opened, by the view it is opened with. */
import { placeOf } from "./view.ts";

/** What the key may do, which decides what is drawn. */
export const SESSION = "/api/session";

const OF_VIEW: Readonly<Record<string, readonly string[]>> = {
  fleet: ["/api/fleet", "/api/status"],
};

export function firstQuestions(hash: string): readonly string[] {
  const { name } = placeOf(hash);
  // The link with the key in it names no view, and opens the fleet.
  const view = name.startsWith("key=") ? "fleet" : name;
  return [SESSION, ...((Object.hasOwn(OF_VIEW, view) ? OF_VIEW[view] : undefined) ?? [])];
}

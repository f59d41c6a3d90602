/** What a view is: a name in the navigation, a title, and how it is drawn from what the manager says now. */
import type { Child } from "./dom.ts";

/** What the address says behind the #: `#/tasks?state=held` or `#/task/7`. */
export interface Place {
  /** `tasks` */
  readonly name: string;
  /** `7`, or empty. */
  readonly what: string;
  readonly query: URLSearchParams;
}

export interface Viewer {
  /** May things be done here, or only looked at? */
  readonly acts: boolean;
}

export interface View {
  readonly name: string;
  readonly title: string;
  /** Stands in the navigation. */
  readonly inNav: boolean;
  /** The view of the navigation it belongs to. */
  readonly within?: string;
  /** Looks and gives what is shown. Throws Refused. */
  draw(place: Place, viewer: Viewer): Promise<Child>;
  /** After it was drawn: for widgets that draw themselves. */
  drawn?(place: Place): void;
}

export function placeOf(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [name = "", what = ""] = path.split("/");
  return { name: name === "" ? "fleet" : name, what: decoded(what), query: new URLSearchParams(query) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

/** Where a manager takes events from, beside commands and HTTP. */
import { join } from "node:path";
import type { App } from "../app.ts";
import { Inbox } from "./inbox.ts";

export interface Sources {
  close(): void;
}

/** Begins to take. */
export function openSources(app: App): Sources {
  if (!app.config.events.inbox) return { close: () => undefined };
  const inbox = Inbox.open({
    dir: join(app.config.paths.stateDir, "events"),
    // What a script writes there may be anybody's words.
    take: (event) => void app.events.take(event, { foreign: true, via: "inbox" }),
    trouble: (message) => app.events.noteTrouble(message),
  });
  return { close: () => inbox.close() };
}

/** The adopted routes as they are kept: one setting of the ledger, read anew each time, so that they count at once. */
import * as z from "zod";
import { CtmError } from "./base/errors.ts";
import { adoptedFor, type AdoptedRoute } from "./delegation/adopted-route.ts";
import type { SettingRows } from "./ledger/setting-rows.ts";

const SETTING = "adopted-routes";
/** Types and agents of a roster together cannot be more. */
const routesMax = 2_000;

const kept = z.array(
  z.strictObject({
    kind: z.enum(["type", "member"]),
    subject: z.string(),
    agent: z.string(),
    model: z.string(),
    insteadOf: z.string().nullable(),
    because: z.string(),
    atMs: z.int(),
  }),
);

export class AdoptedRoutes {
  readonly #settings: SettingRows;
  #read: { readonly text: string | null; readonly routes: readonly AdoptedRoute[] } = {
    text: null,
    routes: [],
  };

  constructor(settings: SettingRows) {
    this.#settings = settings;
  }

  get all(): readonly AdoptedRoute[] {
    const text = this.#settings.get(SETTING);
    if (text !== this.#read.text) this.#read = { text, routes: text === null ? [] : parsed(text) };
    return this.#read.routes;
  }

  /** Takes the place of one of the same subject. CtmError `ledger` where the disk does not take it. */
  adopt(route: AdoptedRoute): void {
    const others = this.#without(route);
    if (others.length >= routesMax)
      throw new CtmError("refused", `no more than ${routesMax} routes are adopted`);
    this.#save([...others, route]);
  }

  /** The type of this name, else the agent of it; null: neither was adopted. */
  drop(subject: string): AdoptedRoute | null {
    const dropped = adoptedFor("type", subject, this.all) ?? adoptedFor("member", subject, this.all);
    if (dropped !== null) this.#save(this.#without(dropped));
    return dropped;
  }

  #without({ kind, subject }: AdoptedRoute): AdoptedRoute[] {
    return this.all.filter((route) => route.kind !== kind || route.subject !== subject);
  }

  #save(routes: readonly AdoptedRoute[]): void {
    this.#settings.set(SETTING, routes.length === 0 ? null : JSON.stringify(routes));
  }
}

/** What somebody else wrote there is no route. */
function parsed(text: string): AdoptedRoute[] {
  try {
    const checked = kept.safeParse(JSON.parse(text));
    return checked.success ? checked.data : [];
  } catch {
    return [];
  }
}

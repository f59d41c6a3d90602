/** What a page asks first, where it opens with the fleet: several answers in one, by the addresses each is asked at. */

export const OPENING = "/api/opening";

/** What the key may do, which decides what is drawn. */
export const SESSION = "/api/session";

export const OPENED_WITH: readonly string[] = [SESSION, "/api/fleet", "/api/status"];

/**
 * Who is let in. A browser can be led to any address of this machine by any page it has open, so nothing is done before
 * the name it was called by, the page it comes from and its key have been looked at; a WebSocket is no exception.
 *
 * There are no cookies: those of 127.0.0.1 belong to every port of it, and are sent unasked. A key is sent by the page
 * that holds it, in a header no other page can set.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Access, Rights } from "./route.ts";

export interface Refusal {
  readonly status: number;
  /** One clear sentence without a full stop. */
  readonly why: string;
}

export interface Keys {
  readonly act: string;
  readonly read: string;
}

/** Wrong keys that are answered one by one; of more within a minute each gets the same short answer. */
const guessesPerMinute = 30;
/** WebSockets of browsers can set no header but their protocols: the key stands in one of them. */
const KEY_PROTOCOL = /^ctm\.key\.([\w-]{1,128})$/;

/** Names a server on this port may be called by, with the port. */
export function hostNames(names: readonly string[], port: number): ReadonlySet<string> {
  return new Set(names.map((name) => `${name.includes(":") ? `[${name}]` : name}:${port}`.toLowerCase()));
}

/**
 * Is this call meant for us, and does it come from no foreign page? `navigates`: a page that is opened may be opened
 * from anywhere, for it holds nothing.
 */
export function doorRefusal(
  headers: IncomingHttpHeaders,
  hosts: ReadonlySet<string>,
  navigates: boolean,
): Refusal | null {
  const { host, origin } = headers;
  if (host === undefined || !hosts.has(host.toLowerCase()))
    return { status: 421, why: "this name is not served here: call it by the address `ctm dashboard` shows" };
  if (origin !== undefined && !isOurs(origin, hosts))
    return { status: 403, why: "other pages may not call this address" };
  const site = headers["sec-fetch-site"];
  if (site === undefined || site === "same-origin" || site === "none") return null;
  if (navigates && headers["sec-fetch-mode"] === "navigate") return null;
  return { status: 403, why: "other pages may not call this address" };
}

function isOurs(origin: string, hosts: ReadonlySet<string>): boolean {
  return origin.startsWith("http://") && hosts.has(origin.slice("http://".length).toLowerCase());
}

/** Compares keys in constant time, and counts wrong ones. */
export class KeyGuard {
  readonly #act: Buffer;
  readonly #read: Buffer;
  readonly #now: () => number;
  #minute = 0;
  #wrong = 0;

  constructor(keys: Keys, now: () => number) {
    this.#act = hashed(keys.act);
    this.#read = hashed(keys.read);
    this.#now = now;
  }

  /** What the caller's key lets it do; `none` also for a wrong one. */
  rightsOf(headers: IncomingHttpHeaders): Rights {
    const key = keyIn(headers);
    if (key === null) return "none";
    const given = hashed(key);
    // Both are always compared: how long it takes tells nothing.
    const acts = timingSafeEqual(given, this.#act);
    const reads = timingSafeEqual(given, this.#read);
    return acts ? "act" : reads ? "read" : "none";
  }

  /** Why a caller with these rights may not do this; null: it may. */
  refusal(access: Access, rights: Rights, headers: IncomingHttpHeaders): Refusal | null {
    if (access === "public") return null;
    if (access === "signed") return headers.origin === undefined ? null : NO_BROWSER;
    if (rights === "act" || (rights === "read" && access === "read")) return null;
    if (rights === "read") return { status: 403, why: "this link is for reading only" };
    return this.#isFlood() ? TOO_MANY : NO_KEY;
  }

  /** A right key goes on working: there is nothing a stranger could lock the person out of. */
  #isFlood(): boolean {
    const minute = Math.floor(this.#now() / 60_000);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#wrong = 0;
    }
    this.#wrong += 1;
    return this.#wrong > guessesPerMinute;
  }
}

const NO_BROWSER: Refusal = { status: 403, why: "nothing is taken here from a page" };
const NO_KEY: Refusal = { status: 401, why: "a key is needed: `ctm dashboard` shows the link that has it" };
const TOO_MANY: Refusal = { status: 429, why: "too many wrong keys; try again in a minute" };

function keyIn(headers: IncomingHttpHeaders): string | null {
  const bearer = /^Bearer ([\w-]{1,128})$/i.exec(headers.authorization ?? "")?.[1];
  if (bearer !== undefined) return bearer;
  const protocols = headers["sec-websocket-protocol"]?.split(",") ?? [];
  for (const protocol of protocols) {
    const key = KEY_PROTOCOL.exec(protocol.trim())?.[1];
    if (key !== undefined) return key;
  }
  return null;
}

function hashed(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

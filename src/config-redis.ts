/** What the configuration may say of Redis. The address may hold a password: it is never repeated. */
import { section, secretText, text } from "./config-rules.ts";

const addressMaxChars = 2_000;
const PREFIX = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$/;
const WANTED =
  "must be an address such as redis://127.0.0.1:6379 or rediss://host:6380/0 (a name and a password may stand before the host), or null";

export function redis() {
  return section({
    url: secretText()
      .refine((url) => isRedisAddress(url), { error: WANTED })
      .nullable(),
    prefix: text(PREFIX, "a short name of letters, digits and - _ . :"),
  });
}

/** Scheme, host, perhaps a port, a name, a password and the number of a database; nothing else. */
export function isRedisAddress(url: string): boolean {
  if (url.length > addressMaxChars || !URL.canParse(url)) return false;
  const { protocol, hostname, pathname, search, hash } = new URL(url);
  if (protocol !== "redis:" && protocol !== "rediss:") return false;
  if (hostname === "" || search !== "" || hash !== "") return false;
  return /^(?:\/(?:\d{1,4})?)?$/.test(pathname) && isDecodable(url);
}

/** Escapes of a name or a password that stand for nothing would be found by the client alone. */
function isDecodable(url: string): boolean {
  const { username, password } = new URL(url);
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

/** The address as it may be shown: host and port. */
export function shownAddress(url: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port === "" ? "6379" : port}`;
}

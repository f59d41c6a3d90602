/** Finds the route of a path. Paths are short and routes few: the first part chooses, the rest is compared. */
import type { Route } from "./route.ts";

export interface Found {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

interface Entry {
  readonly route: Route;
  readonly parts: readonly string[];
}

export class Router {
  readonly #entries: readonly Entry[];

  /** Throws where two routes have the same method and path: a bug. */
  constructor(routes: readonly Route[]) {
    const seen = new Set<string>();
    for (const { method, path } of routes) {
      const name = `${method} ${path.replace(/:\w+/g, ":")}`;
      if (seen.has(name)) throw new Error(`there are two routes ${name}`);
      seen.add(name);
    }
    this.#entries = routes.map((route) => ({ route, parts: route.path.split("/") }));
  }

  /** The route, or the methods its path is served with (none: there is nothing at this path). */
  find(method: string, path: string): Found | { readonly methods: readonly string[] } {
    const given = path.split("/");
    const methods: string[] = [];
    for (const { route, parts } of this.#entries) {
      const params = matched(parts, given);
      if (params === null) continue;
      if (route.method === method || (method === "HEAD" && route.method === "GET")) return { route, params };
      methods.push(route.method);
    }
    return { methods };
  }
}

/** What the named parts stand for; null: the path is another one. */
function matched(
  parts: readonly string[],
  given: readonly string[],
): Readonly<Record<string, string>> | null {
  if (parts.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [at, part] of parts.entries()) {
    const found = given[at] ?? "";
    if (!part.startsWith(":")) {
      if (part !== found) return null;
      continue;
    }
    const decoded = decodedPart(found);
    if (decoded === null || decoded === "") return null;
    params[part.slice(1)] = decoded;
  }
  return params;
}

function decodedPart(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

/** The pages themselves: a closed list of files that come with the program. They hold nothing of the person's. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { CtmError } from "../base/errors.ts";
import { POLICY } from "./http/answering.ts";
import { defineRoute, type Route } from "./http/route.ts";

/** Where the build puts them: beside the program, or in dist/ where it runs from its sources. */
export const PAGES_FOLDER = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../../dist/pages/" : "./pages/", import.meta.url),
);

const HTML = "text/html; charset=utf-8";
const SCRIPT = "text/javascript; charset=utf-8";

const FILES: readonly (readonly [path: string, file: string, type: string])[] = [
  ["/", "index.html", HTML],
  ["/app.js", "app.js", SCRIPT],
  ["/chart.js", "chart.js", SCRIPT],
  ["/app.css", "app.css", "text/css; charset=utf-8"],
  ["/icon.svg", "icon.svg", "image/svg+xml"],
];

/** It stands in the page: to fetch it would take longer than to run it. */
const FIRST = "first.js";

/** The page names its files with what they hold: a browser keeps them until they hold something else. */
const KEPT = { "cache-control": "private, max-age=31536000, immutable" };
const named = z.strictObject({ v: z.string().max(64).optional() });

export function pageRoutes(): readonly Route[] {
  const pages = new Pages();
  return FILES.map(([path, file, type]) =>
    defineRoute({
      method: "GET",
      path,
      access: "public",
      summary: `The dashboard: ${file}`,
      query: named,
      handle: ({ query: { v } }) => {
        // The page itself names the others: it is never kept.
        if (type === HTML) return { text: pages.naming(file), type, headers: pages.policy() };
        const headers = v === pages.version(file) ? KEPT : {};
        return { text: pages.text(file), type, headers };
      },
    }),
  );
}

/** The files as they were when they were first asked for. */
class Pages {
  readonly #texts = new Map<string, Buffer>();

  text(file: string): Buffer {
    const text = this.#texts.get(file) ?? pageFile(file);
    this.#texts.set(file, text);
    return text;
  }

  version(file: string): string {
    return createHash("sha256").update(this.text(file)).digest("base64url").slice(0, 16);
  }

  /** Of the scripts that stand in a page, only this one runs. */
  policy(): Readonly<Record<string, string>> {
    const print = createHash("sha256").update(this.text(FIRST)).digest("base64");
    return {
      "content-security-policy": POLICY.replace("script-src 'self'", `script-src 'self' 'sha256-${print}'`),
    };
  }

  /** With the version behind each file that it names. */
  naming(file: string): Buffer {
    const kept = this.#texts.get(`${file} named`);
    if (kept !== undefined) return kept;
    const names = FILES.map(([, name]) => name).filter((name) => name !== file);
    const first = `<script>${this.text(FIRST).toString("utf8")}</script>`;
    const text = names.reduce(
      (html, name) => html.replaceAll(`"${name}"`, `"${name}?v=${this.version(name)}"`),
      this.text(file)
        .toString("utf8")
        .replace(`<script src="${FIRST}"></script>`, () => first),
    );
    const made = Buffer.from(text);
    this.#texts.set(`${file} named`, made);
    return made;
  }
}

/** A file of the pages. CtmError `io` where the program was not built whole. */
export function pageFile(name: string): Buffer {
  try {
    return readFileSync(`${PAGES_FOLDER}${name}`);
  } catch (error) {
    throw new CtmError("io", `the page's file ${name} is missing: build the program anew`, [], {
      cause: error,
    });
  }
}

/** The pages themselves: a closed list of files that come with the program. They hold nothing of the person's. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CtmError } from "../base/errors.ts";
import { defineRoute, type Route } from "./http/route.ts";

/** Where the build puts them: beside the program, or in dist/ where it runs from its sources. */
export const PAGES_FOLDER = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../../dist/pages/" : "./pages/", import.meta.url),
);

const FILES: readonly (readonly [path: string, file: string, type: string])[] = [
  ["/", "index.html", "text/html; charset=utf-8"],
  ["/app.js", "app.js", "text/javascript; charset=utf-8"],
  ["/app.css", "app.css", "text/css; charset=utf-8"],
  ["/icon.svg", "icon.svg", "image/svg+xml"],
];

export function pageRoutes(): readonly Route[] {
  const kept = new Map<string, Buffer>();
  return FILES.map(([path, file, type]) =>
    defineRoute({
      method: "GET",
      path,
      access: "public",
      summary: `The dashboard: ${file}`,
      handle: () => {
        const text = kept.get(file) ?? pageFile(file);
        kept.set(file, text);
        return { text, type };
      },
    }),
  );
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

/**
 * The pages as one file that needs no server: script, style, sign and answers stand in it. Its policy lets nothing in and
 * nothing out: only this very script runs, and it can call nobody.
 */
import { createHash } from "node:crypto";
import { EXPORT_MARK } from "../export-folder.ts";
import type { ExportedPages } from "../reports/page-questions.ts";

export interface PageFiles {
  /** index.html, app.js, chart.js, app.css and icon.svg as they are served. */
  readonly html: string;
  readonly script: string;
  readonly charts: string;
  readonly style: string;
  readonly icon: string;
}

export function exportPage(files: PageFiles, exported: ExportedPages): string {
  const { html, script, charts, style, icon } = files;
  const code = inlineCode(`${charts}\n${script}`);
  const policy = [
    "default-src 'none'",
    `script-src '${fingerprint(code)}'`,
    `style-src '${fingerprint(style)}'`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const parts: readonly (readonly [found: string, instead: string])[] = [
    [
      '<meta charset="utf-8">',
      `<meta charset="utf-8">\n    ${EXPORT_MARK}\n    <meta http-equiv="Content-Security-Policy" content="${policy}">`,
    ],
    ['    <script src="first.js"></script>\n', ""],
    ['href="icon.svg"', `href="data:image/svg+xml;base64,${Buffer.from(icon).toString("base64")}"`],
    ['<link rel="stylesheet" href="app.css">', `<style>${style}</style>`],
    ['    <script src="app.js" data-charts="chart.js" blocking="render" defer></script>\n', ""],
    [
      "</body>",
      `<script type="application/json" id="exported">${inlineJson(exported)}</script>\n    <script>${code}</script>\n  </body>`,
    ],
  ];
  return parts.reduce((text, [found, instead]) => {
    if (text.split(found).length !== 2) throw new Error(`the page has not one ${found}`);
    return text.replace(found, () => instead);
  }, html);
}

/** JSON that ends no element and begins none, whatever texts stand in it. */
export function inlineJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c").replaceAll(">", "\\u003e");
}

/** Inside of strings and patterns of a script the backslash changes nothing. */
function inlineCode(script: string): string {
  return script.replace(/<(?=\/script|!--)/gi, "\\x3c");
}

function fingerprint(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

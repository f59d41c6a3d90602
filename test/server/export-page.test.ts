import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { ExportedPages } from "../../src/reports/page-questions.ts";
import { exportPage, inlineJson } from "../../src/server/export-page.ts";

const html = readFileSync(new URL("../../src/pages/index.html", import.meta.url), "utf8");
const EXPORTED: ExportedPages = {
  ...{ writtenAtMs: 0, version: "1.2.3", timeZone: "UTC", from: "ledger", stories: 1 },
  answers: { "/api/tasks/1": { text: "</script><script>alert(1)</script><!-- $& $1" } },
};

it("holds all it needs: nothing is left to be fetched, and nobody may be called", () => {
  const script = 'const end = "</script>", begin = /<!--/; // $&';
  const page = exportPage(
    { html, script, charts: "var c=1;", style: "p{color:red}", icon: "<svg/>" },
    EXPORTED,
  );
  expect(page).not.toMatch(/(?:src|href)="(?!data:|#)/);
  const [, code = ""] = /<script>([^]*)<\/script>\n {2}<\/body>/.exec(page) ?? [];
  // What runs is what was given, in other letters.
  expect(code).toBe('var c=1;\nconst end = "\\x3c/script>", begin = /\\x3c!--/; // $&');
  const [, policy = ""] = /Content-Security-Policy" content="([^"]*)"/.exec(page) ?? [];
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain(`script-src 'sha256-${createHash("sha256").update(code).digest("base64")}'`);
  expect(policy).not.toMatch(/connect-src|unsafe|\*/);
  expect(page.match(/<script/g)).toHaveLength(2);
});

it("refuses a page it does not know", () => {
  expect(() => exportPage({ html: "<p>", script: "", charts: "", style: "", icon: "" }, EXPORTED)).toThrow(
    "the page has not one",
  );
});

it("writes JSON in which no element ends or begins, and which reads back the same", () => {
  const texts = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("</script>", "<!--<script>", "]]>", "\u2028"),
  );
  fc.assert(
    fc.property(fc.dictionary(texts, fc.array(texts)), (value) => {
      const text = inlineJson(value);
      expect(text).not.toMatch(/[<>]/);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
    { numRuns: 30 },
  );
});

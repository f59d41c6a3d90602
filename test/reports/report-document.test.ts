/** Whatever a report holds, on paper it is text: no tag, no link, no table cell of its own, no line that is too wide. */
import fc from "fast-check";
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { documentHtml } from "../../src/reports/document-html.ts";
import { documentMarkdown } from "../../src/reports/document-markdown.ts";
import type { Paper } from "../../src/reports/paper.ts";
import { section, type ReportDocument } from "../../src/reports/report-document.ts";
import { HOSTILE_TEXTS } from "../support/hostile-texts.ts";

const ATTACKS = [
  "<script>alert(1)</script>",
  `"><img src=x onerror=alert(1)>`,
  "' style='position:fixed' x='",
  "</style><script>",
  "&lt;b&gt; &#60;script&#62; &amp;",
  "[click](javascript:alert(1)) ![x](http://evil/pixel.png) <http://evil>",
  "a | b || c \\| d \\",
  "# heading\n\n## another\n- item\n> quote\n| a | b |\n|---|---|",
  "```\ncode\n``` `x` **bold** _em_ ~~gone~~ __dunder__ snake_case",
  "\u001b[31mred \u009b0m \u202egnp.exe",
  "",
];
const hostile = fc.oneof(
  fc.constantFrom(...ATTACKS, ...HOSTILE_TEXTS.map(({ text }) => text)),
  fc.string({ unit: "binary" }),
);

function documentOf(text: string): ReportDocument {
  const columns = [
    { head: text, align: "left", flexible: true },
    { head: "cost", align: "right" },
    { head: "further", align: "left", leaves: 1 },
  ] as const;
  return {
    title: text,
    facts: [text],
    notices: [text],
    sections: [
      section(text, {
        sentences: [text],
        items: [text],
        table: {
          columns,
          rows: [
            [text, "$1.00", "x".repeat(50)],
            ["name", text.slice(0, 10), text.slice(0, 20)],
          ],
          bars: [0.5, 7],
        },
      }),
    ],
  };
}
const paper = (columns: number): Paper => ({
  columns,
  colour: false,
  unicode: true,
  nowMs: 0,
  timeZone: "UTC",
});

describe("HTML", () => {
  it("holds only the tags it is made of, whatever the texts are", () => {
    const tags = (text: string): string[] =>
      documentHtml(documentOf(text))
        .join("\n")
        .replace(/<style>[^]*?<\/style>/, "")
        .match(/<[^>]*>/g) ?? [];
    const harmless = tags("x");
    fc.assert(
      fc.property(hostile, (text) => {
        expect(tags(text)).toEqual(harmless);
      }),
    );
    expect(harmless.filter((tag) => /script|href|src=|url\(|http:/.test(tag))).toEqual([]);
  });

  it("is one whole page with bars inside their cells", () => {
    const page = documentHtml(documentOf("x")).join("\n");
    expect(page.startsWith("<!doctype html>\n<html")).toBe(true);
    expect(page.endsWith("</html>")).toBe(true);
    expect(page.match(/width:[\d.]+%/g)).toEqual(["width:50.0%", "width:100.0%"]);
    expect(page).toContain("default-src 'none'");
  });

  it("keeps the words of a text", () => {
    expect(documentHtml(documentOf(`<b> & "c"`)).join("\n")).toContain(
      "<h1>&lt;b&gt; &amp; &quot;c&quot;</h1>",
    );
  });
});

describe("Markdown", () => {
  /** Marks that would be more than text, and are not escaped. */
  const live = /(?<!\\)(?:\\\\)*[`*[\]<>|]/;

  it("has its table's cells and no others, none of their text alive", () => {
    fc.assert(
      fc.property(hostile, fc.constantFrom(null, 60, 80, 120), (text, columns) => {
        const lines = documentMarkdown(documentOf(text), columns === null ? null : paper(columns));
        const tables = lines.filter((line) => line.startsWith("| "));
        const shown = columns === null || columns > 80 ? 3 : 2;
        for (const line of tables) {
          const cells = line.slice(2, -2).split(/(?<=(?<!\\)(?:\\\\)*) \| /);
          if (columns === null) expect(cells).toHaveLength(shown);
          for (const cell of cells) expect(cell).not.toMatch(live);
        }
        for (const line of lines) expect(line).not.toMatch(/\p{Cc}/u);
      }),
    );
  });

  it("is as wide as a terminal at most, and cuts nothing in a file", () => {
    fc.assert(
      fc.property(hostile, fc.constantFrom(60, 80, 120), (text, columns) => {
        const lines = documentMarkdown(documentOf(text), paper(columns));
        // A title is a line of its own, and is not cut.
        for (const line of lines.filter((one) => !one.startsWith("#")))
          expect(stringWidth(line)).toBeLessThanOrEqual(columns);
      }),
    );
    const long = `${"word ".repeat(60)}end`;
    expect(
      documentMarkdown(documentOf(long), null).filter((line) => line.includes(long)).length,
    ).toBeGreaterThan(3);
  });

  it("escapes nothing for a person at a terminal, and all of it where it may become a document", () => {
    const text = "run `ctm init` for [x] | <y> *z*";
    const document = documentOf(text);
    const seen = documentMarkdown(document, { ...paper(120), colour: true });
    expect(seen.slice(0, 5)).toEqual([`# ${text}`, "", text, "", `> ${text}`]);
    expect(seen.join("\n")).not.toContain("\\");
    expect(documentMarkdown(document, paper(120))[0]).toBe(
      "# run \\`ctm init\\` for \\[x\\] \\| \\<y\\> \\*z\\*",
    );
  });

  it("leaves names as they are", () => {
    const [title] = documentMarkdown(documentOf("react_expert a-b 1.5 $2 #7"), null);
    expect(title).toBe("# react_expert a-b 1.5 $2 #7");
  });
});

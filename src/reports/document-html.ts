/**
 * A document as one page of HTML that needs nothing beside it: no script, no picture, no address that is asked for
 * anything. It says so to the browser too, should a text have found a way in.
 */
import { oneLine } from "./cells.ts";
import type { DocumentSection, DocumentTable, ReportDocument } from "./report-document.ts";

const STYLE = `
:root { color-scheme: light; }
body { margin: 2.5rem auto; max-width: 60rem; padding: 0 1.25rem; background: #fff; color: #1c2024; font: 15px/1.5 system-ui, sans-serif; }
h1 { margin: 0 0 .25rem; font-size: 1.6rem; line-height: 1.25; }
h2 { margin: 2.25rem 0 .6rem; padding-bottom: .2rem; border-bottom: 1px solid #d5d9de; font-size: 1.1rem; }
p { margin: .4rem 0; }
.facts { color: #5a6370; }
.notice { margin: .8rem 0; padding: .5rem .8rem; border-left: 4px solid #b97a00; background: #fff6e0; }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .32rem .6rem; border-bottom: 1px solid #e6e9ec; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { color: #5a6370; font-size: .85rem; font-weight: 600; white-space: nowrap; }
.right { text-align: right; white-space: nowrap; overflow-wrap: normal; }
.bar { width: 22%; }
.bar span { display: block; height: .75rem; margin-top: .3rem; background: #3b6fb6; }
li { margin: .25rem 0; overflow-wrap: anywhere; }
@media print {
  @page { margin: 15mm; }
  body { margin: 0; max-width: none; padding: 0; font-size: 10pt; }
  h2 { margin-top: 1.4rem; break-after: avoid; }
  tr, li { break-inside: avoid; }
  thead { display: table-header-group; }
  .wide { overflow: visible; }
  .bar span { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;

export function documentHtml(document: ReportDocument): string[] {
  const title = escaped(document.title);
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    '<meta name="referrer" content="no-referrer">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${title}</title>`,
    `<style>${STYLE}</style>`,
    "</head>",
    "<body>",
    `<h1>${title}</h1>`,
    ...document.facts.map((fact) => `<p class="facts">${escaped(fact)}</p>`),
    ...document.notices.map((notice) => `<p class="notice">${escaped(notice)}</p>`),
    ...document.sections.flatMap(sectionHtml),
    "</body>",
    "</html>",
  ];
}

function sectionHtml({ title, sentences, table, items }: DocumentSection): string[] {
  return [
    `<h2>${escaped(title)}</h2>`,
    ...(table === null ? [] : tableHtml(table)),
    ...sentences.map((text) => `<p>${escaped(text)}</p>`),
    ...(items.length === 0 ? [] : ["<ul>", ...items.map((item) => `<li>${escaped(item)}</li>`), "</ul>"]),
  ];
}

function tableHtml({ columns, rows, bars }: DocumentTable): string[] {
  const side = (at: number): string => (columns[at]?.align === "right" ? ' class="right"' : "");
  const heads = columns.map(({ head }, at) => `<th${side(at)}>${escaped(head)}</th>`);
  const barHead = bars === undefined ? "" : '<th class="bar"></th>';
  const lines = rows.map((row, n) => {
    const cells = row.map((cell, at) => `<td${side(at)}>${escaped(cell)}</td>`);
    return `<tr>${cells.join("")}${bars === undefined ? "" : barCell(bars[n] ?? 0)}</tr>`;
  });
  return [
    '<div class="wide"><table>',
    `<thead><tr>${heads.join("")}${barHead}</tr></thead>`,
    "<tbody>",
    ...lines,
    "</tbody>",
    "</table></div>",
  ];
}

function barCell(share: number): string {
  const width = (Math.min(1, Math.max(0, share)) * 100).toFixed(1);
  return `<td class="bar"><span style="width:${width}%"></span></td>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return oneLine(text).replace(/[&<>"']/g, (mark) => ENTITIES[mark] ?? "");
}

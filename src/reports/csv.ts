/** Comma-separated values that a spreadsheet takes for what they are: text never becomes a formula. */

export type CsvCell = string | number | null;

/** One line a row, heading first. Lines end as the format's own rules have it only where a cell holds a line break. */
export function csvLines(head: readonly string[], rows: readonly (readonly CsvCell[])[]): string[] {
  return [head, ...rows].map((row) => row.map(csvCell).join(","));
}

// What a terminal would obey: a model's name comes from an agent's record, which may hold anything.
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

/** A text that begins like a formula gets an apostrophe in front, which spreadsheets take for "this is text". */
function csvCell(cell: CsvCell): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  const plain = cell.replace(CONTROLS, "\ufffd");
  const text = /^[\s\p{Cf}]*[=+\-@＝＋－＠]|^[\t\r\n]/u.test(plain) ? `'${plain}` : plain;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Whether a program takes bracketed pastes, by what it wrote: the last switch on or off counts. */

// oxlint-disable-next-line no-control-regex
const SWITCH = /\u001b\[\?(?:\d+;)*2004(?:;\d+)*([hl])|\u001b(c)/g;

/** True or false by the last switch in this output (a full reset counts as off); null: there is none in it. */
export function bracketedPasteIn(output: string): boolean | null {
  let on: boolean | null = null;
  for (const found of output.matchAll(SWITCH)) on = found[1] === "h";
  return on;
}

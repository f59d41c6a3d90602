/** Text as one word for a POSIX shell. */

/** One word, whatever the text holds (but a NUL, which no shell can carry). */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

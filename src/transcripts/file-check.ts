/** Marks how far a file was read, so that another file in its place is noticed. */
import { hash } from "node:crypto";
import { readSync } from "node:fs";

const checkedBytes = 256;

/** A fingerprint of the beginning and the end of what was read. "" for a file that became shorter. */
export function checkOf(file: number, offset: number): string {
  const length = Math.min(checkedBytes, offset);
  const bytes = Buffer.alloc(2 * length);
  readSync(file, bytes, 0, length, 0);
  if (readSync(file, bytes, length, length, offset - length) < length) return "";
  return hash("sha1", bytes, "base64");
}

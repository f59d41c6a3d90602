/** The lines of a pipe. Only a line feed ends one: whatever else a text holds is part of it, byte for byte. */
import { CtmError } from "../base/errors.ts";
import { messageMaxBytes } from "../base/limits.ts";

/**
 * Each line without its end, decoded; one that is not UTF-8 comes as the CtmError `usage` that says so. Throws such
 * an error for a line longer than a message may be.
 */
export async function* linesOf(input: AsyncIterable<unknown>): AsyncGenerator<string | CtmError> {
  let pieces: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    let rest = Buffer.from(chunk as Uint8Array);
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
      yield decoded(Buffer.concat([...pieces, rest.subarray(0, end)]));
      rest = rest.subarray(end + 1);
      [pieces, bytes] = [[], 0];
    }
    pieces.push(rest);
    bytes += rest.length;
    if (bytes > messageMaxBytes)
      throw new CtmError("usage", `a line has more than ${messageMaxBytes} bytes; name a file instead`);
  }
  if (bytes > 0) yield decoded(Buffer.concat(pieces));
}

function decoded(line: Buffer): string | CtmError {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(line).replace(/\r$/, "");
  } catch (error) {
    return new CtmError("usage", "a line is not UTF-8 text; it was passed over", [], { cause: error });
  }
}

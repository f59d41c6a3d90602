/** The body of a request, byte for byte, within a size; of all requests together within another. */
import type { IncomingMessage } from "node:http";
import type { Refusal } from "./guard.ts";

/** Largest body, unless a route says otherwise: a task's text as JSON has at most six times its bytes. */
export const bodyMaxBytes = 64 * 1024;
/** Of all bodies under way. */
const bodiesMaxBytes = 64 * 1024 * 1024;

let underWayBytes = 0;

/** Resolves with the bytes or with why they are not taken; rejects when the caller goes away. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | Refusal> {
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity")
    return Promise.resolve({ status: 415, why: "a body is taken as it is, not compressed" });
  const tooLarge: Refusal = { status: 413, why: `a body may have at most ${maxBytes} bytes here` };
  if (Number(request.headers["content-length"] ?? 0) > maxBytes) return Promise.resolve(tooLarge);
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    const giveBack = (): void => {
      underWayBytes -= bytes;
      bytes = 0;
      pieces.length = 0;
      request.removeAllListeners("data");
    };
    request.on("data", (piece: Buffer) => {
      bytes += piece.length;
      underWayBytes += piece.length;
      pieces.push(piece);
      if (bytes <= maxBytes && underWayBytes <= bodiesMaxBytes) return;
      const refusal = bytes > maxBytes ? tooLarge : { status: 503, why: "too much is sent at once" };
      giveBack();
      resolve(refusal);
    });
    request.on("end", () => {
      const body = Buffer.concat(pieces);
      giveBack();
      resolve(body);
    });
    request.on("error", (error) => {
      giveBack();
      reject(error);
    });
    request.on("close", giveBack);
  });
}

/** Signatures as the Standard Webhooks specification has them (version v1: HMAC with SHA-256). */
import { createHmac } from "node:crypto";

const secretBytesMin = 24;
const secretBytesMax = 64;

/** The key in a secret such as `whsec_MfKQ…`; null: it is none (base64 of 24 to 64 bytes). */
export function webhookKey(secret: string): Uint8Array | null {
  const text = secret.trim().replace(/^whsec_/, "");
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return null;
  const key = Buffer.from(text, "base64");
  return key.length >= secretBytesMin && key.length <= secretBytesMax ? key : null;
}

/** Headers of a message. `atS`: seconds since 1970 by the clock on the wall; without a key it is not signed. */
export function webhookHeaders(
  id: string,
  atS: number,
  body: string,
  key: Uint8Array | null,
): Record<string, string> {
  const headers = { "webhook-id": id, "webhook-timestamp": String(atS) };
  if (key === null) return headers;
  const signature = createHmac("sha256", key).update(`${id}.${atS}.${body}`).digest("base64");
  return { ...headers, "webhook-signature": `v1,${signature}` };
}

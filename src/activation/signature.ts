/** Who sent this? Signatures over the bytes as they came, and tokens, compared without telling how much was right. */
import { createHmac, timingSafeEqual } from "node:crypto";

/** How far a signed time may be from now. */
export const timestampToleranceMs = 300_000;

/** `sha256=` and 64 hex digits over the body: GitHub's way, and that of the small senders here. */
export function hexSignatureHolds(secret: string, body: Uint8Array, signature: string | undefined): boolean {
  const hex = /^sha256=([0-9a-f]{64})$/i.exec(signature ?? "")?.[1];
  if (hex === undefined) return false;
  return same(Buffer.from(hex, "hex"), createHmac("sha256", secret).update(body).digest());
}

/** A token that is sent as it is: GitLab's way. */
export function tokenHolds(secret: string, token: string | undefined): boolean {
  // Of the same length, so that nothing is learnt from how long it took.
  const digest = (text: string): Buffer => createHmac("sha256", "token").update(text).digest();
  return token !== undefined && same(digest(token), digest(secret));
}

export interface StandardHeaders {
  readonly id: string | undefined;
  /** Seconds since the epoch. */
  readonly timestamp: string | undefined;
  /** One or more of `v1,BASE64`, apart by spaces. */
  readonly signature: string | undefined;
}

/** Standard Webhooks: the id, the time and the body are signed. A secret may be written as `whsec_BASE64`. */
export function standardSignatureHolds(
  secret: string,
  body: Uint8Array,
  { id, timestamp, signature }: StandardHeaders,
  nowMs: number,
): boolean {
  if (id === undefined || id === "" || !/^\d{1,12}$/.test(timestamp ?? "") || signature === undefined)
    return false;
  if (Math.abs(Number(timestamp) * 1_000 - nowMs) > timestampToleranceMs) return false;
  const right = createHmac("sha256", standardKey(secret)).update(`${id}.${timestamp}.`).update(body).digest();
  return signature
    .split(" ", 10)
    .some((one) => one.startsWith("v1,") && same(Buffer.from(one.slice(3), "base64"), right));
}

/** The header a sender of ours writes: what the check above takes. */
export function standardSignature(secret: string, body: Uint8Array, id: string, timestamp: number): string {
  const mac = createHmac("sha256", standardKey(secret)).update(`${id}.${timestamp}.`).update(body);
  return `v1,${mac.digest("base64")}`;
}

function standardKey(secret: string): Uint8Array {
  return secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret);
}

function same(told: Uint8Array, right: Uint8Array): boolean {
  return told.length === right.length && timingSafeEqual(told, right);
}

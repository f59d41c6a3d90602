/**
 * A message as an HTTP POST, signed as the Standard Webhooks specification has it. Redirects are not followed: whoever
 * answers for one place could send the message, and our request, to any other. What is answered is not kept.
 */
import { open } from "node:fs/promises";
import { webhookHeaders, webhookKey } from "../alerts/standard-webhook.ts";
import { faultPoint } from "../faults/fault-point.ts";
import type { Channel, Delivered, Delivery } from "./channel.ts";

const POST = faultPoint("alert.webhook");

const attemptsMax = 12;
const secretMaxBytes = 4_096;

export interface WebhookSetting {
  readonly url: string;
  /** Where its secret stands; both null: it is not signed. */
  readonly secretEnv: string | null;
  readonly secretFile: string | null;
  readonly timeoutMs: number;
}

export interface WebhookParts {
  readonly name: string;
  readonly from: Channel["from"];
  readonly setting: WebhookSetting;
  /** The environment; the secret is looked up at each attempt, and kept nowhere. */
  env(): Readonly<Record<string, string | undefined>>;
  /** The clock on the wall: receivers refuse what is five minutes off. */
  wallNow(): number;
}

/** Its address may hold a token: only its origin is ever shown. */
export function webhookChannel({ name, from, setting, env, wallNow }: WebhookParts): Channel {
  return {
    name,
    from,
    place: `${new URL(setting.url).origin}${isSigned(setting) ? "" : " (not signed)"}`,
    attemptsMax,
    deliver: async (delivery) => {
      try {
        const key = await keyOf(setting, env());
        if (key === "bad") return { kind: "failed", fault: secretFault(setting) };
        return await POST.passAsync(() => post(delivery, key, setting, wallNow()));
      } catch (error) {
        return { kind: "failed", fault: faultOf(error, setting) };
      }
    },
  };
}

/** The key as it stands now; "bad": there is none where one should be. */
export async function keyOf(
  { secretEnv, secretFile }: WebhookSetting,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Uint8Array | null | "bad"> {
  if (secretEnv === null && secretFile === null) return null;
  const secret = secretEnv === null ? await readSecret(secretFile ?? "") : (env[secretEnv] ?? "");
  return webhookKey(secret) ?? "bad";
}

/** Why there is no key, without any of it. */
export function secretFault({ secretEnv, secretFile }: WebhookSetting): string {
  const where = secretEnv === null ? `the file ${secretFile}` : `$${secretEnv}`;
  return `${where} holds no webhook secret (whsec_ and base64 of 24 to 64 bytes)`;
}

function isSigned({ secretEnv, secretFile }: WebhookSetting): boolean {
  return secretEnv !== null || secretFile !== null;
}

async function readSecret(path: string): Promise<string> {
  try {
    const file = await open(path, "r");
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(secretMaxBytes), 0, secretMaxBytes, 0);
      return buffer.toString("utf8", 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return "";
  }
}

async function post(
  { id, json }: Delivery,
  key: Uint8Array | null,
  { url, timeoutMs }: WebhookSetting,
  wallMs: number,
): Promise<Delivered> {
  const response = await fetch(url, {
    method: "POST",
    body: json,
    headers: {
      "content-type": "application/json",
      "user-agent": "ctm",
      ...webhookHeaders(id, Math.floor(wallMs / 1_000), json, key),
    },
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutMs),
  });
  // An answer of any length is none of our business.
  await response.body?.cancel();
  const { status } = response;
  if (status >= 200 && status < 300) return { kind: "done" };
  if (status >= 300 && status < 400)
    return { kind: "failed", fault: `HTTP ${status}: redirects are not followed` };
  return {
    kind: "failed",
    fault: `HTTP ${status}`,
    // The receiver says that it is gone for good.
    final: status === 410,
    retryAfterMs: retryAfter(response.headers.get("retry-after"), wallMs),
  };
}

/** Seconds, or a date. */
function retryAfter(value: string | null, wallMs: number): number | null {
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000;
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - wallMs);
}

/** What fetch says may name the address: only its reason is told. */
function faultOf(error: unknown, { timeoutMs }: WebhookSetting): string {
  if (!(error instanceof Error)) return "it could not be reached";
  if (error.name === "TimeoutError") return `no answer within ${timeoutMs / 1_000} s`;
  const { cause } = error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return /^[A-Z_]{2,40}$/.test(code) ? `it could not be reached (${code})` : "it could not be reached";
}

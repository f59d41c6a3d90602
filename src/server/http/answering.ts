/** How the HTTP server says things: heads that protect the reader, JSON, and errors in one shape. */
import type { ServerResponse } from "node:http";
import { CtmError, type ErrorCode } from "../../base/errors.ts";
import { failureOf } from "../messages.ts";
import type { Refusal } from "./guard.ts";
import type { Answer } from "./route.ts";

/** What a page may do. */
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * On every answer. Pages take nothing but their own files and talk to nobody else; nothing is kept by caches; there is
 * no CORS head anywhere, so no other page can read what is answered.
 */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": POLICY,
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  "cache-control": "no-store",
};

const STATUS: Record<ErrorCode, number> = {
  usage: 400,
  config: 400,
  "not-found": 404,
  "illegal-move": 409,
  refused: 422,
  "manager-running": 409,
  paused: 409,
  "no-manager": 503,
  "tmux-missing": 503,
  "tmux-too-old": 503,
  "tmux-failed": 503,
  "agent-missing": 503,
  ledger: 503,
  io: 503,
  "some-failed": 409,
};

/** Begins an answer that is written piece by piece. */
export function beginStream(response: ServerResponse, type: string): void {
  response.writeHead(200, { ...HEADERS, "content-type": type });
  response.flushHeaders();
}

export function sendAnswer(response: ServerResponse, answer: Answer): void {
  if (response.destroyed || response.headersSent) return;
  if ("stream" in answer) return answer.stream(response);
  const isText = "text" in answer;
  const body = isText ? answer.text : JSON.stringify(answer.json ?? null);
  response.writeHead(answer.status ?? 200, {
    ...HEADERS,
    "content-type": isText ? answer.type : "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    ...answer.headers,
  });
  response.end(response.req.method === "HEAD" ? undefined : body);
}

/** Anything thrown, as it is told: a bug is told as one, without its trace. */
export function answerOfError(error: unknown): Answer {
  const status = error instanceof CtmError ? STATUS[error.code] : 500;
  return { status, json: { error: failureOf(error) } };
}

export function answerOfRefusal({ status, why }: Refusal, allow?: readonly string[]): Answer {
  const headers: Record<string, string> = {
    ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
    ...(status === 429 ? { "retry-after": "60" } : {}),
    ...(allow === undefined ? {} : { allow: allow.join(", ") }),
  };
  return { status, json: { error: { code: "refused", message: why, details: [] } }, headers };
}

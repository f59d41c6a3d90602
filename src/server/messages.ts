/** What goes over the manager's socket: a greeting, requests, and what answers them. */
import * as z from "zod";
import { CtmError, type ErrorCode } from "../base/errors.ts";
import { redacted } from "../base/redact.ts";

/** Raised when the two sides of the socket would no longer understand each other. */
export const PROTOCOL = 1;

/** The first line of every connection, from the manager. */
export interface Hello {
  readonly hello: { readonly protocol: number; readonly version: string; readonly pid: number };
}

export const request = z.union([
  z.strictObject({
    id: z.int().min(1),
    command: z.string().min(1).max(64),
    input: z.record(z.string(), z.unknown()).optional(),
    follow: z.boolean().optional(),
  }),
  z.strictObject({ id: z.int().min(1), stop: z.literal(true) }),
]);
export type Request = z.output<typeof request>;

export const failure = z.object({
  code: z.string().max(40),
  message: z.string(),
  details: z.array(z.string()),
});
export type Failure = z.output<typeof failure>;

/** `id` is null when the request could not be read. */
export const reply = z.union([
  z.object({ id: z.int(), ok: z.literal(true), result: z.unknown() }),
  z.object({ id: z.int(), item: z.unknown() }),
  z.object({ id: z.union([z.int(), z.null()]), error: failure }),
]);
export type Reply = z.output<typeof reply>;

/** Any thrown thing as it is told to the other side and in `--json`. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CtmError)
    return { code: error.code, message: redacted(error.message), details: error.details.map(redacted) };
  return {
    code: "internal",
    message: redacted(`unexpected: ${error instanceof Error ? error.message : String(error)}`),
    details: [],
  };
}

const CODES: Record<ErrorCode, true> = {
  usage: true,
  config: true,
  "not-found": true,
  "illegal-move": true,
  refused: true,
  "manager-running": true,
  paused: true,
  "no-manager": true,
  "tmux-missing": true,
  "tmux-too-old": true,
  "tmux-failed": true,
  "agent-missing": true,
  ledger: true,
  io: true,
  "some-failed": true,
};

/** The other side's failure as an error of ours; a bug over there stays a bug here. */
export function errorOf({ code, message, details }: Failure): Error {
  return isErrorCode(code) ? new CtmError(code, message, details) : new Error(message);
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(CODES, code);
}

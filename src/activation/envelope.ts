/**
 * An event as it travels: CloudEvents 1.0 in its JSON form, with a few extension attributes. Whoever sent it may mean
 * harm: sizes, depth and every attribute are bounded here, and nothing in it is ever run or taken for an instruction.
 */
import * as z from "zod";
import { CtmError } from "../base/errors.ts";
import { redacted } from "../base/redact.ts";
import { wellFormed } from "../base/typed-text.ts";
import { PRIORITIES, type Priority } from "../tasks/priority.ts";

/** Longest event, as UTF-8. */
export const eventMaxBytes = 64 * 1024;
/** Most events of one list. */
const batchMax = 1_000;
/** Deepest nesting of its data. */
const depthMax = 32;
const attributeMaxChars = 1_024;
const extensionsMax = 20;

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface Envelope {
  /** Unique for its source: the same two are the same event. */
  readonly id: string;
  readonly source: string;
  /** e.g. git.push, task.completed; prefixes end at a dot. */
  readonly type: string;
  readonly subject: string | null;
  readonly timeMs: number | null;
  readonly priority: Priority;
  /** The chain it belongs to. */
  readonly correlation: string | null;
  /** Of no use to anybody after it. */
  readonly expiresMs: number | null;
  /** Whom it is meant for: an agent, a worker, a group. */
  readonly target: string | null;
  /** The event it repeats, as `source id`. */
  readonly replayOf: string | null;
  /** Further attributes, as they came. */
  readonly extensions: Readonly<Record<string, string>>;
  readonly data: Json;
}

const attribute = z
  .string()
  .min(1)
  .max(attributeMaxChars)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, { error: "holds control characters" });
const moment = z
  .string()
  .max(64)
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i, {
    error: "is no time as 2026-02-13T10:42:07Z",
  })
  .transform((text, context): number => {
    const atMs = Date.parse(text);
    if (Number.isFinite(atMs)) return atMs;
    context.addIssue({ code: "custom", message: "is no time as 2026-02-13T10:42:07Z" });
    return z.NEVER;
  });

const known = z.looseObject({
  specversion: z.literal("1.0", { error: "must be 1.0" }),
  id: attribute,
  source: attribute,
  type: attribute.regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/, {
    error: "is made of letters, digits, . _ / and -",
  }),
  subject: attribute.nullish(),
  time: moment.nullish(),
  datacontenttype: attribute.nullish(),
  dataschema: attribute.nullish(),
  priority: z.enum(PRIORITIES, { error: `must be one of ${PRIORITIES.join(", ")}` }).nullish(),
  correlationid: attribute.nullish(),
  expirytime: moment.nullish(),
  target: attribute.nullish(),
  replayof: attribute.nullish(),
  data: z.unknown().optional(),
  data_base64: z
    .string()
    .max(eventMaxBytes)
    .regex(/^[A-Za-z0-9+/]*={0,2}$/, { error: "is no base64" })
    .nullish(),
});

/** Checks what was sent. Throws CtmError `usage` with every fault. */
export function parseEnvelope(value: unknown): Envelope {
  const parsed = known.safeParse(value);
  if (!parsed.success) {
    const faults = parsed.error.issues
      .slice(0, 20)
      .map(({ path, message }) => `${path.map(String).join(".") || "the event"} ${message}`);
    throw new CtmError("usage", `this is no event: ${faults[0] ?? "it cannot be read"}`, faults.slice(1));
  }
  const { data: sent, data_base64, ...event } = parsed.data;
  if (sent !== undefined && data_base64 != null)
    throw new CtmError("usage", "this is no event: it has data and data_base64");
  const data = data_base64 ?? checkedData(sent ?? null, 0);
  return {
    id: event.id,
    source: event.source,
    type: event.type,
    subject: event.subject ?? null,
    timeMs: event.time ?? null,
    priority: event.priority ?? "normal",
    correlation: event.correlationid ?? null,
    expiresMs: event.expirytime ?? null,
    target: event.target ?? null,
    replayOf: event.replayof ?? null,
    extensions: extensionsOf(event),
    data,
  };
}

/** The same from its text. Throws CtmError `usage`, also for one that is too long. */
export function parseEnvelopeText(text: string): Envelope {
  if (Buffer.byteLength(text) > eventMaxBytes)
    throw new CtmError("usage", `an event has at most ${eventMaxBytes} bytes`);
  return parseEnvelope(parsedJson(text));
}

/** Several, as a JSON list. Throws CtmError `usage`, which names the place of the first that is none. */
export function parseEnvelopes(text: string): Envelope[] {
  const list = parsedJson(text);
  if (!Array.isArray(list)) throw new CtmError("usage", "this is no list of events");
  if (list.length > batchMax) throw new CtmError("usage", `a list has at most ${batchMax} events`);
  return list.map((value: unknown, at) => {
    try {
      // Checked first: what is nested without an end cannot be written either.
      const event = parseEnvelope(value);
      if (Buffer.byteLength(JSON.stringify(value)) <= eventMaxBytes) return event;
      throw new CtmError("usage", `an event has at most ${eventMaxBytes} bytes`);
    } catch (error) {
      if (!(error instanceof CtmError)) throw error;
      throw new CtmError("usage", `event ${at + 1} of ${list.length}: ${error.message}`, error.details);
    }
  });
}

/** JSON of any kind, bounded, or CtmError `usage`. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    throw new CtmError("usage", "this is no event: it is not JSON");
  }
}

/** As it would be sent: what `parseEnvelope` reads again. */
export function envelopeJson(event: Envelope): Json {
  const { id, source, type, subject, timeMs, priority, correlation, expiresMs, target, replayOf } = event;
  const optional = {
    subject,
    time: timeMs === null ? null : new Date(timeMs).toISOString(),
    correlationid: correlation,
    expirytime: expiresMs === null ? null : new Date(expiresMs).toISOString(),
    target,
    replayof: replayOf,
  };
  return {
    specversion: "1.0",
    ...{ id, source, type, priority },
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== null)),
    ...event.extensions,
    data: event.data,
  };
}

const KNOWN = new Set([
  ...["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "priority"],
  ...["correlationid", "expirytime", "target", "replayof", "data", "data_base64"],
]);

/** Attributes of other specifications: kept as texts, for filters. */
function extensionsOf(event: Readonly<Record<string, unknown>>): Record<string, string> {
  const found = Object.entries(event).filter(([name, value]) => !KNOWN.has(name) && value != null);
  if (found.length > extensionsMax)
    throw new CtmError("usage", `this is no event: it has more than ${extensionsMax} further attributes`);
  const kept = found.map(([name, value]): [string, string] => {
    const plain = typeof value === "number" || typeof value === "boolean" ? JSON.stringify(value) : value;
    const checked = attribute.safeParse(plain);
    if (!/^[a-z0-9]{1,40}$/.test(name) || !checked.success)
      throw new CtmError("usage", "this is no event: a further attribute is not short and plain");
    return [name, redacted(checked.data)];
  });
  return Object.fromEntries(kept);
}

/** A copy that is as deep as it may be, whose texts hold no key that is known to be one. Throws CtmError `usage`. */
export function checkedData(value: unknown, depth = 0): Json {
  if (depth > depthMax) throw new CtmError("usage", "this is no event: its data is nested too deep");
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "string") return redacted(wellFormed(value));
  if (Array.isArray(value)) return value.map((item) => checkedData(item, depth + 1));
  if (typeof value !== "object") return null;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      if (key === "__proto__") throw new CtmError("usage", "this is no event: no key may be named __proto__");
      return [wellFormed(key), checkedData(item, depth + 1)];
    }),
  );
}

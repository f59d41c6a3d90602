/**
 * Where events come in over HTTP: `POST /events` for whoever signs as Standard Webhooks does, `POST /hooks/NAME` for
 * services, each in its own way. The signature is checked over the bytes as they came, before anything is read of them;
 * 202 is said when the event is on the disk, 200 when it was taken before.
 */
import type { IncomingHttpHeaders } from "node:http";
import { eventMaxBytes, parseEnvelopes, parseEnvelopeText, type Envelope } from "../activation/envelope.ts";
import {
  hookEvent,
  lastingMark,
  senderHolds,
  standardHeaders,
  type HookRequest,
} from "../activation/hooks.ts";
import { standardSignatureHolds } from "../activation/signature.ts";
import type { App } from "../app.ts";
import { CtmError } from "../base/errors.ts";
import type { Taken } from "../ledger/event-journal.ts";
import { failureOf } from "./messages.ts";
import { defineRoute, type Answer, type Call, type Route } from "./http/route.ts";
import type { House } from "./routes.ts";

/** Payloads of services are larger than the few fields that are kept of them. */
const hookBodyMaxBytes = 512 * 1024;
/** Of all events of one request. */
const batchMaxBytes = 512 * 1024;
const BATCH_TYPE = /^application\/cloudevents-batch\+json\s*(?:;|$)/i;

export function eventRoutes({ app }: House): readonly Route[] {
  return [
    defineRoute({
      method: "POST",
      path: "/events",
      access: "signed",
      summary: "Take an event, or a batch of them (CloudEvents 1.0 as JSON), signed as Standard Webhooks",
      bodyMaxBytes: batchMaxBytes,
      handle: (call) => postedEvent(app, call),
    }),
    defineRoute({
      method: "POST",
      path: "/hooks/:name",
      access: "signed",
      summary: "Take what a service sends, signed in its way",
      bodyMaxBytes: hookBodyMaxBytes,
      handle: (call) => postedHook(app, call),
    }),
  ];
}

async function postedEvent(app: App, call: Call): Promise<Answer> {
  const { secret } = app.config.events;
  if (secret === null) return NOTHING_HERE;
  const { headers, body } = requestOf(call);
  const isBatch = BATCH_TYPE.test(headers["content-type"] ?? "");
  if (!isBatch && body.length > eventMaxBytes) return TOO_LONG;
  if (!standardSignatureHolds(secret, body, standardHeaders(headers), Date.now())) return UNSIGNED;
  const read = (): Came => {
    const text = new TextDecoder().decode(body);
    return { events: isBatch ? parseEnvelopes(text) : [parseEnvelopeText(text)], via: "http", mark: null };
  };
  return taken(app, read, isBatch ? many : one);
}

async function postedHook(app: App, call: Call): Promise<Answer> {
  const { hooks } = app.config.events;
  const name = call.params["name"] ?? "";
  const hook = Object.hasOwn(hooks, name) ? hooks[name] : undefined;
  // Who knows no secret is not told which hooks there are.
  if (hook === undefined) return UNSIGNED;
  const request = requestOf(call);
  if (!senderHolds(hook, request, Date.now())) return UNSIGNED;
  const read = (): Came => {
    const event = hookEvent(name, hook, request);
    return { events: [event], via: `hook ${name}`, mark: lastingMark(hook, request, event) };
  };
  return taken(app, read, one);
}

/** What a request was read as. */
interface Came {
  readonly events: readonly Envelope[];
  readonly via: string;
  /** By what it is known for long; null = by its id alone. */
  readonly mark: string | null;
}

async function taken(
  app: App,
  read: () => Came,
  answer: (taken: readonly Taken[]) => Answer,
): Promise<Answer> {
  let came: Came;
  try {
    came = read();
  } catch (error) {
    if (!(error instanceof CtmError)) throw error;
    return { status: error.code === "refused" ? 403 : 400, json: { error: failureOf(error) } };
  }
  try {
    const { events, via, mark } = came;
    return answer(await app.events.takeShared(events, { foreign: true, via, fingerprint: mark }));
  } catch (error) {
    if (!(error instanceof CtmError) || error.code !== "refused") throw error;
    return { status: 503, json: { error: failureOf(error) }, headers: { "retry-after": "60" } };
  }
}

function one([only]: readonly Taken[]): Answer {
  return only?.duplicate === true
    ? { status: 200, json: { duplicate: true, event: only.seq } }
    : { status: 202, json: { accepted: true, event: only?.seq } };
}

/** In the order they were sent. */
function many(all: readonly Taken[]): Answer {
  const duplicates = all.filter(({ duplicate }) => duplicate).length;
  const accepted = all.length - duplicates;
  return {
    status: accepted > 0 || all.length === 0 ? 202 : 200,
    json: { accepted, duplicates, events: all.map(({ seq }) => seq) },
  };
}

function requestOf({ headers, raw }: Call): HookRequest {
  return { headers: singleHeaders(headers), body: raw };
}

function singleHeaders(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

const UNSIGNED: Answer = refusal(401, "the signature is missing, wrong, or of another time");
const TOO_LONG: Answer = refusal(413, `an event may have at most ${eventMaxBytes} bytes`);
const NOTHING_HERE: Answer = refusal(404, "there is nothing at this address");

function refusal(status: number, message: string): Answer {
  return { status, json: { error: { code: "refused", message, details: [] } } };
}

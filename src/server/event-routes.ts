/**
 * Where events come in over HTTP: `POST /events` for whoever signs as Standard Webhooks does, `POST /hooks/NAME` for
 * services, each in its own way. The signature is checked over the bytes as they came, before anything is read of them;
 * 202 is said when the event is on the disk, 200 when it was taken before.
 */
import type { IncomingHttpHeaders } from "node:http";
import { eventMaxBytes, parseEnvelopeText, type Envelope } from "../activation/envelope.ts";
import {
  fingerprint,
  hookEvent,
  senderHolds,
  standardHeaders,
  type HookRequest,
} from "../activation/hooks.ts";
import { standardSignatureHolds } from "../activation/signature.ts";
import type { App } from "../app.ts";
import { CtmError } from "../base/errors.ts";
import { failureOf } from "./messages.ts";
import { defineRoute, type Answer, type Call, type Route } from "./http/route.ts";
import type { House } from "./routes.ts";

/** Payloads of services are larger than the few fields that are kept of them. */
const hookBodyMaxBytes = 512 * 1024;

export function eventRoutes({ app }: House): readonly Route[] {
  return [
    defineRoute({
      method: "POST",
      path: "/events",
      access: "signed",
      summary: "Take an event (CloudEvents 1.0 as JSON), signed as Standard Webhooks",
      bodyMaxBytes: eventMaxBytes,
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
  if (!standardSignatureHolds(secret, body, standardHeaders(headers), Date.now())) return UNSIGNED;
  return taken(app, "http", null, () => parseEnvelopeText(new TextDecoder().decode(body)));
}

async function postedHook(app: App, call: Call): Promise<Answer> {
  const { hooks } = app.config.events;
  const name = call.params["name"] ?? "";
  const hook = Object.hasOwn(hooks, name) ? hooks[name] : undefined;
  // Who knows no secret is not told which hooks there are.
  if (hook === undefined) return UNSIGNED;
  const request = requestOf(call);
  if (!senderHolds(hook, request, Date.now())) return UNSIGNED;
  // Where the time is signed, a repeated body is the sender's business.
  const bytes = hook.provider === "standard" || hook.provider === "generic" ? null : fingerprint(request);
  return taken(app, `hook ${name}`, bytes, () => hookEvent(name, hook, request));
}

async function taken(app: App, via: string, bytes: string | null, read: () => Envelope): Promise<Answer> {
  let event: Envelope;
  try {
    event = read();
  } catch (error) {
    if (!(error instanceof CtmError)) throw error;
    return { status: error.code === "refused" ? 403 : 400, json: { error: failureOf(error) } };
  }
  try {
    const { seq, duplicate } = await app.events.takeShared(event, { foreign: true, via, fingerprint: bytes });
    return duplicate
      ? { status: 200, json: { duplicate: true, event: seq } }
      : { status: 202, json: { accepted: true, event: seq } };
  } catch (error) {
    if (!(error instanceof CtmError) || error.code !== "refused") throw error;
    return { status: 503, json: { error: failureOf(error) }, headers: { "retry-after": "60" } };
  }
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
const NOTHING_HERE: Answer = refusal(404, "there is nothing at this address");

function refusal(status: number, message: string): Answer {
  return { status, json: { error: { code: "refused", message, details: [] } } };
}

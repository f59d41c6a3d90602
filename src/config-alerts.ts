/** What the configuration file may say of alerts: what about, how loud, when, and where they go. */
import { isIP } from "node:net";
import * as z from "zod";
import { ALERT_KINDS, SEVERITIES, type AlertKind, type Severity } from "./alerts/alert.ts";
import type { QuietHours } from "./alerts/quiet-hours.ts";
import {
  choice,
  command,
  entries,
  number,
  secretText,
  section,
  text,
  timeZone,
  wholeNumber,
  yesOrNo,
} from "./config-rules.ts";
import type { UserCommandSetting } from "./channels/user-command.ts";
import type { WebhookSetting } from "./channels/webhook.ts";

interface From {
  /** Quieter alerts are not for it. */
  readonly from: Severity;
}

export interface AlertsConfig {
  /** Which kinds of alerts there are at all. */
  readonly about: Readonly<Record<AlertKind, boolean>>;
  readonly groupMs: number;
  readonly rearmMs: number;
  readonly perTenMinutes: number;
  readonly quietHours: QuietHours | null;
  readonly burnRate: { readonly fast: number | null; readonly slow: number | null };
  /** The least severity that is shown; null = none is. */
  readonly desktop: Severity | null;
  readonly bell: Severity | null;
  readonly commands: Readonly<Record<string, UserCommandSetting & From>>;
  readonly webhooks: Readonly<Record<string, WebhookSetting & From>>;
}

type Said = z.output<ReturnType<typeof alerts>>;

const severity = () => choice(SEVERITIES);
const OPTIONAL = {
  from: severity()
    .optional()
    .transform((from) => from ?? "info"),
  timeoutMs: wholeNumber(100, 60_000)
    .optional()
    .transform((timeoutMs) => timeoutMs ?? 10_000),
};
const path = () =>
  secretText()
    .min(1, { error: "must be a file" })
    .optional()
    .transform((file) => file ?? null);

/** The section `alerts`. */
export function alerts() {
  return section({
    about: section(
      Object.fromEntries(ALERT_KINDS.map((kind) => [kind, yesOrNo()])) as Record<
        AlertKind,
        ReturnType<typeof yesOrNo>
      >,
    ),
    groupMs: wholeNumber(0, 600_000),
    rearmMs: wholeNumber(0, 86_400_000),
    perTenMinutes: wholeNumber(1, 1_000),
    quietHours: section({ from: timeOfDay(), to: timeOfDay(), timeZone: timeZone().optional() })
      .refine(({ from, to }) => from !== to, { error: "must begin and end at different times" })
      .nullable(),
    burnRate: section({ fast: number(0.1, 1_000).nullable(), slow: number(0.1, 1_000).nullable() }),
    desktop: severity().nullable(),
    bell: severity().nullable(),
    commands: entries(NAME, NAME_WORDS, section({ run: program(), ...OPTIONAL })),
    webhooks: entries(
      NAME,
      NAME_WORDS,
      section({
        url: webhookUrl(),
        secretEnv: text(/^[A-Za-z_][A-Za-z0-9_]{0,199}$/, "the name of an environment variable")
          .optional()
          .transform((name) => name ?? null),
        secretFile: path(),
        ...OPTIONAL,
      }).refine(({ secretEnv, secretFile }) => secretEnv === null || secretFile === null, {
        error: "must not name both secretEnv and secretFile",
      }),
    ),
  }).refine(
    ({ commands, webhooks }) => !Object.keys(commands).some((name) => Object.hasOwn(webhooks, name)),
    {
      error: "must not give a command and a webhook the same name",
    },
  );
}

/** As the product takes it. `zone`: of quiet hours that name none; `resolved`: an absolute path. */
export function alertsConfig(said: Said, zone: string, resolved: (path: string) => string): AlertsConfig {
  const { quietHours, webhooks } = said;
  return {
    ...said,
    quietHours:
      quietHours === null
        ? null
        : {
            fromMinute: quietHours.from,
            toMinute: quietHours.to,
            timeZone: quietHours.timeZone ?? zone,
          },
    webhooks: Object.fromEntries(
      Object.entries(webhooks).map(([name, hook]) => [
        name,
        { ...hook, secretFile: hook.secretFile === null ? null : resolved(hook.secretFile) },
      ]),
    ),
  };
}

/** `desktop` and `bell` are channels of their own. */
const NAME = /^(?!(?:desktop|bell)$)[a-z][a-z0-9_-]{0,39}$/;
const NAME_WORDS = "a short name in lower case, and not desktop or bell";

function program() {
  return command().refine((words) => words.length > 0, { error: "must begin with a program" });
}

/** Minutes after midnight. */
function timeOfDay() {
  const clock = text(/^(?:[01]?\d|2[0-3]):[0-5]\d$/, 'a time of day in quotes, such as "22:00"');
  return clock.transform((said) => {
    const [hours = 0, minutes = 0] = said.split(":").map(Number);
    return hours * 60 + minutes;
  });
}

/**
 * Plain http only to this machine. Never an address of the link itself, where clouds keep the credentials of their
 * machines; and no password in it, which belongs into no file that is shown. It is not repeated in messages.
 */
function webhookUrl() {
  return secretText()
    .refine((address) => URL.canParse(address) && /^https?:$/.test(new URL(address).protocol), {
      error: "must be an address such as https://example.org/hook",
      abort: true,
    })
    .refine((address) => {
      const { username, password } = new URL(address);
      return username === "" && password === "";
    }, "must hold no name and no password")
    .refine((address) => {
      const { protocol, hostname } = new URL(address);
      return protocol === "https:" || isLoopback(hostname);
    }, "must be https, but to this machine itself")
    .refine((address) => !isLinkLocal(new URL(address).hostname), "must not be a link-local address");
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === "localhost" || hostname === "[::1]" || (isIP(hostname) === 4 && hostname.startsWith("127."))
  );
}

function isLinkLocal(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, "");
  if (isIP(bare) === 4) return bare.startsWith("169.254.");
  return isIP(bare) === 6 && /^(?:fe[89ab]|::ffff:a9fe:)/i.test(bare);
}

/** A program of the person's: it gets the message as JSON on standard input. No shell is between. */
import { faultPoint } from "../faults/fault-point.ts";
import type { Channel, Delivered, Delivery } from "./channel.ts";

const RUN = faultPoint("alert.command");

const attemptsMax = 3;
const outputMaxBytes = 64 * 1024;
const faultMaxChars = 200;

export interface UserCommandSetting {
  /** Program and fixed arguments. */
  readonly run: readonly string[];
  readonly timeoutMs: number;
}

/** `env`: all the environment it gets, beside the few names that say what it is called for. */
export function commandChannel(
  name: string,
  from: Channel["from"],
  { run, timeoutMs }: UserCommandSetting,
  env: () => Readonly<Record<string, string>>,
): Channel {
  const [program = "", ...args] = run;
  return {
    name,
    from,
    place: program,
    attemptsMax,
    deliver: (delivery) => told(program, args, timeoutMs, { ...env(), ...namesOf(delivery) }, delivery.json),
  };
}

function namesOf({ id, severity, title }: Delivery): Record<string, string> {
  return { CTM_ALERT_ID: id, CTM_ALERT_SEVERITY: severity, CTM_ALERT_TITLE: title };
}

async function told(
  program: string,
  args: readonly string[],
  timeoutMs: number,
  env: Readonly<Record<string, string>>,
  input: string,
): Promise<Delivered> {
  const { execa } = await import("execa");
  try {
    const ran = await RUN.passAsync(async () =>
      execa(program, args, {
        ...{ env, input, extendEnv: false, reject: false, stdout: "ignore" },
        timeout: timeoutMs,
        forceKillAfterDelay: 1_000,
        maxBuffer: outputMaxBytes,
      }),
    );
    if (ran.timedOut) return { kind: "failed", fault: `it took longer than ${timeoutMs / 1_000} s` };
    // One that does not read its input, or prints much, has been told all the same.
    if (ran.exitCode === 0 || ran.isMaxBuffer) return { kind: "done" };
    if (ran.exitCode === undefined) return { kind: "failed", fault: "it cannot be started" };
    return { kind: "failed", fault: `exit code ${ran.exitCode}${words(ran.stderr)}` };
  } catch {
    return { kind: "failed", fault: "it cannot be started" };
  }
}

/** The first line it complained with. */
function words(stderr: string): string {
  const line = (stderr.trim().split("\n", 1)[0] ?? "").replace(/\p{Cc}/gu, " ").slice(0, faultMaxChars);
  return line === "" ? "" : `: ${line}`;
}

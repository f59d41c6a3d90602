/**
 * A notification of the desktop, by the program that comes with it: notify-send on Linux, osascript on macOS. Libraries
 * for it start just these, through a shell and with programs of their own in the package; agents' words go through no
 * shell here.
 */
import { faultPoint } from "../faults/fault-point.ts";
import type { Severity } from "../alerts/alert.ts";
import type { Channel, Delivered, Delivery } from "./channel.ts";

const SHOW = faultPoint("alert.desktop");

const attemptsMax = 2;
const timeoutMs = 5_000;

/** How this machine shows notifications. */
export interface Desktop {
  readonly platform: string;
  readonly env: Readonly<Record<string, string>>;
  /** Path of a program that is installed, or null. */
  find(program: string): string | null;
}

/** The program that shows them, or why there is none. */
export function desktopProgram({ platform, env, find }: Desktop): { program: string } | { fault: string } {
  const name = platform === "darwin" ? "osascript" : "notify-send";
  if (platform !== "darwin" && !hasSession(env))
    return { fault: "no desktop: none of DISPLAY, WAYLAND_DISPLAY, DBUS_SESSION_BUS_ADDRESS is set" };
  const program = find(name);
  return program === null ? { fault: `${name} is not on the PATH` } : { program };
}

function hasSession(env: Readonly<Record<string, string>>): boolean {
  return ["DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS"].some((name) => (env[name] ?? "") !== "");
}

/** Null: there is none here, nothing is shown, and nothing fails. */
export function desktopChannel(from: Severity, desktop: Desktop): Channel | null {
  const found = desktopProgram(desktop);
  if ("fault" in found) return null;
  const { program } = found;
  const { platform, env } = desktop;
  const deliver: Channel["deliver"] = (delivery) => show(program, argumentsOf(platform, delivery), env);
  return { name: "desktop", from, place: program, attemptsMax, deliver };
}

async function show(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Delivered> {
  const { execa } = await import("execa");
  try {
    const ran = await SHOW.passAsync(async () =>
      execa(program, args, {
        ...{ env, extendEnv: false, reject: false, stdin: "ignore" },
        ...{ timeout: timeoutMs, maxBuffer: 4_096 },
      }),
    );
    if (ran.exitCode === 0) return { kind: "done" };
    return { kind: "failed", fault: ran.timedOut ? "no answer of the desktop" : "the desktop refused it" };
  } catch {
    return { kind: "failed", fault: "it cannot be started" };
  }
}

const SCRIPT = [
  "on run argv",
  "display notification (item 2 of argv) with title (item 1 of argv)",
  "end run",
];

function argumentsOf(platform: string, { severity, title, lines }: Delivery): string[] {
  const body = lines.join("\n");
  if (platform === "darwin") return [...SCRIPT.flatMap((line) => ["-e", line]), `ctm: ${title}`, body];
  const urgency = { info: "low", warning: "normal", critical: "critical" }[severity];
  return ["--app-name=ctm", `--urgency=${urgency}`, "--", `ctm: ${title}`, escaped(body)];
}

/** Desktops take the body for a little HTML. */
function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

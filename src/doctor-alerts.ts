/** The doctor's look at alerts: does each channel have what it needs? Nothing is sent. */
import { statSync } from "node:fs";
import { thisDesktop } from "./alert-channels.ts";
import { keyOf, secretFault } from "./channels/webhook.ts";
import { desktopProgram } from "./channels/desktop.ts";
import { processEnvironment, type Config } from "./config.ts";
import type { DoctorCheck } from "./reports/doctor.ts";
import { findProgram } from "./workers/agent-finder.ts";

/** One line a channel; one that says so when there is none. */
export async function alertChecks({ alerts, workers }: Config): Promise<DoctorCheck[]> {
  const { desktop, bell, commands, webhooks } = alerts;
  const checks = [
    ...(desktop === null ? [] : [desktopCheck(workers.cwd)]),
    ...(bell === null ? [] : [note("ok", "bell: rings at the prompt")]),
    ...Object.entries(commands).map(([name, { run }]) => commandCheck(name, run[0] ?? "", workers.cwd)),
    ...(await Promise.all(Object.entries(webhooks).map(([name, hook]) => webhookCheck(name, hook)))),
  ];
  return checks.length > 0
    ? checks
    : [note("ok", "no channel: nothing is sent (section alerts of the configuration)")];
}

function desktopCheck(cwd: string): DoctorCheck {
  const found = desktopProgram(thisDesktop(cwd));
  if ("program" in found) return note("ok", `desktop: ${found.program}`);
  const remedy = "Nothing is shown there; install libnotify's notify-send, or take another channel.";
  return note("warn", `desktop: ${found.fault}`, remedy);
}

function commandCheck(name: string, program: string, cwd: string): DoctorCheck {
  const path = findProgram(program, processEnvironment()["PATH"] ?? "", cwd);
  if (path !== null) return note("ok", `${name}: ${path}`);
  return note(
    "fail",
    `${name}: ${program} is not on the PATH`,
    `Name its program: alerts.commands.${name}.run.`,
  );
}

async function webhookCheck(name: string, hook: Config["alerts"]["webhooks"][string]): Promise<DoctorCheck> {
  const { origin } = new URL(hook.url);
  const key = await keyOf(hook, processEnvironment());
  if (key === "bad") return note("fail", `${name}: ${secretFault(hook)}`, "Nothing is sent before it does.");
  if (key === null)
    return note("ok", `${name}: ${origin}, not signed`, "Name a secret: secretEnv or secretFile.");
  if (hook.secretFile !== null && (statSync(hook.secretFile).mode & 0o077) !== 0)
    return note("warn", `${name}: others can read its secret`, `chmod 600 ${hook.secretFile}`);
  return note("ok", `${name}: ${origin}, signed`);
}

function note(verdict: DoctorCheck["verdict"], found: string, remedy: string | null = null): DoctorCheck {
  return { name: "alerts", verdict, found, remedy };
}

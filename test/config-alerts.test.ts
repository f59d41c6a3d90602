import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { CtmError } from "../src/base/errors.ts";
import { loadConfig, type Config } from "../src/config.ts";
import { alertChecks } from "../src/doctor-alerts.ts";

const folder = mkdtempSync(join(tmpdir(), "ctm-config-alerts-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function alertsOf(yaml: string): Promise<Config> {
  const file = join(folder, "ctm.yaml");
  writeFileSync(file, `throttle: { timeZone: Europe/Berlin }\nalerts: ${yaml}\n`, { mode: 0o600 });
  return loadConfig({ overrides: { configFile: file }, env: { HOME: folder }, cwd: folder });
}

it("channels, quiet hours and secrets are read", async () => {
  const { alerts } = await alertsOf(`
  desktop: critical
  about: { batches: false }
  quietHours: { from: "22:30", to: "7:00" }
  commands: { say: { run: [say, alert], from: warning } }
  webhooks:
    team: { url: "https://example.org/h?t=1", secretFile: secret }
    local: { url: "http://127.0.0.1:8080/", secretEnv: HOOK, timeoutMs: 500 }`);
  expect(alerts).toMatchObject({
    desktop: "critical",
    bell: null,
    about: { batches: false, levels: true },
    quietHours: { fromMinute: 1_350, toMinute: 420, timeZone: "Europe/Berlin" },
    commands: { say: { run: ["say", "alert"], from: "warning", timeoutMs: 10_000 } },
    webhooks: {
      team: { secretEnv: null, secretFile: join(folder, "secret"), from: "info" },
      local: { secretEnv: "HOOK", timeoutMs: 500 },
    },
  });
});

it.each([
  [
    `{ quietHours: { from: "22:00", to: "22:00" } }`,
    "alerts.quietHours must begin and end at different times",
  ],
  [`{ quietHours: { from: "25:00", to: "7:00" } }`, "alerts.quietHours.from must be a time of day"],
  [`{ about: { level: true } }`, "did you mean levels?"],
  [`{ desktop: loud }`, "must be one of info, warning, critical"],
  [`{ commands: { say: { run: [] } } }`, "alerts.commands.say.run must begin with a program"],
  [`{ commands: { bell: { run: [x] } } }`, "a short name in lower case, and not desktop or bell"],
  [`{ webhooks: { a: { url: ftp://x/ } } }`, "must be an address such as"],
  [`{ webhooks: { a: { url: "http://example.org/" } } }`, "must be https, but to this machine itself"],
  [`{ webhooks: { a: { url: "https://169.254.169.254/" } } }`, "must not be a link-local address"],
  [`{ webhooks: { a: { url: "https://2852039166/" } } }`, "must not be a link-local address"],
  [`{ webhooks: { a: { url: "https://[fe80::1]/" } } }`, "must not be a link-local address"],
  [`{ webhooks: { a: { url: "https://[::ffff:169.254.1.1]/" } } }`, "must not be a link-local address"],
  [`{ webhooks: { a: { url: "https://u:hunter22@example.org/" } } }`, "must hold no name and no password"],
  [`{ webhooks: { a: { url: "https://x/", secretEnv: A, secretFile: b } } }`, "must not name both"],
  [`{ commands: { a: { run: [x] } }, webhooks: { a: { url: "https://x/" } } }`, "the same name"],
  [`{ perTenMinutes: 0 }`, "alerts.perTenMinutes must be a whole number from 1 to 1000"],
])("%s is a fault", async (yaml, fault) => {
  const error: unknown = await alertsOf(yaml).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CtmError);
  const text = error instanceof CtmError ? [error.message, ...error.details].join("\n") : "";
  expect(text).toContain(fault);
  expect(text).not.toContain("hunter22");
});

it("the doctor says what each channel lacks, and no secret", async () => {
  writeFileSync(join(folder, "secret"), `whsec_${"A".repeat(32)}`, { mode: 0o644 });
  writeFileSync(join(folder, "bad"), "hunter22", { mode: 0o600 });
  const config = await alertsOf(`
  bell: info
  commands: { run: { run: [${process.execPath}] }, none: { run: [no-such-program-here] } }
  webhooks:
    open: { url: "https://example.org/h?token=abc", secretFile: secret }
    bad: { url: "https://example.org/", secretFile: bad }
    plain: { url: "https://example.org/" }`);
  const checks = await alertChecks(config);
  expect(checks.map(({ verdict, found }) => `${verdict} ${found}`)).toEqual([
    "ok bell: rings at the prompt",
    `ok run: ${process.execPath}`,
    "fail none: no-such-program-here is not on the PATH",
    "warn open: others can read its secret",
    expect.stringMatching(/^fail bad: .*holds no webhook secret/),
    "ok plain: https://example.org, not signed",
  ]);
  expect(JSON.stringify(checks)).not.toMatch(/hunter22|token|AAAA/);
  expect(await alertChecks(await alertsOf("{}"))).toMatchObject([{ verdict: "ok" }]);
});

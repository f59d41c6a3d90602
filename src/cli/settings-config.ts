/** The configuration, with what stands on the command line over it. */
import { loadConfig, type Config, type ConfigOverrides } from "../config.ts";
import type { Settings } from "./arguments.ts";

/** Throws CtmError `config`. */
export async function configOf(settings: Settings): Promise<Config> {
  return loadConfig({ overrides: overridesOf(settings) });
}

export function overridesOf(settings: Settings): ConfigOverrides {
  const { config, ...flags } = settings;
  return { ...pick(flags), ...(config === undefined ? {} : { configFile: config }) };
}

function pick(flags: Settings): ConfigOverrides {
  const { stateDir, workers, agent, context, profile, pauseAt, preferCheap, redis } = flags;
  const given = { stateDir, workers, agent, context, profile, pauseAt, preferCheap, redis };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/**
 * The defaults, in the form a person writes them in the file: the one table. A file is laid over it, so a section
 * or key that is left out, or left empty, keeps what stands here.
 */

export const DEFAULTS = {
  workers: {
    count: 3,
    agent: "auto",
    cols: 200,
    rows: 50,
    /** null = the folder ctm was started in. */
    cwd: null,
    restart: { firstDelayMs: 1_000, maxDelayMs: 60_000, maxInRow: 5 },
  },
  context: "clear",
  agents: {
    claude: {
      command: ["claude"],
      mode: "interactive",
      permissionMode: null,
      env: {},
      models: { cheap: "haiku", premium: "sonnet" },
    },
    codex: {
      command: ["codex"],
      mode: "interactive",
      permissionMode: null,
      env: {},
      models: { cheap: null, premium: null },
    },
    gemini: {
      command: ["gemini"],
      permissionMode: null,
      env: {},
      models: { cheap: "gemini-2.5-flash", premium: "gemini-2.5-pro" },
    },
    opencode: {
      command: ["opencode"],
      mode: "headless",
      permissionMode: null,
      env: {},
      models: { cheap: null, premium: null },
    },
    shell: {
      command: ["sh"],
      permissionMode: null,
      env: {},
      models: { cheap: null, premium: null },
    },
    rehearsal: {
      /** Empty: the program that comes with the product. */
      command: [],
      permissionMode: null,
      env: {},
      models: { cheap: "haiku", premium: "sonnet" },
    },
  },
  routes: {
    ui: { name: "comet", agent: null, model: "cheap" },
    coding: { name: "codex", agent: null, model: "premium" },
    documentation: { name: "haiku", agent: null, model: "cheap" },
    analysis: { name: "codex", agent: null, model: "premium" },
  },
  preferCheap: false,
  estimate: { overheadTokens: 1_000, minSamples: 20 },
  limits: {
    windows: { hour: "rolling", day: "calendar", week: "calendar", month: "calendar" },
    worker: {
      tokens: { hour: "100K", day: "1M", month: null },
      cost: { hour: null, day: null, month: null },
    },
    global: {
      tokens: { hour: "500K", day: "5M", month: null },
      cost: { hour: 5, day: 50, month: 1_000 },
    },
    workers: {},
    models: {},
    agents: {},
  },
  throttle: {
    /** null = the machine's own. */
    timeZone: null,
    criticalHeadroomPercent: 5,
    pauseAt: null,
    hardStop: false,
    oversized: "run",
    countCacheReads: false,
    taskCap: null,
    /** What `focus on` keeps of each limit. */
    focusPercent: 25,
  },
  prices: { profile: "list", overrides: {} },
  auto: { tickMs: 10_000 },
  /** null = idle workers keep their sessions. */
  sleep: { afterMinutes: null },
  accounts: {
    autoResume: true,
    resumeWords: "The usage limit is over. Please continue where you stopped.",
    reservePercent: 0,
    named: {},
  },
  /** null = ctm.roster.yaml in the folder workers start in, or one above it. */
  roster: { file: null, metrics: ".claude/metrics" },
  /** Where reports made by a schedule go; null = reports in the state folder. */
  reports: { folder: null },
  /** null = where each agent keeps its records. */
  usage: { external: true, folders: { claude: null, codex: null, gemini: null, opencode: null } },
  /** Port 0 = any that is free. */
  telemetry: { receive: false, port: 0 },
  /** The first free port of ten, from this one on; hosts: further names it may be called by. */
  dashboard: { enabled: true, bind: "127.0.0.1", port: 3847, hosts: [] },
  /** url null = Redis is not used. */
  redis: { url: null, prefix: "ctm" },
  /** secret null = events are taken over HTTP from hooks alone. */
  events: { inbox: true, keepDays: 30, dedupeHours: 24, secret: null, hooks: {} },
  triggers: {},
  alerts: {
    about: {
      levels: true,
      budgets: true,
      findings: true,
      questions: true,
      escalations: true,
      workers: true,
      accounts: true,
      storage: true,
      batches: true,
      burnRate: true,
    },
    groupMs: 5_000,
    rearmMs: 300_000,
    perTenMinutes: 6,
    quietHours: null,
    /** Times the even rate of the month's money: over 1 h and 5 min, and over 6 h and 30 min. */
    burnRate: { fast: 3, slow: 2 },
    desktop: null,
    bell: null,
    commands: {},
    webhooks: {},
  },
} as const;

/**
 * `file` laid over `defaults`: sections are merged key by key, everything else is replaced. What the file has
 * where a section is expected, and is none, is kept as it is for the validation to name.
 */
export function overDefaults(defaults: unknown, file: unknown): unknown {
  if (file === undefined) return defaults;
  if (!isSection(defaults)) return file;
  if (file === null) return defaults;
  if (!isSection(file)) return file;
  // Without a prototype: a key of the file may be called __proto__.
  const merged = Object.create(null) as Record<string, unknown>;
  for (const key of new Set([...Object.keys(defaults), ...Object.keys(file)])) {
    merged[key] = overDefaults(own(defaults, key), own(file, key));
  }
  return merged;
}

function own(section: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(section, key) ? section[key] : undefined;
}

/** Is this a map of keys, as opposed to a list or a single value? */
export function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The text of a first configuration file: every key there is, commented out, with its default. A line of
 * explanation begins with "# " and a word; a line of YAML with "#" and the YAML, indentation and all.
 */

export const INIT_CONFIG = `# Configuration of ctm. Everything here is optional and shows its default: take the # away from the lines
# you want to change, and from the sections they stand in.
# It is looked for as --config FILE, then $CTM_CONFIG, then ctm.yaml in this folder or one above it, then
# ctm/ctm.yaml in $XDG_CONFIG_HOME (or ~/.config). Flags go over the file.

# The workers: how many (1 to 100), and which agent each runs: claude, codex, gemini, opencode, shell, rehearsal, one
# declared under agents, or auto: the first of claude and codex that is installed, else rehearsal (which spends
# nothing, and says so).
# cwd is the folder they start in: null = the one ctm was started in.
# restart: a worker that dies is started again after a pause that grows, so many times in a row at most.
#workers:
#  count: 3
#  agent: auto
#  cols: 200
#  rows: 50
#  cwd: null
#  restart:
#    firstDelayMs: 1000
#    maxDelayMs: 60000
#    maxInRow: 5

# Between two tasks of a worker: keep the conversation, clear it when the next task is of another type or
# project, or start fresh for every task.
#context: clear

# The agents: program and fixed arguments (a list, no shell in between), the agent's own permission mode
# (null = its default), environment (values in quotes; they reach the agent by a private file, never as an
# argument), and what the words cheap and premium mean as its models (null = its own default model).
# An empty command of rehearsal is the program that comes with ctm. mode: interactive = one session for many tasks,
# typed into; headless = one process a task (claude -p, codex exec). Other agents are declared under a name of their
# own, with at least command and done: see "An agent of your own" in the README.
#agents:
#  claude:
#    command: [claude]
#    mode: interactive
#    permissionMode: null
#    env: {}
#    models: { cheap: haiku, premium: sonnet }
#  codex:
#    command: [codex]
#    mode: interactive
#    permissionMode: null
#    env: {}
#    models: { cheap: null, premium: null }
#  gemini:
#    command: [gemini]
#    permissionMode: null
#    env: {}
#    models: { cheap: gemini-2.5-flash, premium: gemini-2.5-pro }
#  opencode:
#    command: [opencode]
#    mode: headless
#    permissionMode: null
#    env: {}
#    models: { cheap: null, premium: null }
#  shell:
#    command: [sh]
#    permissionMode: null
#    env: {}
#    models: { cheap: null, premium: null }
#  rehearsal:
#    command: []
#    permissionMode: null
#    env: {}
#    models: { cheap: haiku, premium: sonnet }

# Where a task goes by its type. agent: null = the workers' own; model: cheap, premium, or a name of the agent's.
#routes:
#  ui: { name: comet, agent: null, model: cheap }
#  coding: { name: codex, agent: null, model: premium }
#  documentation: { name: haiku, agent: null, model: cheap }
#  analysis: { name: codex, agent: null, model: premium }

# true = every task goes to the cheapest model, unless the task itself names one.
#preferCheap: false

# The estimate of a prompt: a quarter of its characters plus overheadTokens. From minSamples finished tasks of a
# kind on, what is reserved is what nine in ten of them are forecast to use; before that it is drawn to the default.
#estimate:
#  overheadTokens: 1000
#  minSamples: 20

# The limits. tokens: 250000, 100K, 5M; cost: dollars, 5 or 5.50; null = no limit.
# worker holds for each worker, global for all together; the worst of all limits that apply rules.
# Limits of their own by name: workers: { w2: { tokens: { hour: 50K } } }, models: { opus: { cost: { day: 10 } } },
# agents: { codex: { cost: { hour: 2 } } }.
# windows: rolling = the last 60 minutes, 24 hours, 7 or 30 days; calendar = the hour, day, week or month of the time
# zone.
# One limit alone can differ: hour: { amount: 100K, form: calendar }.
#limits:
#  windows: { hour: rolling, day: calendar, week: calendar, month: calendar }
#  worker:
#    tokens: { hour: 100K, day: 1M, month: null }
#    cost: { hour: null, day: null, month: null }
#  global:
#    tokens: { hour: 500K, day: 5M, month: null }
#    cost: { hour: 5, day: 50, month: 1000 }
#  workers: {}
#  models: {}
#  agents: {}

# How the limits act. timeZone: null = the machine's own, else e.g. Europe/Berlin.
# criticalHeadroomPercent: how far above a limit critical tasks may go.
# pauseAt: warning, soft, hard or critical = nothing but critical tasks starts at that level or above.
# hardStop: true = at 100 % of a cost limit not even critical tasks start.
# oversized: what happens to a task that is larger than a whole window: run (alone), ask, refuse.
# countCacheReads: do tokens read from a cache count against token limits? (They always count as cost.)
# taskCap: what one task may use (50K or "$1.50") before its agent is stopped and you are asked; null = no cap.
# focusPercent: how much of each limit \`focus on\` keeps for you.
#throttle:
#  timeZone: null
#  criticalHeadroomPercent: 5
#  pauseAt: null
#  hardStop: false
#  oversized: run
#  countCacheReads: false
#  taskCap: null
#  focusPercent: 25

# Prices: a named profile (list = dated list prices), and your own in dollars per million tokens, e.g.
# overrides: { my-model: { input: 3, output: 15, cacheRead: 0.3, cacheWrite5m: 3.75, cacheWrite1h: 6 } }
# Further keys of an override: longPrompt: { aboveTokens: 200000, input: 6, output: 22.5 }, fast: 2 and batch: 0.5
# (factors of the price), webSearches: 10 (dollars for a thousand), from: 2026-12-01 (the first day it counts).
#prices:
#  profile: list
#  overrides: {}

# The safety tick of auto mode. Work starts on events; the tick only finds what an event has missed.
#auto:
#  tickMs: 10000

# Sleep: a worker without work for so many minutes has its session stopped; its next task starts its agent again in the
# conversation it had. null = never. An idle agent costs memory and no tokens.
#sleep: { afterMinutes: null }

# Accounts: the credentials agents run with. Where a provider lets nothing through (a used-up limit, no credit, a lost
# login), the account is parked and not the task: its attempt waits in its conversation, other accounts go on.
# autoResume: when the account is free again it goes on, told so by resumeWords. reservePercent of the provider's own
# windows is kept for you. named: further accounts, used by spawn --account NAME, e.g.
# work: { agent: claude, env: { CLAUDE_CONFIG_DIR: /home/me/.claude-work } }
#accounts:
#  autoResume: true
#  resumeWords: The usage limit is over. Please continue where you stopped.
#  reservePercent: 0
#  named: {}

# The hierarchy of agents: see \`ctm roster init\`. file: null = ctm.roster.yaml in the folder workers start in, or one
# above it. metrics: the folder of the metrics files, beside the roster if it is not absolute; null = none are written.
#roster: { file: null, metrics: .claude/metrics }

# Reports made by a schedule (\`report weekly --on monday-08:00\`) go into this folder; null = reports in the state
# folder.
#reports: { folder: null }

# What \`usage\` counts: folders the agents keep their records in, as lists. null = where each keeps them by itself
# (also by CLAUDE_CONFIG_DIR, CODEX_HOME, GEMINI_DATA_DIR, OPENCODE_DATA_DIR); [] = none.
# external: are your own sessions in these folders looked for, and counted against limits on agents?
#usage:
#  external: true
#  folders: { claude: null, codex: null, gemini: null, opencode: null }

# Telemetry: may Claude Code and Gemini CLI tell ctm of each response themselves, to be held against their records? It
# is shown beside what is booked, and never counted. Received on 127.0.0.1 alone; port 0 = any that is free.
#telemetry:
#  receive: false
#  port: 0

# The dashboard: pages and an API for this machine, beside the prompt and \`ctm serve\`. \`ctm dashboard\` shows the link
# with its key. port: the first of ten that are tried; 0 = any that is free. bind: open to the network (0.0.0.0) it is
# not encrypted, and hosts must name how it will be called there.
#dashboard: { enabled: true, bind: 127.0.0.1, port: 3847, hosts: [] }

# Redis: events are taken from the stream PREFIX:events, what happens is told on the channel PREFIX:live.
#redis: { url: null, prefix: ctm }
# Alerts for when you are elsewhere. Channels: desktop (notifications) and bell (at the prompt), each with the least
# severity it is for (info, warning, critical; null = off); commands of yours, which get the alert as JSON on standard
# input; webhooks, signed as Standard Webhooks has it. See "Alerts" in the README.
# about: which kinds there are. groupMs: so long an alert waits for others; rearmMs: so long a thing must have been
# better before it alerts again; perTenMinutes: messages a channel gets (critical ones as many again).
# quietHours: { from: "22:00", to: "07:00" } keeps all but critical alerts for the morning.
# burnRate: times the even rate of the month's money, over 1 h and 5 min (fast), and over 6 h and 30 min (slow).
#alerts:
#  about:
#    levels: true
#    budgets: true
#    findings: true
#    questions: true
#    escalations: true
#    workers: true
#    accounts: true
#    storage: true
#    batches: true
#    burnRate: true
#  groupMs: 5000
#  rearmMs: 300000
#  perTenMinutes: 6
#  quietHours: null
#  burnRate: { fast: 3, slow: 2 }
#  desktop: null
#  bell: null
#  commands: {}
#  webhooks: {}

# How events are taken in. inbox: files put into events/inbox of the state folder. secret: whoever signs with it may
# POST any event; hooks: places services send to. A source's event with the same id is the same one for dedupeHours.
#events:
#  inbox: true
#  keepDays: 30
#  dedupeHours: 24
#  secret: null
#  hooks: {}
# for example: ci: { provider: github, secret: A-LONG-SECRET, repositories: [me/app] }

# Which events wake whom. \`ctm triggers schema\` describes every key, \`ctm triggers test FILE\` tries one.
#triggers: {}
# for example: review: { on: git.review_requested, wake: claude, prompt: "Review {{data.url}}", cooldown: 10m }
`;

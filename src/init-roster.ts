/**
 * The text of a first roster: three tiers, ten departments, 5 + 10 + 32 agents. Eleven of the specialists stand in two
 * departments, so that each department has the number it is said to have.
 */

export const INIT_ROSTER = `# The roster of this project: who its agents are, and in which tier and departments they stand. It is looked for as
# roster.file of the configuration, else in the folder workers start in, or one above it. Rename, add and take away as
# you like: every count is computed from the agents. \`ctm roster\` shows it, \`ctm doctor\` compares it with what it
# says of itself, \`ctm roster schema\` prints a JSON Schema for editors.
#
# A task goes to the agent that is named (\`ctm add --as react-expert ...\`), else to one of the execution tier that takes
# its type, the one whose words (or whose department's words) stand in the text most. What a task, or a flag, says of
# model and agent CLI goes over what stands here.

# How much context one conversation may take in, and how much of it may be carried forward, in tokens (these are the
# defaults; an agent may have its own maxTokens and retainedTokens). At 80 % you are warned, at 100 % it is compacted.
# Every tier, department and agent, and the whole file, may have a budget of what it may spend:
# budget: { tokens: { day: 2M, week: null, month: 40M }, cost: { day: 10, month: 300 } }
tiers:
  strategic: { maxTokens: 128000, retainedTokens: 16000 }
  tactical: { maxTokens: 64000, retainedTokens: 8000 }
  execution: { maxTokens: 32000, retainedTokens: 4000 }

# types: the tasks its agents take (ui, coding, documentation, analysis). coordinator: whom they turn to.
# specialists: how many agents of the execution tier there should be; only the doctor looks at it.
departments:
  frontend:
    name: Frontend
    types: [ui]
    words: [frontend, page, layout, css, component, browser]
    coordinator: frontend-coordinator
    specialists: 4
  backend:
    name: Backend
    types: [coding]
    words: [backend, server, endpoint, service]
    coordinator: backend-coordinator
    specialists: 8
  testing:
    name: Testing
    types: [coding]
    words: [test, tests, testing, coverage]
    coordinator: testing-coordinator
    specialists: 3
  devops:
    name: DevOps
    types: [coding]
    words: [deploy, deployment, pipeline, docker, kubernetes, ci]
    coordinator: devops-coordinator
    specialists: 4
  data:
    name: Data
    types: [coding, analysis]
    words: [data, dataset, query, report]
    coordinator: data-coordinator
    specialists: 7
  mobile:
    name: Mobile
    types: [ui, coding]
    words: [mobile, phone, app, tablet]
    coordinator: mobile-coordinator
    specialists: 3
  documentation:
    name: Documentation
    types: [documentation]
    words: [documentation, docs, readme, guide]
    coordinator: documentation-coordinator
    specialists: 3
  integration:
    name: Integration
    types: [coding]
    words: [integration, webhook, third-party]
    coordinator: integration-coordinator
    specialists: 3
  security:
    name: Security
    types: [analysis]
    words: [security, vulnerability, secret, threat]
    coordinator: security-coordinator
    specialists: 4
  quality:
    name: Quality
    types: [analysis]
    words: [review, refactoring, quality]
    coordinator: quality-coordinator
    specialists: 4

# id: lower-case letters, digits and -; it becomes the name of a file. preamble: typed before the text of each of its
# tasks. Optional: name, model (cheap, premium, or as the agent CLI names it), agent (which CLI: claude, codex, ...),
# worker (only w2 may take its tasks), types (instead of its departments'), words, reportsTo, budget.
agents:
  # strategic: few, dear, asked by name
  - id: tech-lead-orchestrator
    name: Tech Lead Orchestrator
    tier: strategic
    model: premium
    preamble: "You plan: cut the task into parts, name who does each, and in which order."
  - id: project-analyst
    name: Project Analyst
    tier: strategic
    model: premium
    preamble: "You look at the whole project first, and say what a change touches."
  - id: architecture-advisor
    name: Architecture Advisor
    tier: strategic
    model: premium
    preamble: "You judge designs: what they cost later, and what would be simpler."
  - id: context-manager
    name: Context Manager
    tier: strategic
    model: premium
    preamble: "You keep contexts small: summarize what is done, and what must not be forgotten."
  - id: budget-controller
    name: Budget Controller
    tier: strategic
    model: premium
    preamble: "You watch what is spent, and say where it could be less."

  # tactical: one coordinator a department; what a specialist cannot do is handed up to it
  - { id: frontend-coordinator, tier: tactical, departments: [frontend], model: premium }
  - { id: backend-coordinator, tier: tactical, departments: [backend], model: premium }
  - { id: testing-coordinator, tier: tactical, departments: [testing], model: premium }
  - { id: devops-coordinator, tier: tactical, departments: [devops], model: premium }
  - { id: data-coordinator, tier: tactical, departments: [data], model: premium }
  - { id: mobile-coordinator, tier: tactical, departments: [mobile], model: premium }
  - { id: documentation-coordinator, tier: tactical, departments: [documentation], model: premium }
  - { id: integration-coordinator, tier: tactical, departments: [integration], model: premium }
  - { id: security-coordinator, tier: tactical, departments: [security], model: premium }
  - { id: quality-coordinator, tier: tactical, departments: [quality], model: premium }

  # execution: the specialists
  - { id: react-expert, tier: execution, departments: [frontend, mobile], model: cheap, words: [react, jsx, hook] }
  - { id: nextjs-specialist, tier: execution, departments: [frontend], model: cheap, words: [nextjs, next.js] }
  - { id: css-expert, tier: execution, departments: [frontend], model: cheap, words: [css, style, styling, responsive, layout] }
  - { id: accessibility-expert, tier: execution, departments: [frontend, quality], model: cheap, words: [accessibility, aria, contrast] }
  - { id: api-designer, tier: execution, departments: [backend, documentation], model: premium, words: [api, rest, openapi] }
  - { id: node-expert, tier: execution, departments: [backend], model: premium, words: [node, express, typescript] }
  - { id: python-expert, tier: execution, departments: [backend, data], model: premium, words: [python, django, pandas] }
  - { id: go-expert, tier: execution, departments: [backend], model: premium, words: [go, golang] }
  - { id: database-expert, tier: execution, departments: [backend, data], model: premium, words: [database, sql, schema, migration] }
  - { id: auth-expert, tier: execution, departments: [backend, security], model: premium, words: [authentication, auth, login, password] }
  - { id: messaging-expert, tier: execution, departments: [backend, data], model: premium, words: [queue, kafka, event, events] }
  - { id: graphql-expert, tier: execution, departments: [backend, integration], model: premium, words: [graphql] }
  - { id: unit-test-writer, tier: execution, departments: [testing, quality], model: premium, words: [unit, test, tests] }
  - { id: end-to-end-tester, tier: execution, departments: [testing], model: premium, words: [e2e, end-to-end, playwright] }
  - { id: load-tester, tier: execution, departments: [testing, quality], model: premium, words: [load, performance, benchmark] }
  - { id: pipeline-engineer, tier: execution, departments: [devops], model: premium, words: [pipeline, ci, build] }
  - { id: container-expert, tier: execution, departments: [devops, security], model: premium, words: [docker, container, image] }
  - { id: cloud-engineer, tier: execution, departments: [devops], model: premium, words: [cloud, terraform, kubernetes] }
  - { id: observability-engineer, tier: execution, departments: [devops], model: premium, words: [logging, metrics, tracing, alert] }
  - { id: etl-engineer, tier: execution, departments: [data], model: premium, words: [etl, import, export] }
  - { id: data-modeler, tier: execution, departments: [data], model: premium, words: [model, schema, warehouse] }
  - { id: ml-engineer, tier: execution, departments: [data], model: premium, words: [training, model, inference] }
  - { id: analytics-engineer, tier: execution, departments: [data], model: premium, words: [analytics, report, dashboard] }
  - { id: ios-expert, tier: execution, departments: [mobile], model: cheap, words: [ios, swift, iphone] }
  - { id: android-expert, tier: execution, departments: [mobile], model: cheap, words: [android, kotlin] }
  - { id: technical-writer, tier: execution, departments: [documentation], model: cheap, words: [readme, manual, documentation] }
  - { id: tutorial-writer, tier: execution, departments: [documentation], model: cheap, words: [tutorial, example, guide] }
  - { id: payment-expert, tier: execution, departments: [integration], model: premium, words: [payment, invoice, checkout] }
  - { id: webhook-expert, tier: execution, departments: [integration], model: premium, words: [webhook, callback] }
  - { id: security-auditor, tier: execution, departments: [security], model: premium, words: [vulnerability, audit, exploit] }
  - { id: dependency-auditor, tier: execution, departments: [security], model: premium, words: [dependency, dependencies, licence] }
  - { id: code-reviewer, tier: execution, departments: [quality], model: premium, words: [review, refactoring, readability] }
`;

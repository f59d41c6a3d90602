// Opens a ledger at a given moment, together with other processes that do the same: node open-at.mjs DIST STATE AT_MS
const [dist, stateDir, atMs] = process.argv.slice(2);
const { loadConfig, openApp } = await import(`${dist}/index.js`);
const config = await loadConfig({ overrides: { stateDir, agent: "rehearsal" }, cwd: "/" });
await import(`${dist}/index.js`);
while (Date.now() < Number(atMs)); // To the millisecond: the race is the point.
const app = await openApp(config, "offline");
const draft = {
  priority: "normal",
  cwd: "/",
  type: null,
  model: null,
  agent: null,
  worker: null,
  as: null,
  key: null,
  holdReason: null,
  retryLost: false,
};
app.submit({ ...draft, text: `task of ${process.pid}`, origin: "test" });
await app.close({ workers: "leave" });

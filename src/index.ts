/** The library's face. */
export { openApp, type App } from "./app.ts";

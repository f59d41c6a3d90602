/**
 * A script of its own, so small that it runs while the browser still reads the page: it asks what the first view needs, and the
 * answers are there when the page's own script is. Where it comes too late, that one has asked already.
 */
import { lookAhead } from "./api.ts";
import { firstQuestions } from "./first-questions.ts";

if (globalThis.ctmAsked === undefined || globalThis.ctmAsked.size === 0)
  for (const path of firstQuestions(location.hash)) lookAhead(path);

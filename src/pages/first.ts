/**
 * A script that stands in the page itself, and runs as soon as the browser reads that: it asks what the first view needs,
 * and the answers are there when the page's own script is.
 */
import { askFirst } from "./first-questions.ts";
import { useKeptTheme } from "./theme.ts";

askFirst(location.hash);
// The page is read, and what it names is on its way.
document.addEventListener("readystatechange", useKeptTheme, { once: true });

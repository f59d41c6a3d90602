/** Light or dark, as the person chose it here; else as the system is. */
import { remember, remembered } from "./storage.ts";

const THEME = "ctm-theme";

/** The first use of a page's storage takes a browser longer than any answer: it is made while answers are on their way. */
export function useKeptTheme(): void {
  const theme = remembered(THEME);
  if (theme === "light" || theme === "dark") document.documentElement.dataset["theme"] = theme;
}

export function toggleTheme(): void {
  const root = document.documentElement;
  const isDark =
    root.dataset["theme"] === undefined
      ? matchMedia("(prefers-color-scheme: dark)").matches
      : root.dataset["theme"] === "dark";
  root.dataset["theme"] = isDark ? "light" : "dark";
  remember(THEME, root.dataset["theme"]);
}

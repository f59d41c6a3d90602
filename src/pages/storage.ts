/** What this page remembers for its next visit. A browser may refuse its storage: then nothing is remembered. */

export function remembered(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // It is refused, or full.
  }
}

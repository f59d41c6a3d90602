/** The many spellings of one model's name: dated ids, provider paths, context marks. */

const nameMaxChars = 200;
const PROVIDER = /^(?:(?:us|eu|apac|global|jp|au)\.)?(?:anthropic|openai|google)\./;
const CONTEXT_MARK = /\[[0-9a-z]{1,8}\]$/;
const VERSION_MARK = /-v\d{1,2}(?::\d{1,3})?$/;
const DATE = /(?:[-@]\d{8}|-\d{4}-\d{2}-\d{2}|-latest)$/;

/**
 * Spellings under which a price list may know the model, most literal first: as given; without provider and context
 * mark (`anthropic/claude-opus-5[1m]`); without version mark and date (`…-20250929`); with dashes for dots in a
 * Claude version. Nothing else is guessed: a model that is merely similar is another model.
 */
export function modelSpellings(name: string): readonly string[] {
  const given = name.trim().toLowerCase();
  if (given.length === 0 || given.length > nameMaxChars) return [];
  const bare = given
    .slice(given.lastIndexOf("/") + 1)
    .replace(PROVIDER, "")
    .replace(CONTEXT_MARK, "");
  const unversioned = bare.replace(VERSION_MARK, "");
  const undated = unversioned.replace(DATE, "");
  const dashed = undated.startsWith("claude-") ? undated.replaceAll(".", "-") : undated;
  return [...new Set([given, bare, unversioned, undated, dashed])];
}

/** `opus`, `sonnet` or `haiku` when the name is one of them or a Claude model of that family; null otherwise. */
export function modelFamily(name: string): string | null {
  for (const spelling of modelSpellings(name)) {
    const family = /^(?:claude-(?:[0-9-]{1,8})?)?(opus|sonnet|haiku)(?=$|[-@])/.exec(spelling)?.[1];
    if (family !== undefined) return family;
  }
  return null;
}

/** The plain estimate of a prompt. It knows only the text: what an agent adds to it is reserved elsewhere. */

/** Tokens added to every prompt for what goes with it. */
export const defaultOverheadTokens = 1_000;
const charsPerToken = 4;

/**
 * floor(characters / 4) + overhead. Characters are Unicode code points: an emoji outside the basic plane is one, and
 * so is a lone surrogate.
 */
export function promptTokens(text: string, overheadTokens = defaultOverheadTokens): number {
  return tokensOfChars(codePoints(text)) + overheadTokens;
}

/** Tokens of so many characters, by the plain formula. */
export function tokensOfChars(characters: number): number {
  return Math.floor(characters / charsPerToken);
}

/** Characters of a text, counted without making a list of them: it may have a million. */
export function codePoints(text: string): number {
  let count = text.length;
  for (let i = 1; i < text.length; i++) {
    if (isHighSurrogate(text.charCodeAt(i - 1)) && isLowSurrogate(text.charCodeAt(i))) count -= 1;
  }
  return count;
}

function isHighSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}

function isLowSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00;
}

/** Clients take a header of some length only: beyond this all warnings are cut, and the last are left out. */
const TOTAL_CHARACTERS = 4096;
const CUT_CHARACTERS = 256;

/** The `Warning` headers of an answer, each as RFC 7234 §5.5 writes it: code, agent, quoted text. */
export function warningHeaders(warnings: readonly string[]): string[] {
  return toldWarnings(warnings).map(headerOf);
}

/** What of the warnings is told (apiserver's warning recorder). */
export function toldWarnings(warnings: readonly string[]): string[] {
  const texts = [...new Set(warnings)];
  const total = texts.reduce((sum, text) => sum + text.length, 0);
  if (total <= TOTAL_CHARACTERS) return texts;
  const told: string[] = [];
  let written = 0;
  for (const text of texts) {
    if (written >= TOTAL_CHARACTERS) break;
    const cut = text.slice(0, CUT_CHARACTERS);
    written += cut.length;
    told.push(cut);
  }
  return told;
}

function headerOf(text: string): string {
  return `299 - ${JSON.stringify(text.replace(/[^\x20-\x7e]/g, "?"))}`;
}

/** One challenge of a `WWW-Authenticate` header (RFC 9110 §11.6.1). */
export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  scheme: string;
  /** Names in lower case. */
  parameters: Record<string, string>;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const PARAMETER = new RegExp(`^\\s*(${TOKEN})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${TOKEN}))\\s*(?:,|$)`);
const SCHEME = new RegExp(`^\\s*(${TOKEN})(?:\\s*,|\\s+|$)`);

/** Reads the challenges of a header; parts that are not understood are left out. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: Challenge[] = [];
  let rest = header.slice(0, 8192);
  while (rest.trim() !== "") {
    const parameter = PARAMETER.exec(rest);
    if (parameter && challenges.length > 0) {
      const [whole, name, quoted, bare] = parameter;
      challenges.at(-1)!.parameters[name!.toLowerCase()] = quoted?.replace(/\\(.)/g, "$1") ?? bare ?? "";
      rest = rest.slice(whole.length);
      continue;
    }
    const scheme = SCHEME.exec(rest);
    if (!scheme) break;
    challenges.push({
      scheme: scheme[1]!.toLowerCase(),
      parameters: Object.create(null) as Record<string, string>,
    });
    rest = rest.slice(scheme[0].length);
  }
  return challenges;
}

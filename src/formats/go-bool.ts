/** Go's strconv.ParseBool; undefined for what it refuses. */
export function parseGoBool(text: string): boolean | undefined {
  if (/^(1|t|T|true|True|TRUE)$/.test(text)) return true;
  return /^(0|f|F|false|False|FALSE)$/.test(text) ? false : undefined;
}

/** What it says of such a text. */
export const goBoolProblem = (text: string) =>
  `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`;

import { errorMessage } from "../../../base/index.ts";
import { compileGoRegexp, type FlagValues, type GoRegexp } from "../../../formats/index.ts";
import type { BrowserRules } from "../http/browser-headers.ts";
import type { OptionProblems } from "./option-problems.ts";

const ORIGINS = "cors-allowed-origins";
const DIRECTIVES = "strict-transport-security-directives";

export function readBrowserRules(flags: FlagValues, problems: OptionProblems): BrowserRules {
  const allowedOrigins = flags.list(ORIGINS).flatMap((text) => originOf(text, problems) ?? []);
  const transportSecurity = flags.list(DIRECTIVES);
  for (const directive of transportSecurity) checkDirective(directive, problems);
  return { allowedOrigins, transportSecurity };
}

/** A pattern that is bound to neither end of the host lets others' hosts in (CVE-2022-1996). */
function originOf(text: string, problems: OptionProblems): GoRegexp | undefined {
  try {
    if (text === "") problems.add(`empty value in --${ORIGINS}`);
    const pattern = compileGoRegexp(text);
    if (/\^|\/\//.test(text) && /[$:]/.test(text)) return pattern;
    throw new Error("regular expression does not pin to start/end of host in the origin header");
  } catch (error) {
    if (text !== "") problems.add(`--${ORIGINS} has an invalid regular expression: ${errorMessage(error)}`);
    return undefined;
  }
}

function checkDirective(directive: string, problems: OptionProblems): void {
  if (directive.trim() === "") problems.add(`empty value in ${DIRECTIVES}`);
  else if (!/^(?:includeSubDomains|preload|max-age=[^=]*)$/.test(directive))
    problems.add(
      `--${DIRECTIVES} invalid, allowed values: max-age=expireTime, includeSubDomains, preload. see https://tools.ietf.org/html/rfc6797#section-6.1 for more information`,
    );
}

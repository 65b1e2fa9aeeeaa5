/** What Go's `netip.ParseAddr` says of a text that is no address, or undefined where it is one. Zones are taken. */
export function ipAddressProblem(text: string): string | undefined {
  const problem = firstProblem(text);
  if (problem === undefined) return undefined;
  const at = problem.at ? ` (at ${JSON.stringify(problem.at)})` : "";
  return `ParseAddr(${JSON.stringify(text)}): ${problem.message}${at}`;
}

/** What Go's `netip.ParsePrefix` says of a text that is no network, or undefined where it is one. */
export function ipPrefixProblem(text: string): string | undefined {
  const problem = prefixProblem(text);
  return problem === undefined ? undefined : `netip.ParsePrefix(${JSON.stringify(text)}): ${problem}`;
}

function prefixProblem(text: string): string | undefined {
  const slash = text.lastIndexOf("/");
  if (slash < 0) return "no '/'";
  const [address, digits] = [text.slice(0, slash), text.slice(slash + 1)];
  const problem = ipAddressProblem(address);
  if (problem !== undefined) return problem;
  if (address.includes("%")) return "IPv6 zones cannot be present in a prefix";
  if (!/^(?:\d|[1-9]\d+)$/.test(digits)) return `bad bits after slash: ${JSON.stringify(digits)}`;
  return Number(digits) > (address.includes(":") ? 128 : 32) ? "prefix length out of range" : undefined;
}

/** `at`: the rest of the text, where the problem lies. */
interface Problem {
  message: string;
  at?: string;
}

function firstProblem(text: string): Problem | undefined {
  switch (/[.:%]/.exec(text)?.[0]) {
    case ".":
      return dottedProblem(text);
    case ":":
      return colonProblem(text);
    case "%":
      return { message: "missing IPv6 address" };
  }
  return { message: "unable to parse IP" };
}

function dottedProblem(text: string): Problem | undefined {
  let fields = 0;
  let digits = "";
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (/\d/.test(character)) {
      if (digits === "0") return { message: "IPv4 field has octet with leading zero" };
      digits += character;
      if (Number(digits) > 255) return { message: "IPv4 field has value >255" };
    } else if (character === ".") {
      if (digits === "" || at === text.length - 1)
        return { message: "IPv4 field must have at least one digit", at: text.slice(at) };
      if (fields === 3) return { message: "IPv4 address too long" };
      fields++;
      digits = "";
    } else return { message: "unexpected character", at: text.slice(at) };
  }
  return fields < 3 ? { message: "IPv4 address too short" } : undefined;
}

/** Reads group by group; `bytes` are those that the groups so far stand for. */
function colonProblem(text: string): Problem | undefined {
  const [address, zone] = text.split(/%(.*)/s) as [string, string | undefined];
  if (zone === "") return { message: "zone must be a non-empty string" };
  let rest = address;
  let hasEllipsis = rest.startsWith("::");
  if (hasEllipsis) rest = rest.slice(2);
  let bytes = 0;
  while (bytes < 16 && rest !== "") {
    const digits = /^[0-9a-fA-F]*/.exec(rest)![0];
    if (digits.length > 4) return { message: "each group must have 4 or less digits", at: rest };
    if (digits === "")
      return { message: "each colon-separated field must have at least one digit", at: rest };
    if (rest[digits.length] === ".") {
      const problem = embeddedProblem(rest, bytes, hasEllipsis);
      if (problem !== undefined) return problem;
      bytes += 4;
      rest = "";
      break;
    }
    bytes += 2;
    rest = rest.slice(digits.length);
    if (rest === "") break;
    if (rest[0] !== ":") return { message: "unexpected character, want colon", at: rest };
    if (rest === ":") return { message: "colon must be followed by more characters", at: rest };
    rest = rest.slice(1);
    if (rest[0] !== ":") continue;
    if (hasEllipsis) return { message: "multiple :: in address", at: rest };
    hasEllipsis = true;
    rest = rest.slice(1);
  }
  return lengthProblem(rest, bytes, hasEllipsis);
}

function embeddedProblem(rest: string, bytes: number, hasEllipsis: boolean): Problem | undefined {
  if (!hasEllipsis && bytes !== 12)
    return { message: "embedded IPv4 address must replace the final 2 fields of the address", at: rest };
  if (bytes + 4 > 16)
    return { message: "too many hex fields to fit an embedded IPv4 at the end of the address", at: rest };
  return dottedProblem(rest);
}

function lengthProblem(rest: string, bytes: number, hasEllipsis: boolean): Problem | undefined {
  if (rest !== "") return { message: "trailing garbage after address", at: rest };
  if (bytes < 16) return hasEllipsis ? undefined : { message: "address string too short" };
  return hasEllipsis ? { message: "the :: must expand to at least one field of zeros" } : undefined;
}

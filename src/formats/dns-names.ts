import { Buffer } from "node:buffer";

/**
 * Rules for names as apimachinery's util/validation has them. Each function answers with the list of what is wrong,
 * in upstream's words; an empty list says that the text is fine.
 */
const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";
const QUALIFIED_NAME = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const LABEL_VALUE = `(${QUALIFIED_NAME})?`;
const CONFIG_KEY = "[-._a-zA-Z0-9]+";
const HEADER_NAME = "[-A-Za-z0-9]+";
const PERCENT = "[0-9]+%";
const C_IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]*";
const CONDITION_REASON = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?";
const HTTP_PATH = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const WILDCARD_SUBDOMAIN = `\\*\\.${SUBDOMAIN}`;

const whole = (pattern: string) => new RegExp(`^(?:${pattern})$`);
const labelPattern = whole(LABEL);
const subdomainPattern = whole(SUBDOMAIN);
const label1035Pattern = whole(LABEL_1035);
const qualifiedNamePattern = whole(QUALIFIED_NAME);
const labelValuePattern = whole(LABEL_VALUE);
const configKeyPattern = whole(CONFIG_KEY);
const headerNamePattern = whole(HEADER_NAME);
const percentPattern = whole(PERCENT);
const cIdentifierPattern = whole(C_IDENTIFIER);
const wildcardPattern = whole(WILDCARD_SUBDOMAIN);
const conditionReasonPattern = whole(CONDITION_REASON);
const httpPathPattern = whole(HTTP_PATH);

export const DNS1123_LABEL_MAX = 63;
export const DNS1123_SUBDOMAIN_MAX = 253;

const tooLong = (max: number) => `must be no more than ${max} characters`;
const isTooLong = (text: string, max: number) => text.length > max || Buffer.byteLength(text) > max;
const MUST_BE_NON_EMPTY = "must be non-empty";

/** Upstream's sentence for a text that does not match, spacing included. */
function patternMessage(message: string, pattern: string, ...examples: string[]): string {
  const list = examples.map((example) => `'${example}', `).join(" or ");
  return examples.length === 0
    ? `${message} (regex used for validation is '${pattern}')`
    : `${message} (e.g. ${list}regex used for validation is '${pattern}')`;
}

export function isDns1123Label(text: string): string[] {
  const errors: string[] = [];
  if (isTooLong(text, DNS1123_LABEL_MAX)) errors.push(tooLong(DNS1123_LABEL_MAX));
  if (labelPattern.test(text)) return errors;
  if (subdomainPattern.test(text)) errors.push("must not contain dots");
  else {
    errors.push(
      patternMessage(
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
        LABEL,
        "my-name",
        "123-abc",
      ),
    );
  }
  return errors;
}

export function isDns1123Subdomain(text: string): string[] {
  const errors: string[] = [];
  if (isTooLong(text, DNS1123_SUBDOMAIN_MAX)) errors.push(tooLong(DNS1123_SUBDOMAIN_MAX));
  if (!subdomainPattern.test(text)) {
    errors.push(
      patternMessage(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
        SUBDOMAIN,
        "example.com",
      ),
    );
  }
  return errors;
}

const LABEL_WITH_UNDERSCORE = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
const underscorePattern = whole(`${LABEL_WITH_UNDERSCORE}(\\.${LABEL_WITH_UNDERSCORE})*`);

/** Search paths of the resolver; the pattern that upstream shows is that of a name without underscores. */
export function isDns1123SubdomainWithUnderscore(text: string): string[] {
  const errors: string[] = [];
  if (isTooLong(text, DNS1123_SUBDOMAIN_MAX)) errors.push(tooLong(DNS1123_SUBDOMAIN_MAX));
  if (!underscorePattern.test(text)) {
    errors.push(
      patternMessage(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
        SUBDOMAIN,
        "example.com",
      ),
    );
  }
  return errors;
}

export function isDns1035Label(text: string): string[] {
  const errors: string[] = [];
  if (isTooLong(text, DNS1123_LABEL_MAX)) errors.push(tooLong(DNS1123_LABEL_MAX));
  if (!label1035Pattern.test(text)) {
    errors.push(
      patternMessage(
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
        LABEL_1035,
        "my-name",
        "abc-123",
      ),
    );
  }
  return errors;
}

export function isWildcardDns1123Subdomain(text: string): string[] {
  const errors: string[] = [];
  if (isTooLong(text, DNS1123_SUBDOMAIN_MAX)) errors.push(tooLong(DNS1123_SUBDOMAIN_MAX));
  if (!wildcardPattern.test(text)) {
    errors.push(
      patternMessage(
        "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
        WILDCARD_SUBDOMAIN,
        "*.example.com",
      ),
    );
  }
  return errors;
}

const QUALIFIED_MESSAGE =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const qualifiedMessage = () =>
  patternMessage(QUALIFIED_MESSAGE, QUALIFIED_NAME, "MyName", "my.name", "123-abc");

/** Keys of labels, annotations, finalizers, resources: `name` or `prefix.example.com/name`. */
export function isQualifiedName(text: string): string[] {
  const parts = text.split("/");
  if (parts.length > 2) {
    return [
      `a qualified name ${qualifiedMessage()} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const errors: string[] = [];
  const name = parts.at(-1)!;
  if (parts.length === 2) {
    if (parts[0] === "") errors.push(`prefix part ${MUST_BE_NON_EMPTY}`);
    else errors.push(...isDns1123Subdomain(parts[0]!).map((message) => `prefix part ${message}`));
  }
  if (name === "") errors.push(`name part ${MUST_BE_NON_EMPTY}`);
  else if (isTooLong(name, 63)) errors.push(`name part ${tooLong(63)}`);
  if (!qualifiedNamePattern.test(name)) errors.push(`name part ${qualifiedMessage()}`);
  return errors;
}

export function isLabelValue(text: string): string[] {
  const errors: string[] = [];
  if (isTooLong(text, 63)) errors.push(tooLong(63));
  if (!labelValuePattern.test(text)) {
    errors.push(
      patternMessage(
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        LABEL_VALUE,
        "MyValue",
        "my_value",
        "12345",
      ),
    );
  }
  return errors;
}

export function isPortNumber(port: number): string[] {
  return isInRange(port, 1, 65535);
}

export function isInRange(value: number, low: number, high: number): string[] {
  return value >= low && value <= high ? [] : [`must be between ${low} and ${high}, inclusive`];
}

/** IANA service names (RFC 6335), lower case only. */
export function isPortName(text: string): string[] {
  const errors: string[] = [];
  if (isTooLong(text, 15)) errors.push(tooLong(15));
  if (!/^[-a-z0-9]+$/.test(text)) {
    errors.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  }
  if (!/[a-z]/.test(text)) errors.push("must contain at least one letter (a-z)");
  if (text.includes("--")) errors.push("must not contain consecutive hyphens");
  if (text.startsWith("-") || text.endsWith("-")) errors.push("must not begin or end with a hyphen");
  return errors;
}

/** Environment names of 1.32 and later (RelaxedEnvironmentVariableValidation). */
export function isEnvironmentName(text: string): string[] {
  if (text === "") return [`environment variable name ${MUST_BE_NON_EMPTY}`];
  if (/^[ -<>-~]+$/.test(text)) return [];
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

export function isConfigMapKey(text: string): string[] {
  const errors: string[] = [];
  if (isTooLong(text, DNS1123_SUBDOMAIN_MAX)) errors.push(tooLong(DNS1123_SUBDOMAIN_MAX));
  if (!configKeyPattern.test(text)) {
    errors.push(
      patternMessage(
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
        CONFIG_KEY,
        "key.name",
        "KEY_NAME",
        "key-name",
      ),
    );
  }
  if (text === ".") errors.push("must not be '.'");
  else if (text === "..") errors.push("must not be '..'");
  else if (text.startsWith("..")) errors.push("must not start with '..'");
  return errors;
}

export function isHttpHeaderName(text: string): string[] {
  if (headerNamePattern.test(text)) return [];
  return [
    patternMessage(
      "a valid HTTP header must consist of alphanumeric characters or '-'",
      HEADER_NAME,
      "X-Header-Name",
    ),
  ];
}

export function isPercent(text: string): string[] {
  if (percentPattern.test(text)) return [];
  return [
    patternMessage(
      "a valid percent string must be a numeric string followed by an ending '%'",
      PERCENT,
      "1%",
      "93%",
    ),
  ];
}

export function isCIdentifier(text: string): string[] {
  if (cIdentifierPattern.test(text)) return [];
  return [
    patternMessage(
      "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
      C_IDENTIFIER,
      "my_name",
      "MY_NAME",
      "MyName",
    ),
  ];
}

/** The reason of a metav1.Condition, unless it is empty. */
export function isConditionReason(text: string): string[] {
  if (conditionReasonPattern.test(text)) return [];
  return [
    patternMessage(
      "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'",
      CONDITION_REASON,
      "my_name",
      "MY_NAME",
      "MyName",
      "ReasonA,ReasonB",
      "ReasonA:ReasonB",
    ),
  ];
}

/** What stands behind the first slash of a domain-prefixed path. */
export function isHttpPath(text: string): string[] {
  return httpPathPattern.test(text) ? [] : [patternMessage("Invalid path", HTTP_PATH)];
}

/** Names that stand as one segment in a REST path (RBAC names, for example). */
export function isPathSegment(text: string): string[] {
  if (text === ".") return ["may not be '.'"];
  if (text === "..") return ["may not be '..'"];
  return ["/", "%"].filter((bad) => text.includes(bad)).map((bad) => `may not contain '${bad}'`);
}

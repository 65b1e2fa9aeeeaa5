import { GantryError } from "../base/index.ts";

export interface FieldRequirement {
  field: string;
  operator: "=" | "!=";
  value: string;
}

export interface FieldSelector {
  readonly requirements: readonly FieldRequirement[];
  /** `fields` answers the value of a field by its name; absent counts as empty. */
  matches(fields: (name: string) => string | undefined): boolean;
  /** The value that the selector demands of a field, if it demands one. */
  requiredValue(field: string): string | undefined;
  toString(): string;
}

class Requirements implements FieldSelector {
  readonly requirements: readonly FieldRequirement[];

  constructor(requirements: readonly FieldRequirement[]) {
    this.requirements = requirements;
  }

  matches(fields: (name: string) => string | undefined): boolean {
    return this.requirements.every(
      ({ field, operator, value }) => ((fields(field) ?? "") === value) === (operator === "="),
    );
  }

  requiredValue(field: string): string | undefined {
    return this.requirements.find((one) => one.field === field && one.operator === "=")?.value;
  }

  toString(): string {
    return this.requirements
      .map(({ field, operator, value }) => `${field}${operator}${value.replace(/[\\,=]/g, "\\$&")}`)
      .join(",");
  }
}

/** Parses the `fieldSelector` query parameter (apimachinery fields.ParseSelector). Throws InvalidArgument. */
export function parseFieldSelector(text: string): FieldSelector {
  const requirements = splitUnescaped(text)
    .filter((part) => part !== "")
    .map((part) => parseRequirement(part, text));
  return new Requirements(requirements);
}

function parseRequirement(part: string, whole: string): FieldRequirement {
  const match = /^((?:[^\\=!]|\\.|!(?!=))*)(!=|==|=)([\s\S]*)$/.exec(part);
  if (match === null) throw refuse(`invalid selector: '${whole}'; can't understand '${part}'`);
  const [, field, operator, value] = match;
  return { field: field!.trim(), operator: operator === "!=" ? "!=" : "=", value: unescaped(value!) };
}

function splitUnescaped(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    if (text[index] === "\\") index++;
    else if (text[index] === ",") {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

function unescaped(value: string): string {
  let out = "";
  for (let index = 0; index < value.length; index++) {
    const char = value[index]!;
    if (char === "\\") {
      const next = value[++index];
      if (next === undefined || !"\\,=".includes(next)) {
        throw refuse(`invalid field selector: invalid escape sequence: \\${next ?? ""}`);
      }
      out += next;
    } else if (char === "," || char === "=") {
      throw refuse(`invalid field selector: unescaped character in value: ${char}`);
    } else out += char;
  }
  return out;
}

function refuse(message: string): GantryError {
  return new GantryError("InvalidArgument", message, { code: "FieldSelector.Invalid" });
}

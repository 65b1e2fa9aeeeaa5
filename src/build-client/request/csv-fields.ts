import { invalidArgument } from "../../base/index.ts";
import { CsvError, parseCsv } from "../../formats/index.ts";

/** `key=value` pairs of a flag's text, keys in lower case; a value with a comma stands in quotes. */
export function csvPairs(
  text: string,
  fail: (field: string) => string,
): (readonly [key: string, value: string])[] {
  return csvFields(text).map((field) => {
    const equals = field.indexOf("=");
    if (equals < 0) throw invalidArgument(fail(field));
    return [field.slice(0, equals).trim().toLowerCase(), field.slice(equals + 1)] as const;
  });
}

export function csvFields(text: string): string[] {
  try {
    return parseCsv(text)[0] ?? [];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw invalidArgument(error.message);
  }
}

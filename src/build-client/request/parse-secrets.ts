import { statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { errnoCode, errorMessage, invalidArgument } from "../../base/index.ts";
import { csvPairs } from "./csv-fields.ts";

export interface SecretSource {
  id: string;
  file?: string;
  variable?: string;
}

/** `--secret`: `id=ID[,src=FILE][,env=NAME][,type=file|env]` (buildx, ParseSecretSpecs). */
export function parseSecret(text: string): SecretSource {
  let [id, file, variable, type] = ["", "", "", ""];
  for (const [key, value] of csvPairs(text, (field) => `invalid field '${field}' must be a key=value pair`)) {
    if (key === "type") {
      if (value !== "file" && value !== "env")
        throw invalidArgument(`unsupported secret type ${JSON.stringify(value)}`);
      type = value;
    } else if (key === "id") id = value;
    else if (key === "source" || key === "src") file = value;
    else if (key === "env") variable = value;
    else throw invalidArgument(`unexpected key '${key}' in '${key}=${value}'`);
  }
  if (type === "env" && variable === "") [variable, file] = [file, ""];
  return { id, ...(file === "" ? {} : { file }), ...(variable === "" ? {} : { variable }) };
}

/** How each secret is read. One that names neither file nor variable is the variable of its id, or else the file. */
export function secretReaders(
  sources: readonly SecretSource[],
  environment: Readonly<Record<string, string | undefined>>,
): Map<string, () => Promise<Buffer>> {
  const readers = new Map<string, () => Promise<Buffer>>();
  for (const { id, file, variable } of sources) {
    if (id === "") throw invalidArgument("secret missing ID");
    const name = variable ?? (file === undefined && environment[id] !== undefined ? id : undefined);
    if (name !== undefined && file === undefined) {
      readers.set(id, async () => Buffer.from(environment[name] ?? ""));
      continue;
    }
    const path = file ?? id;
    try {
      statSync(path);
    } catch (error) {
      const why = errnoCode(error) === "ENOENT" ? "no such file or directory" : errorMessage(error);
      throw invalidArgument(`failed to stat ${path}: stat ${path}: ${why}`);
    }
    readers.set(id, () => readFile(path));
  }
  return readers;
}

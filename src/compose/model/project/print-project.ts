import { type FileObject, fileObject, model, network, service, volume } from "../shapes/index.ts";
import type { Tree } from "../tree/index.ts";
import { emitYaml, OrderedMap, type YamlOut } from "../yaml/index.ts";
import type { Project } from "./project.ts";

/** The project in the canonical form of compose's `config`. Dollar signs are not escaped yet. */
export function projectToYaml(project: Project): string {
  const sections: [string, YamlOut][] = [];
  if (project.name !== "") sections.push(["name", project.name]);
  sections.push(["services", all(project.services, (one) => service.yaml(one))]);
  const add = (name: string, value: YamlOut) => {
    if (Object.keys(value as object).length > 0) sections.push([name, value]);
  };
  add(
    "networks",
    all(project.networks, (one) => network.yaml(one)),
  );
  add(
    "volumes",
    all(project.volumes, (one) => volume.yaml(one)),
  );
  add(
    "secrets",
    all(project.secrets, (one) => fileObject.yaml(withoutValue(one, true))),
  );
  add(
    "configs",
    all(project.configs, (one) => fileObject.yaml(withoutValue(one, false))),
  );
  add(
    "models",
    all(project.models, (one) => model.yaml(one)),
  );
  for (const key of Object.keys(project.extensions).sort()) sections.push([key, project.extensions[key]!]);
  return emitYaml(new OrderedMap(sections));
}

/** As JSON, set in by two spaces. */
export function projectToJson(project: Project): string {
  const sections: [string, string][] = [["name", JSON.stringify(project.name)]];
  sections.push(["services", allJson(project.services, (one) => service.json(one))]);
  const add = <T>(name: string, values: Record<string, T>, json: (value: T) => string | undefined) => {
    if (Object.keys(values).length > 0) sections.push([name, allJson(values, json)]);
  };
  add("networks", project.networks, (one) => network.json(one));
  add("volumes", project.volumes, (one) => volume.json(one));
  add("secrets", project.secrets, (one) => fileObject.json(withoutValue(one, true)));
  add("configs", project.configs, (one) => fileObject.json(withoutValue(one, false)));
  for (const [key, value] of Object.entries(project.extensions)) sections.push([key, goJson(value)]);
  const sorted = sections.sort(([a], [b]) => (a < b ? -1 : 1));
  return indentJson(`{${sorted.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(",")}}`);
}

function all<T>(values: Record<string, T>, write: (value: T) => YamlOut | undefined): YamlOut {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, write(value) ?? {}]));
}

function allJson<T>(values: Record<string, T>, write: (value: T) => string | undefined): string {
  const keys = Object.keys(values).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${write(values[key]!) ?? "{}"}`).join(",")}}`;
}

/** Values of secrets are never shown; those of configurations only where the file itself says them. */
function withoutValue(object: FileObject, isSecret: boolean): FileObject {
  if (!isSecret && !object.environment) return object;
  const { content: _, ...rest } = object;
  return rest;
}

function goJson(value: Tree): string {
  if (Array.isArray(value)) return `[${value.map(goJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${goJson(value[key]!)}`).join(",")}}`;
}

/** Sets JSON in as Go does, without reading it: order and escapes of the text stay. */
export function indentJson(text: string): string {
  let out = "";
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (inString) {
      out += char;
      if (char === "\\") out += text[++at];
      else if (char === '"') inString = false;
    } else if (char === '"') {
      inString = true;
      out += char;
    } else if (char === "{" || char === "[") {
      const isEmpty = text[at + 1] === (char === "{" ? "}" : "]");
      out += isEmpty ? char + text[++at] : `${char}\n${"  ".repeat(++depth)}`;
    } else if (char === "}" || char === "]") out += `\n${"  ".repeat(--depth)}${char}`;
    else if (char === ",") out += `,\n${"  ".repeat(depth)}`;
    else out += char === ":" ? ": " : char;
  }
  return out;
}

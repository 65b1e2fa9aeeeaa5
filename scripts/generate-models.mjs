// Generates src/kube/api/generated/ from the models of @kubernetes/client-node: models.json (fields, types, what is
// required), descriptions.json (doc comments), parameters.json (texts of the query's parameters) and types.ts. What that package does not say exactly (which strings are
// quantities, which package a type is of) comes from our protobuf tables.
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const api = join(root, "src", "kube", "api");
const META = "k8s.io.apimachinery.pkg.apis.meta.v1";
const API = "k8s.io.api.";

/** Writes the four files; returns how many definitions they hold. */
export function generateModels() {
  const messages = readMessageTables();
  const classes = readClasses();
  const definitions = new Map();
  for (const one of classes.values()) definitions.set(one.className, definitionOf(one, messages));
  const models = {};
  const descriptions = {};
  for (const one of [...classes.values()].sort((a, b) => (a.className < b.className ? -1 : 1))) {
    const definition = definitions.get(one.className);
    models[definition.name] = one.fields.map((field) => fieldText(field, definition, definitions)).join(" ");
    descriptions[definition.name] = describe(one);
  }
  // A message without fields has no class.
  for (const name of referencedModels(models)) models[name] ??= "";
  const out = join(api, "generated");
  mkdirSync(out, { recursive: true });
  write(join(out, "models.json"), JSON.stringify(models));
  write(join(out, "descriptions.json"), JSON.stringify(descriptions));
  write(join(out, "parameters.json"), JSON.stringify(readParameters()));
  write(join(out, "types.ts"), typesText(classes));
  return Object.keys(models).length;
}

function referencedModels(models) {
  return Object.values(models)
    .flatMap((text) => text.split(" "))
    .map((token) => token.replace(/^[^:]*:?(?:\*|\{\})?/, ""))
    .filter((type) => type.includes(".") && !(type in models));
}

function write(path, text) {
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
}

/** Package-qualified message name -> map of JSON field name to type, inline messages spread out. */
function readMessageTables() {
  const lines = new Map();
  const folder = join(api, "protobuf", "numbers");
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".ts"))) {
    const text = readFileSync(join(folder, file), "utf8").split("`")[1];
    let pkg = "";
    for (const line of text.split("\n").filter(Boolean)) {
      if (line.startsWith("# ")) pkg = fullPackage(line.slice(2));
      else lines.set(`${pkg}.${line.split(" ")[0]}`, line.split(" ").slice(1));
    }
  }
  const messages = new Map();
  for (const key of lines.keys()) messages.set(key, messageFields(key, lines));
  return messages;
}

const fullPackage = (name) => (name.startsWith("/") ? name.slice(1) : API + name);

function messageFields(key, lines) {
  const pkg = key.slice(0, key.lastIndexOf("."));
  const name = key.slice(pkg.length + 1);
  const first = lines.get(key)[0];
  const tokens = first?.startsWith("@")
    ? lines.get(`${fullPackage(first.slice(1))}.${name}`)
    : lines.get(key);
  const fields = new Map();
  for (const token of tokens) {
    const [, field, type = "s"] = /^([^?=:]+)\??(?:=\d+)?(?::(.+))?$/.exec(token);
    if (field !== "^") fields.set(field, qualify(type, pkg));
    else
      for (const [inner, innerType] of messageFields(qualify(type, pkg), lines)) fields.set(inner, innerType);
  }
  return fields;
}

function qualify(type, pkg) {
  const [, prefix, base] = /^(\*|\{\})?(.+)$/.exec(type);
  return (prefix ?? "") + (base.length === 1 ? base : qualifyName(base, pkg));
}

function qualifyName(base, pkg) {
  if (base.startsWith("~")) return `${META}.${base.slice(1)}`;
  if (base.startsWith("/")) return base.slice(1);
  return base.includes(".") ? API + base : `${pkg}.${base}`;
}

function readClasses() {
  const require = createRequire(join(root, "package.json"));
  const folder = join(dirname(require.resolve("@kubernetes/client-node")), "gen", "models");
  const classes = new Map();
  // The package also carries model files of older versions; the index names those that count.
  const index = readFileSync(join(folder, "all.js"), "utf8");
  for (const [, className] of index.matchAll(/models\/(\w+)\.js'/g)) {
    const map = /attributeTypeMap = (\[[\s\S]*?\n\])/.exec(
      readFileSync(join(folder, `${className}.js`), "utf8"),
    );
    if (map === null) continue;
    const declared = readFileSync(join(folder, `${className}.d.ts`), "utf8");
    classes.set(className, readClass(className, JSON.parse(map[1]), declared));
  }
  return classes;
}

/** Name of a parameter of all resources -> its description, from the requests of one kind. */
function readParameters() {
  const require = createRequire(join(root, "package.json"));
  const folder = join(dirname(require.resolve("@kubernetes/client-node")), "gen", "types");
  const declared = readFileSync(join(folder, "ObjectParamAPI.d.ts"), "utf8");
  const texts = {};
  for (const verb of ["List", "Create", "Patch", "Delete"]) {
    const start = declared.indexOf(`export interface CoreV1Api${verb}NamespacedPodRequest {`);
    const request = declared.slice(start, declared.indexOf("\n}", start));
    const pattern = /\/\*\*\n\s+\* (.*)\n\s+\* Defaults to: undefined\n[^/]*\*\/\n\s+_?(\w+)\??: /g;
    for (const [, text, name] of request.matchAll(pattern)) texts[name] ??= parameterText(text);
  }
  return texts;
}

const ENTITIES = { "#39": "'", quot: '"', "#x60": "`", "#x3D": "=", amp: "&", lt: "<", gt: ">" };

/** The package has these texts on one line, with the characters of HTML: paragraphs and lists get their lines back. */
function parameterText(text) {
  return text
    .replace(/\\?&([#\w]+);/g, (whole, name) => ENTITIES[name] ?? whole)
    .replaceAll("   ", "\n  ")
    .replace(/(?<=[.)]) {2}(?=\S)/g, "\n\n")
    .replaceAll(". - `", ".\n- `");
}

function readClass(className, attributes, declared) {
  const head = /\/\*\*\n\* ([\s\S]*?)\n\*\/\nexport declare class/.exec(declared);
  const members = new Map();
  const pattern = /(?: {4}\/\*\*\n([\s\S]*?) {4}\*\/\n)? {4}'([^']+)'(\?)?: /g;
  for (const [, comment, name, optional] of declared.matchAll(pattern)) {
    const text = commentText(comment);
    const description = PARAGRAPHED.has(className) ? withParagraphs(text) : text;
    members.set(name, { required: optional === undefined, description });
  }
  const fields = attributes.map(({ name, baseName, type, format }) => ({
    name: baseName,
    type,
    format,
    ...members.get(name),
  }));
  return { className, fields, description: head === null ? "" : unescapeComment(head[1]) };
}

/** Of the paragraphs that the package runs together only this one is sure: elsewhere two spaces may be meant. */
const commentText = (comment) =>
  comment === undefined
    ? ""
    : unescapeComment(comment.replace(/^ {4}\* ?/gm, "").trimEnd()).replace(
        / {2}(?=Populated by the system)/g,
        "\n\n",
      );

/** Where all runs of spaces were line ends. */
const PARAGRAPHED = new Set(["V1CSIDriverSpec"]);

const withParagraphs = (text) =>
  text
    .replace(/ {2,}/g, ({ length }) => (length === 2 ? "\n\n" : `\n${" ".repeat(length - 1)}`))
    .replaceAll(" }\n\n", "\n}\n\n");

const unescapeComment = (text) => text.replace(/\\(['"`\\])/g, "$1").replaceAll("*_/", "*/");

const CLASS_NAME = /^([A-Z][a-z]+)?(V\d+(?:alpha\d+|beta\d+)?)([A-Z].*)$/;

/** The message that a class stands for, found by name, version and fields. */
function definitionOf(one, messages) {
  if (one.className === "VersionInfo")
    return { name: "io.k8s.apimachinery.pkg.version.Info", fields: new Map() };
  const match = CLASS_NAME.exec(one.className);
  if (match === null) return { name: `io.k8s.${one.className}`, fields: new Map() };
  const [, prefix, version, name] = match;
  const ending = `.${version.toLowerCase()}.${name}`;
  const names = new Set(
    one.fields.map((field) => field.name).filter((field) => field !== "apiVersion" && field !== "kind"),
  );
  let best;
  for (const [key, fields] of messages) {
    if (!key.endsWith(ending)) continue;
    if (prefix !== undefined && !key.includes(`.${prefix.toLowerCase()}.`)) continue;
    const misses =
      [...names].filter((field) => !fields.has(field)).length +
      [...fields.keys()].filter((field) => !names.has(field) && field !== "kind" && field !== "apiVersion")
        .length;
    if (best === undefined || misses < best.misses) best = { key, fields, misses };
  }
  if (best === undefined) throw new Error(`no protobuf message is known for ${one.className}`);
  return { name: definitionName(best.key), fields: best.fields, misses: best.misses };
}

/** Names as in the OpenAPI document: `io.k8s.api.core.v1.Pod`. */
function definitionName(key) {
  return `io.k8s.${key.slice("k8s.io.".length)}`
    .replace("apiextensions_apiserver", "apiextensions-apiserver")
    .replace("kube_aggregator", "kube-aggregator");
}

function fieldText(field, definition, definitions) {
  const known = definition.fields.get(field.name);
  const type = known === undefined ? typeOfClass(field, definitions) : typeOfMessage(known);
  return `${field.name}${field.required ? "!" : ""}${type === "s" ? "" : `:${type}`}`;
}

/** Types whose JSON form is not an object of fields: lists of strings, free JSON, and what stands in place of a schema. */
const SPECIAL = /\.(ExtraValue|Verbs)$/;
const FREE = /\.JSON$/;
const SCHEMA_OR = /\.JSONSchemaPropsOr(Array|Bool|StringArray)$/;
const SCHEMA_OR_CODES = { Array: "A", Bool: "B", StringArray: "S" };

function typeOfMessage(type) {
  const [, prefix = "", base] = /^(\*|\{\})?(.+)$/.exec(type);
  if (base.length === 1) return prefix + base;
  if (SPECIAL.test(base)) return `${prefix}*s`;
  const schemaOr = SCHEMA_OR.exec(base);
  if (schemaOr !== null) return prefix + SCHEMA_OR_CODES[schemaOr[1]];
  return prefix + (FREE.test(base) ? "r" : definitionName(base));
}

function typeOfClass({ type, format }, definitions) {
  const list = /^Array<(.+)>$/.exec(type);
  if (list !== null) return `*${typeOfClass({ type: list[1], format: "" }, definitions)}`;
  const map = /^\{ \[key: string\]: (.+); \}$/.exec(type);
  if (map !== null) return `{}${typeOfClass({ type: map[1], format: "" }, definitions)}`;
  if (definitions.has(type)) return definitions.get(type).name;
  const byFormat = {
    int32: "i",
    int64: "l",
    double: "d",
    byte: "y",
    "date-time": "t",
    "date-time-micro": "u",
  };
  if (byFormat[format] !== undefined) return byFormat[format];
  return (
    { string: "s", number: "l", boolean: "b", Date: "t", V1MicroTime: "u", IntOrString: "x" }[type] ?? "r"
  );
}

function describe(one) {
  const out = {};
  if (one.description !== "") out[""] = one.description;
  for (const field of one.fields) if (field.description) out[field.name] = field.description;
  return out;
}

/** `V1Pod` is `Pod`; of kinds that share a name, the one people mean keeps the short one. */
const SHORT_NAMES = {
  CoreV1Event: "Event",
  CoreV1EventSeries: "EventSeries",
  CoreV1EndpointPort: "EndpointPort",
  AuthenticationV1TokenRequest: "TokenRequest",
  RbacV1Subject: "Subject",
};
const HAND_WRITTEN = new Set(["ObjectMeta", "OwnerReference", "Status"]);

function typeName(className) {
  return SHORT_NAMES[className] ?? (/^V1[A-Z]/.test(className) ? className.slice(2) : className);
}

function typesText(classes) {
  const parts = [
    "// Generated by scripts/generate-models.mjs; not to be changed by hand.",
    'import type { ApiObject, KubeList, ObjectMeta } from "../types.ts";',
    "",
    "export type IntOrString = number | string;",
    "export type Quantity = string;",
  ];
  for (const className of [...classes.keys()].sort()) {
    const name = typeName(className);
    if (name !== "IntOrString" && !HAND_WRITTEN.has(name))
      parts.push("", interfaceText(name, classes.get(className), classes));
  }
  return `${parts.join("\n")}\n`;
}

function interfaceText(name, { fields }, classes) {
  const names = new Map(fields.map((field) => [field.name, field]));
  const isKind = names.has("apiVersion") && names.has("kind");
  const item = /^Array<(.+)>$/.exec(names.get("items")?.type ?? "");
  if (isKind && names.get("metadata")?.type === "V1ListMeta" && item !== null && classes.has(item[1])) {
    return `export type ${name} = KubeList<${typeName(item[1])}>;`;
  }
  const isObject = isKind && names.get("metadata")?.type === "V1ObjectMeta";
  const lines = fields.map((field) => memberText(field, isObject, classes));
  return [`export interface ${name}${isObject ? " extends ApiObject" : ""} {`, ...lines, "}"].join("\n");
}

function memberText(field, isObject, classes) {
  const key = /^[A-Za-z_]\w*$/.test(field.name) ? field.name : JSON.stringify(field.name);
  if (isObject && (field.name === "apiVersion" || field.name === "kind")) return `  ${key}: string;`;
  if (isObject && field.name === "metadata") return `  ${key}: ObjectMeta;`;
  const required = field.required || (isObject && field.name === "spec");
  return `  ${key}${required ? "" : "?"}: ${typeScriptType(field, classes)};`;
}

function typeScriptType({ type, format }, classes) {
  const list = /^Array<(.+)>$/.exec(type);
  if (list !== null) return `${typeScriptType({ type: list[1] }, classes)}[]`;
  const map = /^\{ \[key: string\]: (.+); \}$/.exec(type);
  if (map !== null) return `Record<string, ${typeScriptType({ type: map[1] }, classes)}>`;
  if (type === "V1ObjectMeta") return "Partial<ObjectMeta>";
  if (classes.has(type)) return typeName(type);
  if (format === "int-or-string" || type === "IntOrString") return "IntOrString";
  return (
    { string: "string", number: "number", boolean: "boolean", Date: "string", V1MicroTime: "string" }[type] ??
    "unknown"
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) generateModels();

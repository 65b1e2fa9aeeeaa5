import { createWriteStream, statSync } from "node:fs";
import { invalidArgument, notImplemented } from "../../base/index.ts";
import { parseGoBool } from "../../formats/index.ts";
import type { BuildOutput } from "../session/receive-output.ts";
import type { TypedAttributes } from "../types.ts";
import type { OutputWish } from "./parse-outputs.ts";

export interface OutputsRequest {
  outputs: readonly OutputWish[];
  tags: readonly string[];
  annotations: readonly string[];
  load: boolean;
  push: boolean;
  /** Undefined where it is a terminal: nobody wants an archive there. */
  standardOutput: (() => NodeJS.WritableStream) | undefined;
}

export interface PreparedOutputs {
  exporters: TypedAttributes[];
  outputs: Map<number, BuildOutput>;
}

/** What is made of the result, and where it goes on this side (buildx, CreateExports and toSolveOpt). */
export function prepareOutputs(request: OutputsRequest): PreparedOutputs {
  const prepared: PreparedOutputs = { exporters: [], outputs: new Map() };
  for (const wish of wishesOf(request)) {
    if (wish.type === "cacheonly") continue;
    const number = prepared.exporters.length;
    const output = outputOf(wish, request.standardOutput);
    if (output) prepared.outputs.set(number, output);
    prepared.exporters.push(exporterOf(wish, request, output !== undefined));
  }
  return prepared;
}

/** `--push` and `--load` change what is wished, or stand for a wish. */
function wishesOf({ outputs, load, push }: OutputsRequest): OutputWish[] {
  const wishes = outputs.map((wish) => ({ ...wish, attributes: { ...wish.attributes } }));
  if (push) {
    const image = wishes.find(({ type, destination }) => type === "image" && destination === "");
    if (image) image.attributes.push = "true";
    else wishes.push({ type: "image", destination: "", attributes: { push: "true" } });
  }
  if (load && !wishes.some(({ type, destination }) => type === "docker" && destination === ""))
    wishes.push({ type: "docker", destination: "", attributes: {} });
  return wishes.length > 0 ? wishes : [{ type: "image", destination: "", attributes: {} }];
}

function exporterOf(
  { type, attributes }: OutputWish,
  { tags, annotations }: OutputsRequest,
  hasOutput: boolean,
): TypedAttributes {
  const isImage = type === "image" || type === "registry" || (type === "docker" && !hasOutput);
  const all: Record<string, string> = {
    ...attributes,
    ...(type === "registry" ? { push: "true" } : {}),
  };
  if (isImage || type === "oci" || type === "docker") {
    if (tags.length > 0) all.name = tags.join(",");
    for (const annotation of annotations) Object.assign(all, annotationAttributes(annotation));
  }
  if (isImage && parseGoBool(all.push ?? "") === true && !all.name)
    throw invalidArgument("tag is needed when pushing to registry");
  return { type: isImage ? "image" : type, attributes: all };
}

/** `[TYPE[PLATFORM],…:]KEY=VALUE` as exporters take it: `annotation-TYPE[PLATFORM].KEY` (buildx, ParseAnnotations). */
function annotationAttributes(text: string): Record<string, string> {
  const equals = text.indexOf("=");
  if (equals < 0) throw invalidArgument(`invalid annotation ${JSON.stringify(text)}, expected key=value`);
  const [place, value] = [text.slice(0, equals), text.slice(equals + 1)];
  const colon = place.indexOf(":");
  if (colon < 0) return { [`annotation.${place}`]: value };
  const key = place.slice(colon + 1);
  const found: Record<string, string> = {};
  for (const one of place.slice(0, colon).split(",")) {
    const match = /^([a-z-]+)(\[[A-Za-z0-9_/-]+\])?$/.exec(one);
    if (!match)
      throw invalidArgument(
        `invalid annotation type ${JSON.stringify(one)}, expected type and optional platform in square brackets`,
      );
    if (!ANNOTATED.includes(match[1]!))
      throw invalidArgument(`unknown annotation type ${JSON.stringify(match[1])}`);
    found[`annotation-${one}.${key}`] = value;
  }
  return found;
}

const ANNOTATED = ["index", "index-descriptor", "manifest", "manifest-descriptor"];

function outputOf(
  { type, destination, attributes }: OutputWish,
  standardOutput: OutputsRequest["standardOutput"],
): BuildOutput | undefined {
  if (type === "local") return directoryOutput(destination);
  if (type !== "tar" && type !== "oci" && type !== "docker") return undefined;
  if (type !== "tar" && parseGoBool(attributes.tar ?? "true") === false)
    throw notImplemented(`exporter ${type} with tar=false is not supported`);
  if (destination === "" && type === "docker") return undefined;
  if (destination === "" || destination === "-") {
    if (!standardOutput)
      throw invalidArgument(`dest file is required for ${type} exporter. refusing to write to console`);
    return { kind: "stream", open: standardOutput };
  }
  if (statSync(destination, { throwIfNoEntry: false })?.isDirectory())
    throw invalidArgument(`destination file ${destination} is a directory`);
  return { kind: "stream", open: () => createWriteStream(destination) };
}

function directoryOutput(destination: string): BuildOutput {
  if (destination === "") throw invalidArgument("dest is required for local exporter");
  if (destination === "-") throw invalidArgument("dest cannot be stdout for local exporter");
  const found = statSync(destination, { throwIfNoEntry: false });
  if (found && !found.isDirectory()) throw invalidArgument(`destination directory ${destination} is a file`);
  return { kind: "directory", path: destination };
}

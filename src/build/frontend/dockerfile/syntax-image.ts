import { notImplemented } from "../../../base/index.ts";
import { detectSyntax, tryParseImageReference } from "../../../formats/index.ts";
import type { FrontendHost } from "../types.ts";
import type { SourceMap } from "./source-map.ts";

/** Images of the Dockerfile's own frontend: what they do is built in, and nothing is pulled for them. */
const BUILT_IN = new Set(["docker/dockerfile", "docker/dockerfile-upstream"]);

/** Refuses a Dockerfile that asks for another frontend than the one of Dockerfiles (`# syntax=`, BUILDKIT_SYNTAX). */
export function assertOwnSyntax({ options }: FrontendHost, source: SourceMap): void {
  // With `cmdline` somebody has chosen this frontend already.
  if (options.cmdline !== undefined) return;
  const given = options["build-arg:BUILDKIT_SYNTAX"];
  if (given !== undefined) {
    const image = given.trim().split(" ")[0]!;
    if (!isBuiltIn(image)) throw refused(image, `failed with build-arg:BUILDKIT_SYNTAX = ${given}: `);
    return;
  }
  const found = detectSyntax(Buffer.from(source.info.data).toString());
  if (!found || isBuiltIn(found.source)) return;
  throw source.locate(refused(found.source), { start: found.line, end: found.line });
}

function isBuiltIn(image: string): boolean {
  const reference = tryParseImageReference(image);
  return reference?.domain === "docker.io" && BUILT_IN.has(reference.path);
}

function refused(image: string, prefix = "") {
  return notImplemented(
    `${prefix}frontend image ${JSON.stringify(image)} is not implemented: only docker/dockerfile is built in`,
    { code: "Dockerfile.Syntax", details: { image } },
  );
}

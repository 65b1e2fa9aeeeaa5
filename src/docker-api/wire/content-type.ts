import type { IncomingMessage } from "node:http";
import { invalidArgument } from "../../base/index.ts";

/** A body without a type, or of another one, may come from a form on a web page (as dockerd: CheckForJSON). */
export function assertJsonContent(req: IncomingMessage): void {
  const type = req.headers["content-type"] ?? "";
  const hasBody =
    req.headers["transfer-encoding"] !== undefined || Number(req.headers["content-length"] ?? 0) > 0;
  if (type === "" && !hasBody) return;
  const problem = mediaTypeProblem(type);
  if (problem) throw refused(`malformed Content-Type header (${type}): ${problem}`);
  if (mediaTypeOf(type) === "application/json") return;
  throw refused(`unsupported Content-Type header (${type}): must be 'application/json'`);
}

const refused = (message: string) => invalidArgument(message, { code: "DockerApi.ContentType" });

const mediaTypeOf = (type: string) => type.split(";", 1)[0]!.trim().toLowerCase();

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]";
const MEDIA_TYPE = new RegExp(`^(${TOKEN}*)(/?)(${TOKEN}*)(.*)$`, "s");
const PARAMETER = new RegExp(`^${TOKEN}+=(?:${TOKEN}+|"(?:[^"\\\\]|\\\\.)*")$`, "s");

/** What Go's mime.ParseMediaType says of it; undefined when it is well formed (RFC 2045 §5.1). */
function mediaTypeProblem(type: string): string | undefined {
  const [, major, slash, minor, rest] = MEDIA_TYPE.exec(mediaTypeOf(type))!;
  if (major === "") return "mime: no media type";
  if (slash === "") return rest === "" ? undefined : "mime: expected slash after first token";
  if (minor === "") return "mime: expected token after slash";
  if (rest !== "") return "mime: unexpected content after media subtype";
  const parameters = type.split(";").slice(1);
  return parameters.every(isParameter) ? undefined : "mime: invalid media parameter";
}

const isParameter = (text: string) => text.trim() === "" || PARAMETER.test(text.trim());

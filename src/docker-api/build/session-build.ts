import { invalidArgument, type Logger, notImplemented } from "../../base/index.ts";
import { parsePlatform } from "../../formats/index.ts";
import type { ApiContext } from "../api-context.ts";
import type { BuildkitBackend } from "../buildkit/backend.ts";
import { buildArgs, decodeValue, type GoType, labels, parseJsonText, ulimits } from "../json/index.ts";
import { MessageStream } from "../wire/message-stream.ts";
import { flag, integer, text } from "../wire/query.ts";

/** `POST /build?version=2`: BuildKit without a gRPC connection of the client's own, as docker 18.09 to 20.10 ask for it. */
export async function sessionBuild(
  backend: BuildkitBackend,
  context: ApiContext,
  logger: Logger,
): Promise<void> {
  const { query, signal } = context;
  const remote = text(query, "remote");
  if (remote === undefined || remote === "upload-request")
    throw notImplemented("a build context in the request's body is not supported with BuildKit", {
      code: "DockerApi.BuildKit",
      hint: "set DOCKER_BUILDKIT=0",
    });
  const networkMode = text(query, "networkmode");
  const request = {
    buildId: text(query, "buildid") ?? "",
    sessionId: text(query, "session") ?? "",
    frontendOptions: frontendOptions(query, remote, networkMode),
    exporter: exporterOf(query),
    entitlements: networkMode === "host" ? ["network.host"] : [],
    signal,
  };
  const stream = new MessageStream(context, logger);
  await stream.run(async () => {
    const { imageId } = await backend.build({
      ...request,
      onProgress: (status) =>
        stream.write({ id: "moby.buildkit.trace", aux: status.toString("base64") } as never),
    });
    if (imageId !== undefined) stream.write({ id: "moby.image.id", aux: { ID: imageId } });
  });
}

function frontendOptions(
  query: URLSearchParams,
  remote: string,
  networkMode: string | undefined,
): Record<string, string> {
  const options: Record<string, string> = {
    "image-resolve-mode": flag(query, "pull") ? "pull" : "default",
  };
  const put = (key: string, value: string | undefined) => {
    if (value !== undefined && value !== "") options[key] = value;
  };
  put("target", text(query, "target"));
  const dockerfile = text(query, "dockerfile");
  if (dockerfile !== ".") put("filename", dockerfile);
  if (remote !== "client-session") put("context", remote);
  const args = json(query, "buildargs", buildArgs) as Record<string, string | null> | undefined;
  for (const [name, value] of Object.entries(args ?? {})) {
    if (value !== null) options[`build-arg:${name}`] = value;
  }
  const given = json(query, "labels", labels) as Record<string, string> | undefined;
  for (const [name, value] of Object.entries(given ?? {})) options[`label:${name}`] = value;
  if (flag(query, "nocache")) options["no-cache"] = "";
  const platform = text(query, "platform");
  if (platform !== undefined) parsePlatform(platform);
  put("platform", platform);
  if (networkMode === "host" || networkMode === "none") options["force-network-mode"] = networkMode;
  else if (networkMode !== undefined && networkMode !== "default")
    throw invalidArgument(`network mode ${JSON.stringify(networkMode)} not supported by buildkit`);
  put("add-hosts", query.getAll("extrahosts").map(hostPair).join(","));
  const shmSize = integer(query, "shmsize");
  if (shmSize) put("shm-size", String(shmSize));
  const limits = json(query, "ulimits", ulimits) as
    | { Name: string; Soft: number; Hard: number }[]
    | undefined;
  put("ulimit", (limits ?? []).map(({ Name, Soft, Hard }) => `${Name}=${Soft}:${Hard}`).join(","));
  put("cgroup-parent", text(query, "cgroupparent"));
  return options;
}

function hostPair(pair: string): string {
  const at = pair.indexOf(":");
  if (at <= 0) throw invalidArgument(`invalid host ${pair}`);
  return `${pair.slice(0, at)}=${pair.slice(at + 1)}`;
}

function exporterOf(query: URLSearchParams) {
  const raw = text(query, "outputs");
  const outputs = raw === undefined ? [] : parsedOutputs(raw);
  if (outputs.length > 1) throw invalidArgument("multiple outputs not supported");
  const [output = { Type: "moby", Attrs: {} }] = outputs;
  const tags = query.getAll("t").filter(Boolean).join(",");
  const takesNames = output.Type === "moby" || output.Type === "image";
  const names: Record<string, string> = takesNames && tags !== "" ? { name: tags } : {};
  return { type: output.Type, attributes: { ...output.Attrs, ...names } };
}

function parsedOutputs(raw: string): { Type: string; Attrs: Record<string, string> }[] {
  const value: unknown = parseJsonText(Buffer.from(raw));
  if (value === null) return [];
  if (!Array.isArray(value)) throw invalidArgument("error reading outputs", { code: "DockerApi.Query" });
  return value.map((one: { Type?: unknown; Attrs?: unknown } | null) => {
    const attributes = Object.entries((one?.Attrs ?? {}) as object);
    if (typeof one?.Type !== "string" || attributes.some(([, entry]) => typeof entry !== "string"))
      throw invalidArgument("error reading outputs", { code: "DockerApi.Query" });
    return { Type: one.Type, Attrs: Object.fromEntries(attributes) };
  });
}

function json(query: URLSearchParams, name: string, type: GoType): unknown {
  const raw = text(query, name);
  if (raw === undefined) return undefined;
  return decodeValue(type, parseJsonText(Buffer.from(raw))) ?? undefined;
}

import { GantryError } from "../../../base/index.ts";
import type {
  ConfigMapProjection,
  DownwardAPIVolumeFile,
  KeyToPath,
  KubeObject,
  Pod,
  Volume,
  VolumeProjection,
} from "../../api/index.ts";
import type { FieldContext } from "../env/field-value.ts";
import { fieldValue, resourceFieldValue } from "../env/field-value.ts";
import type { ObjectReader } from "../objects/referenced-objects.ts";
import type { VolumeFile, VolumePayload } from "./atomic-writer.ts";

const DEFAULT_MODE = 0o644;
const DEFAULT_TOKEN_SECONDS = 3600;
/** With an fsGroup or one user, a token is for them alone. */
const TOKEN_MODE = 0o600;
const SHARED_TOKEN_MODE = 0o644;

export interface TokenSource {
  token(pod: Pod, request: { audience: string; expirationSeconds: number }): Promise<string>;
}

export interface PayloadInput {
  pod: Pod;
  objects: ObjectReader;
  tokens: TokenSource;
  fields: FieldContext;
}

/** The files that a configMap, secret, downwardAPI or projected volume holds now. */
export async function volumePayload(volume: Volume, input: PayloadInput): Promise<VolumePayload> {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap) return objectFiles("configmap", configMap, configMap.defaultMode, input);
  if (secret) return objectFiles("secret", { ...secret, name: secret.secretName }, secret.defaultMode, input);
  if (downwardAPI) return downwardFiles(downwardAPI.items, downwardAPI.defaultMode, input);
  const files: VolumePayload = new Map();
  for (const source of projected?.sources ?? []) {
    for (const [path, file] of await projectedFiles(source, projected?.defaultMode, input))
      files.set(path, file);
  }
  return files;
}

async function projectedFiles(
  source: VolumeProjection,
  defaultMode: number | undefined,
  input: PayloadInput,
): Promise<VolumePayload> {
  if (source.configMap) return objectFiles("configmap", source.configMap, defaultMode, input);
  if (source.secret) return objectFiles("secret", source.secret, defaultMode, input);
  if (source.downwardAPI) return downwardFiles(source.downwardAPI.items, defaultMode, input);
  if (source.serviceAccountToken) {
    const { path, audience = "", expirationSeconds = DEFAULT_TOKEN_SECONDS } = source.serviceAccountToken;
    const token = await input.tokens.token(input.pod, { audience, expirationSeconds });
    return new Map([[path, tokenFile(token, input.pod, defaultMode)]]);
  }
  throw new GantryError(
    "NotImplemented",
    `projected volume source ${Object.keys(source).join()} is not implemented`,
    {
      code: "Kubelet.VolumeSource",
    },
  );
}

/** For the fsGroup, and of the one user that all containers run as; where there is neither, as the mode says. */
function tokenFile(token: string, pod: Pod, defaultMode: number | undefined): VolumeFile {
  const content = Buffer.from(token);
  const uid = commonUser(pod);
  const isForFew = uid !== undefined || pod.spec.securityContext?.fsGroup !== undefined;
  return { content, mode: isForFew ? TOKEN_MODE : (defaultMode ?? SHARED_TOKEN_MODE), uid };
}

function commonUser({ spec }: Pod): number | undefined {
  const containers = [
    ...spec.containers,
    ...(spec.initContainers ?? []),
    ...(spec.ephemeralContainers ?? []),
  ];
  const users = containers.map(
    ({ securityContext }) => securityContext?.runAsUser ?? spec.securityContext?.runAsUser,
  );
  return users.every((user) => user === users[0]) ? users[0] : undefined;
}

async function objectFiles(
  kind: "configmap" | "secret",
  source: ConfigMapProjection,
  defaultMode = DEFAULT_MODE,
  { pod, objects }: PayloadInput,
): Promise<VolumePayload> {
  const namespace = pod.metadata.namespace!;
  const object = await objects.get(kind, namespace, source.name ?? "");
  if (!object) {
    if (source.optional) return new Map();
    throw new GantryError("NotFound", `${kind} "${source.name}" not found`, { code: "Kubelet.VolumeObject" });
  }
  const contents = kind === "secret" ? bytesOf(object.data) : configMapBytes(object);
  if (!source.items) {
    return new Map([...contents].map(([key, content]) => [key, { content, mode: defaultMode }]));
  }
  return chosenFiles(contents, source.items, defaultMode, source.optional === true, kind);
}

function chosenFiles(
  contents: Map<string, Buffer>,
  items: KeyToPath[],
  defaultMode: number,
  optional: boolean,
  kind: "configmap" | "secret",
): VolumePayload {
  const files: VolumePayload = new Map();
  for (const { key, path, mode } of items) {
    const content = contents.get(key);
    if (content) files.set(path, { content, mode: mode ?? defaultMode });
    else if (!optional) {
      const what =
        kind === "secret"
          ? "references non-existent secret key"
          : "configmap references non-existent config key";
      throw new GantryError("NotFound", `${what}: ${key}`, { code: "Kubelet.VolumeKey" });
    }
  }
  return files;
}

function configMapBytes(object: KubeObject): Map<string, Buffer> {
  const contents = bytesOf(object.binaryData);
  for (const [key, text] of Object.entries(object.data ?? {})) contents.set(key, Buffer.from(String(text)));
  return contents;
}

function bytesOf(data: Record<string, unknown> | undefined): Map<string, Buffer> {
  return new Map(Object.entries(data ?? {}).map(([key, text]) => [key, Buffer.from(String(text), "base64")]));
}

function downwardFiles(
  items: DownwardAPIVolumeFile[] = [],
  defaultMode = DEFAULT_MODE,
  { pod, fields }: PayloadInput,
): VolumePayload {
  const files: VolumePayload = new Map();
  for (const { path, fieldRef, resourceFieldRef, mode } of items) {
    const text = fieldRef
      ? fieldValue(pod, fieldRef, fields)
      : resourceFieldRef
        ? resourceFieldValue(pod, resourceFieldRef, undefined, fields)
        : "";
    files.set(path, { content: Buffer.from(text), mode: mode ?? defaultMode });
  }
  return files;
}

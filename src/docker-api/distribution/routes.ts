import { invalidArgument, notImplemented, readAll } from "../../base/index.ts";
import {
  type ImageConfig,
  type ImageIndex,
  type ImageManifest,
  type Platform,
  parseImageReference,
  withDefaultTag,
} from "../../formats/index.ts";
import { sendJson } from "../../http/index.ts";
import type { RegistryRepository } from "../../images/index.ts";
import type { ApiContext, ApiRoute } from "../api-context.ts";
import { authConfig } from "../json/index.ts";
import { decodeRegistryAuth, registryDomain, toRegistryAuth } from "../wire/registry-auth.ts";
import { requiredBody } from "../wire/request-body.ts";
import type { DistributionBackend } from "./backend.ts";

const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

/** `GET /distribution/{name}/json` and `POST /auth`: questions to registries. */
export function distributionRoutes(backend: DistributionBackend | undefined): ApiRoute[] {
  return [
    {
      method: "GET",
      path: "/distribution/:name*/json",
      handle: (context) => inspect(required(backend), context),
    },
    { method: "POST", path: "/auth", handle: (context) => authenticate(required(backend), context) },
  ];
}

function required(backend: DistributionBackend | undefined): DistributionBackend {
  if (!backend) {
    throw notImplemented("asking registries is not supported", { code: "DockerApi.NotSupported" });
  }
  return backend;
}

async function inspect(backend: DistributionBackend, context: ApiContext): Promise<void> {
  const { params, req, res, signal } = context;
  const reference = withDefaultTag(parseImageReference(params.name!));
  const auth = decodeRegistryAuth(req.headers["x-registry-auth"]);
  const repository = backend.repository(reference, { auth });
  const found = await repository.fetchManifest(reference.digest ?? reference.tag!, signal);
  const { digest, mediaType, bytes } = found;
  sendJson(res, 200, {
    Descriptor: { mediaType, digest, size: bytes.length },
    Platforms: await platformsOf(repository, JSON.parse(bytes.toString("utf8")), signal),
  });
}

/** An index names its platforms; a single manifest's stands in its configuration. */
async function platformsOf(
  repository: RegistryRepository,
  document: Partial<ImageIndex & ImageManifest>,
  signal: AbortSignal,
): Promise<Platform[]> {
  if (document.manifests) return document.manifests.flatMap(({ platform }) => (platform ? [platform] : []));
  if (!document.config) return [];
  const blob = await repository.openBlob(document.config, 0, signal);
  const config = JSON.parse((await readAll(blob, MAX_CONFIG_BYTES)).toString("utf8")) as Partial<ImageConfig>;
  const { architecture = "", os = "", variant } = config;
  return [{ architecture, os, ...(variant ? { variant } : {}) }];
}

async function authenticate(backend: DistributionBackend, context: ApiContext): Promise<void> {
  const body = await requiredBody(context, authConfig);
  const auth = toRegistryAuth(body);
  if (!auth) throw invalidArgument("no credentials were given", { code: "DockerApi.Body" });
  await backend.checkCredentials(
    registryDomain(typeof body.serveraddress === "string" ? body.serveraddress : ""),
    auth,
  );
  sendJson(context.res, 200, { Status: "Login Succeeded", IdentityToken: "" });
}

import { invalidArgument, notImplemented } from "../../base/index.ts";
import { formatCanonical, parseImageReference, withDefaultTag } from "../../formats/index.ts";
import { sendJson } from "../../http/index.ts";
import type { ApiContext, ApiRoute } from "../api-context.ts";
import { decodeRegistryAuth, toRegistryAuth } from "../wire/registry-auth.ts";
import { requiredObject } from "../wire/request-body.ts";
import type { DistributionBackend } from "./backend.ts";

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
  if (!backend)
    throw notImplemented("asking registries is not supported", { code: "DockerApi.NotSupported" });
  return backend;
}

async function inspect(
  backend: DistributionBackend,
  { params, req, res, signal }: ApiContext,
): Promise<void> {
  const reference = withDefaultTag(parseImageReference(params.name!));
  const { descriptor, platforms } = await backend.inspect(formatCanonical(reference), {
    auth: decodeRegistryAuth(req.headers["x-registry-auth"]),
    signal,
  });
  sendJson(res, 200, { Descriptor: descriptor, Platforms: platforms });
}

async function authenticate(backend: DistributionBackend, context: ApiContext): Promise<void> {
  const body = await requiredObject(context);
  const auth = toRegistryAuth(body);
  if (!auth) throw invalidArgument("no credentials were given", { code: "DockerApi.Body" });
  const server =
    typeof body.serveraddress === "string" && body.serveraddress !== "" ? body.serveraddress : "docker.io";
  const { identityToken } = await backend.authenticate(server, auth, context.signal);
  sendJson(context.res, 200, { Status: "Login Succeeded", IdentityToken: identityToken ?? "" });
}

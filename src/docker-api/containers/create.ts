import { invalidArgument } from "../../base/index.ts";
import type { ContainerConfig, HostConfig } from "../../engine/types.ts";
import { parsePlatform } from "../../formats/index.ts";
import { sendJson } from "../../http/index.ts";
import type { ApiContext } from "../api-context.ts";
import { createRequest, type Decoded } from "../json/index.ts";
import { text } from "../wire/query.ts";
import { requiredBody } from "../wire/request-body.ts";
import type { ContainersBackend } from "./backend.ts";
import { adaptToVersion, type CreateParts } from "./create-versions.ts";

/** `POST /containers/create`. */
export async function createContainer(
  backend: ContainersBackend,
  context: ApiContext,
  isCgroup2: boolean,
): Promise<void> {
  const { apiMinor, query, res } = context;
  const request = toCreateRequest(await requiredBody(context, createRequest));
  const warnings = adaptToVersion(request, apiMinor, isCgroup2);
  const platform = apiMinor < 41 ? undefined : text(query, "platform");
  if (platform !== undefined) parsePlatform(platform);
  const created = await backend.createContainer({
    name: text(query, "name"),
    platform,
    readOnlyNonRecursive: apiMinor < 44,
    ...request,
  });
  sendJson(res, 201, { Id: created.id, Warnings: [...created.warnings, ...warnings] });
}

/** Takes the body apart: beside two parts with names of their own it is the configuration. */
function toCreateRequest(body: Decoded): CreateParts {
  const { HostConfig, NetworkingConfig, ...config } = body;
  if (Object.keys(config).length === 0) {
    throw invalidArgument("config cannot be empty in order to create a container", {
      code: "DockerApi.Body",
    });
  }
  return {
    config: { Image: "", ...config } as ContainerConfig,
    hostConfig: (HostConfig ?? {}) as HostConfig,
    networkingConfig: (NetworkingConfig ?? {}) as CreateParts["networkingConfig"],
  };
}

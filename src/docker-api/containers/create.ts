import { invalidArgument } from "../../base/index.ts";
import type { ContainerConfig, CreateContainerRequest, HostConfig } from "../../engine/types.ts";
import { sendJson } from "../../http/index.ts";
import type { ApiContext } from "../api-context.ts";
import { createRequest, type Decoded } from "../json/index.ts";
import { text } from "../wire/query.ts";
import { requiredBody } from "../wire/request-body.ts";
import type { ContainersBackend } from "./backend.ts";

/** `POST /containers/create`. */
export async function createContainer(backend: ContainersBackend, context: ApiContext): Promise<void> {
  const body = await requiredBody(context, createRequest);
  const request = toCreateRequest(body);
  const isOld = context.apiMinor < 44;
  if (isOld && request.hostConfig.Mounts?.some((mount) => mount?.BindOptions?.ReadOnlyForceRecursive)) {
    throw invalidArgument("BindOptions.ReadOnlyForceRecursive needs API v1.44 or newer", {
      code: "DockerApi.NeedsNewerVersion",
    });
  }
  // Private is the default of both since these versions.
  if (context.apiMinor < 40) request.hostConfig.IpcMode ||= "shareable";
  if (context.apiMinor < 41) request.hostConfig.CgroupnsMode ||= "host";
  const { id, warnings } = await backend.createContainer({
    name: text(context.query, "name"),
    platform: text(context.query, "platform"),
    readOnlyNonRecursive: isOld,
    ...request,
  });
  sendJson(context.res, 201, { Id: id, Warnings: warnings });
}

/** Takes the body apart: beside two parts with names of their own it is the configuration. */
function toCreateRequest(
  body: Decoded,
): Pick<CreateContainerRequest, "config" | "hostConfig" | "networkingConfig"> {
  const { HostConfig, NetworkingConfig, ...config } = body;
  if (Object.keys(config).length === 0) {
    throw invalidArgument("config cannot be empty in order to create a container", {
      code: "DockerApi.Body",
    });
  }
  return {
    config: { Image: "", ...config } as ContainerConfig,
    hostConfig: (HostConfig ?? {}) as HostConfig,
    networkingConfig: (NetworkingConfig ?? {}) as CreateContainerRequest["networkingConfig"],
  };
}

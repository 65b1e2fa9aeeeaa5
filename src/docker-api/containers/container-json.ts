import type { ContainerInspect, ContainerSummary, EndpointSettings } from "../../engine/types.ts";
import { shortId } from "../../formats/index.ts";
import { containerConfig, encodeStruct, hostConfig } from "../json/index.ts";

/** `GET /containers/{id}/json`: whole structs, in the form of the API's version. */
export function inspectJson(container: ContainerInspect, apiMinor: number): Record<string, unknown> {
  const { Config, HostConfig, NetworkSettings } = container;
  const { Networks } = NetworkSettings;
  const mode = HostConfig.NetworkMode ?? "";
  return {
    ...container,
    HostConfig: encodeStruct(hostConfig, {
      ...HostConfig,
      Links: HostConfig.Links?.length ? HostConfig.Links : null,
    }),
    // Older clients look for the main endpoint's address here.
    Config: encodeStruct(containerConfig, {
      ...Config,
      MacAddress: Config.MacAddress || askedMacAddress(Networks[mode]),
    }),
    NetworkSettings: {
      ...NetworkSettings,
      Networks: apiMinor < 45 ? withNames(container, Networks) : Networks,
    },
  };
}

function askedMacAddress(endpoint: Record<string, unknown> | undefined): string {
  return endpoint?.EndpointID === "" ? String(endpoint.MacAddress ?? "") : "";
}

/** Before API 1.45 the names that the container has anyway stood among the aliases. */
function withNames(
  { Id, Config }: ContainerInspect,
  networks: ContainerInspect["NetworkSettings"]["Networks"],
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(networks).map(([name, settings]) => {
      if (["bridge", "host", "none"].includes(name)) return [name, settings];
      const { Aliases } = settings as EndpointSettings;
      const names = [...(Aliases ?? []), shortId(Id), Config.Hostname ?? ""];
      return [name, { ...settings, Aliases: [...new Set(names)] }];
    }),
  );
}

/** One row of `GET /containers/json`. */
export function summaryJson(container: ContainerSummary, apiMinor: number): Record<string, unknown> {
  const { Annotations, ...HostConfig } = container.HostConfig;
  const isTold = apiMinor >= 46 && Object.keys(Annotations ?? {}).length > 0;
  const { SizeRw, SizeRootFs, ...rest } = container;
  return {
    ...rest,
    ...(SizeRw ? { SizeRw } : {}),
    ...(SizeRootFs ? { SizeRootFs } : {}),
    HostConfig: isTold ? { ...HostConfig, Annotations } : HostConfig,
  };
}

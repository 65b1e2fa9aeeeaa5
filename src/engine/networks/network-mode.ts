import type { Container } from "../containers/container.ts";
import type { HostConfig } from "../types.ts";

export type NetworkMode =
  | { kind: "host" | "none" }
  /** Shares the network of another container. */
  | { kind: "container"; reference: string }
  /** Plugged into networks, this one first. */
  | { kind: "network"; name: string };

export function parseNetworkMode(text: string | undefined): NetworkMode {
  if (text === "host" || text === "none") return { kind: text };
  if (text?.startsWith("container:"))
    return { kind: "container", reference: text.slice("container:".length) };
  return { kind: "network", name: text === undefined || text === "" || text === "default" ? "bridge" : text };
}

/** A network that somebody has made. */
export function isUserDefined(text: string | undefined): boolean {
  const mode = parseNetworkMode(text);
  return mode.kind === "network" && mode.name !== "bridge";
}

export function networkModeOf(container: Container): NetworkMode {
  return parseNetworkMode(container.record.hostConfig.NetworkMode);
}

export function isNetworkMode(container: Container, kind: NetworkMode["kind"]): boolean {
  return networkModeOf(container).kind === kind;
}

/** Names of the bridge networks that the container is plugged into. */
export function userNetworksOf(container: Container): string[] {
  return networkModeOf(container).kind === "network" ? Object.keys(container.record.networks) : [];
}

/** `container:<reference>` of another mode (ipc, pid), or undefined. */
export function sharedContainer(mode: HostConfig["IpcMode"]): string | undefined {
  return mode?.startsWith("container:") ? mode.slice("container:".length) : undefined;
}

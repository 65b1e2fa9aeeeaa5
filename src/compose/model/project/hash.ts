import { createHash } from "node:crypto";
import { type Network, network, type ServiceFields, service, type Volume, volume } from "../shapes/index.ts";

const sha256 = (text: string | undefined) =>
  createHash("sha256")
    .update(text ?? "{}")
    .digest("hex");

/**
 * What the plugin labels a container with to see whether its service has changed (docker/compose, pkg/compose/hash.go): the hash of
 * the service's JSON without what does not make another container.
 */
export function serviceHash(of: ServiceFields): string {
  const { build: _, pull_policy: __, scale: ___, depends_on: ____, profiles: _____, deploy, ...rest } = of;
  const counted: ServiceFields = rest;
  if (deploy) {
    const { replicas: ______, ...kept } = deploy;
    counted.deploy = kept;
  }
  return sha256(service.json(counted));
}

export const networkHash = (of: Network): string => sha256(network.json(of));

export const volumeHash = (of: Volume): string =>
  sha256(volume.json({ ...of, driver: of.driver || "local" }));

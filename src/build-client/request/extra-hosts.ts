import { isIP } from "node:net";
import { invalidArgument } from "../../base/index.ts";
import { controlMessages } from "../../buildkit-api/index.ts";
import type { BuildConnection } from "../build-connection.ts";

const GATEWAY = "host-gateway";
const GATEWAY_LABEL = "org.mobyproject.buildkit.worker.moby.host-gateway-ip";

/** `--add-host`: `HOST=IP[,IP…]` or `HOST:IP` as pairs of one address each; `host-gateway` is left for `withGateway`. */
export function extraHosts(texts: readonly string[]): string[] {
  return texts.flatMap((text) => {
    const match = /^([^=]+)=(.+)$/.exec(text) ?? /^([^:]+):(.+)$/.exec(text);
    if (!match) throw invalidArgument(`invalid host ${text}`);
    const [, host, addresses] = match as unknown as [string, string, string];
    return addresses.split(",").map((address) => {
      const bare = address.replace(/^\[(.+)\]$/, "$1");
      if (bare !== GATEWAY && isIP(bare) === 0) throw invalidArgument(`invalid host ${text}`);
      return `${host}=${bare}`;
    });
  });
}

/** The address of the engine's machine, as its containers see it, in the place of `host-gateway`. */
export async function withGateway(attributes: Record<string, string>, connection: BuildConnection) {
  const hosts = attributes["add-hosts"]?.split(",") ?? [];
  if (!hosts.some((host) => host.endsWith(`=${GATEWAY}`))) return attributes;
  const { record } = await connection.control.unary(controlMessages.LIST_WORKERS, {});
  const address = record[0]?.labels[GATEWAY_LABEL];
  if (!address)
    throw invalidArgument(
      "unable to derive the IP value for host-gateway: the builder tells no such address",
    );
  const named = hosts.map((host) => (host.endsWith(`=${GATEWAY}`) ? host.replace(GATEWAY, address) : host));
  return { ...attributes, "add-hosts": named.join(",") };
}

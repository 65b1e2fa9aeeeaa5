import { bool, embedded, int, map, omitEmpty, pointer, slice, string, struct } from "./go-types.ts";

/** moby's api/types/network. */

const strings = slice(string);
const options = map(string);

const endpointSettings = struct("network.EndpointSettings", {
  IPAMConfig: pointer(
    struct("network.EndpointIPAMConfig", {
      IPv4Address: omitEmpty(string),
      IPv6Address: omitEmpty(string),
      LinkLocalIPs: omitEmpty(strings),
    }),
  ),
  Links: strings,
  Aliases: strings,
  MacAddress: string,
  DriverOpts: options,
  GwPriority: int,
  NetworkID: string,
  EndpointID: string,
  Gateway: string,
  IPAddress: string,
  IPPrefixLen: int,
  IPv6Gateway: string,
  GlobalIPv6Address: string,
  GlobalIPv6PrefixLen: int,
  DNSNames: strings,
});

export const networkingConfig = struct("network.NetworkingConfig", {
  EndpointsConfig: map(pointer(endpointSettings), "map[string]*network.EndpointSettings"),
});

const ipam = struct("network.IPAM", {
  Driver: string,
  Options: options,
  Config: slice(
    struct("network.IPAMConfig", {
      Subnet: omitEmpty(string),
      IPRange: omitEmpty(string),
      Gateway: omitEmpty(string),
      AuxiliaryAddresses: omitEmpty(options),
    }),
  ),
});

const createOptions = struct("network.CreateOptions", {
  Driver: string,
  Scope: string,
  EnableIPv4: omitEmpty(pointer(bool)),
  EnableIPv6: omitEmpty(pointer(bool)),
  IPAM: pointer(ipam),
  Internal: bool,
  Attachable: bool,
  Ingress: bool,
  ConfigOnly: bool,
  ConfigFrom: pointer(struct("network.ConfigReference", { Network: string })),
  Options: options,
  Labels: options,
});

export const networkCreateRequest = struct("network.CreateRequest", {
  CreateOptions: embedded(createOptions),
  Name: string,
  CheckDuplicate: omitEmpty(pointer(bool)),
});

export const connectOptions = struct("network.ConnectOptions", {
  Container: string,
  EndpointConfig: omitEmpty(pointer(endpointSettings)),
});

export const disconnectOptions = struct("network.DisconnectOptions", { Container: string, Force: bool });

import type { Service } from "../model/index.ts";

const STOP_SECONDS = 10;

/** What a service says of the pod around its container. */
export function podSettings(
  service: Service,
  ends: boolean,
  tell: (sentence: string) => void,
): Record<string, unknown> {
  const { restart, stop_grace_period: grace } = service;
  if (!ends && restart && restart !== "always" && restart !== "unless-stopped") {
    tell(
      `services.${service.name}.restart: the containers of a Deployment are always started again, not ${JSON.stringify(restart)}`,
    );
  }
  if (service.init)
    tell(`services.${service.name}.init: the container's own first process has to reap its children`);
  const isHost = service.network_mode === "host";
  if (service.network_mode && !isHost) {
    tell(
      `services.${service.name}.network_mode: only "host" can be said of a pod, not ${JSON.stringify(service.network_mode)}`,
    );
  }
  return {
    restartPolicy: ends ? "Never" : undefined,
    terminationGracePeriodSeconds: grace === undefined ? STOP_SECONDS : Math.ceil(grace / 1e9),
    hostname: service.hostname && /^[a-z0-9-]{1,63}$/.test(service.hostname) ? service.hostname : undefined,
    hostNetwork: isHost || undefined,
    hostPID: service.pid === "host" || undefined,
    hostIPC: service.ipc === "host" || undefined,
    hostAliases: hostAliases(service),
    dnsConfig: dnsConfig(service),
    runtimeClassName: service.runtime,
    securityContext: podSecurity(service),
    // A service of the same name as a program's variable would otherwise overwrite it.
    enableServiceLinks: false,
  };
}

function hostAliases(service: Service): object[] | undefined {
  const byAddress = new Map<string, string[]>();
  for (const [host, addresses] of Object.entries(service.extra_hosts ?? {})) {
    for (const address of addresses) byAddress.set(address, [...(byAddress.get(address) ?? []), host]);
  }
  return byAddress.size > 0 ? [...byAddress].map(([ip, hostnames]) => ({ ip, hostnames })) : undefined;
}

function dnsConfig({ dns, dns_search: searches, dns_opt: options }: Service): object | undefined {
  if (!dns?.length && !searches?.length && !options?.length) return undefined;
  return {
    nameservers: dns,
    searches,
    options: options?.map((option) => {
      const [name, value] = option.split(":");
      return value === undefined ? { name } : { name, value };
    }),
  };
}

function podSecurity(service: Service): object | undefined {
  const groups = (service.group_add ?? []).filter((group) => /^\d+$/.test(group)).map(Number);
  const sysctls = Object.entries(service.sysctls ?? {}).map(([name, value]) => ({ name, value }));
  if (groups.length === 0 && sysctls.length === 0) return undefined;
  return {
    supplementalGroups: groups.length > 0 ? groups : undefined,
    sysctls: sysctls.length > 0 ? sysctls : undefined,
  };
}

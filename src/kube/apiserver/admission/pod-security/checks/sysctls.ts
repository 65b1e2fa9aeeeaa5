import type { Check, PodRule } from "../check.ts";

const OF_1_0 = [
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.ping_group_range",
  "net.ipv4.ip_unprivileged_port_start",
];
const OF_1_27 = [...OF_1_0, "net.ipv4.ip_local_reserved_ports"];
const OF_1_29 = [
  ...OF_1_27,
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
];
const OF_1_32 = [...OF_1_29, "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"];

/** Only the settings that the kernel keeps apart from those of the node. */
export const sysctls: Check = {
  id: "sysctls",
  rules: [
    { since: 0, rule: allowing(OF_1_0) },
    { since: 27, rule: allowing(OF_1_27) },
    { since: 29, rule: allowing(OF_1_29) },
    { since: 32, rule: allowing(OF_1_32) },
  ],
};

function allowing(safe: string[]): PodRule {
  return ({ spec }) => {
    const set = (spec.securityContext?.sysctls ?? []).map(({ name }) => name);
    const forbidden = set.filter((name) => !safe.includes(name));
    return forbidden.length === 0 ? undefined : { reason: "forbidden sysctls", detail: forbidden.join(", ") };
  };
}

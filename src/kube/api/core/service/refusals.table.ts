import type { Refusal } from "../../testing/refusals.ts";

const spec = (change: object, ...errors: string[]): Refusal => [{ spec: change }, ...errors];
const IP = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
const CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
const BALANCER = { type: "LoadBalancer", externalTrafficPolicy: "Cluster" };

/** Creates of a small Service that has its address, with one thing changed. */
export const SERVICE_REFUSALS: Refusal[] = [
  spec({ externalIPs: ["203.0.113.9"] }),
  spec(
    { externalIPs: ["127.0.0.1"] },
    'Invalid spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
  ),
  spec({ ...BALANCER, loadBalancerIP: "anything" }),
  spec(
    { ...BALANCER, loadBalancerClass: "" },
    'Invalid spec.loadBalancerClass: Invalid value: "": name part must be non-empty',
    `Invalid spec.loadBalancerClass: Invalid value: "": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
  ),
  spec({ ...BALANCER, loadBalancerSourceRanges: [" 10.0.0.0/8 "] }),
  spec(
    { ...BALANCER, loadBalancerSourceRanges: ["10.0.0.0"] },
    `Invalid spec.LoadBalancerSourceRanges[0]: Invalid value: "10.0.0.0": ${CIDR}`,
  ),
  [
    { metadata: { annotations: { "service.beta.kubernetes.io/load-balancer-source-ranges": "x" } } },
    "Forbidden metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: Forbidden: may only be used when `type` is 'LoadBalancer'",
    `Invalid metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: Invalid value: "x": ${CIDR}`,
  ],
  spec(
    { clusterIP: "10.0.0.9" },
    'Invalid spec.clusterIPs: Invalid value: []string{"10.0.0.5"}: first value must match `clusterIP`',
  ),
  spec(
    { clusterIP: "" },
    'Invalid spec.clusterIPs: Invalid value: []string{"10.0.0.5"}: must be empty when `clusterIP` is not specified',
  ),
  spec(
    { clusterIPs: ["10.0.0.5", "10.0.0.6"] },
    'Invalid spec.clusterIPs: Invalid value: []string{"10.0.0.5", "10.0.0.6"}: may specify no more than one IP for each IP family',
  ),
  spec({ clusterIP: "x", clusterIPs: ["x"] }, `Invalid spec.clusterIPs[0]: Invalid value: "x": ${IP}`),
  spec(
    { ipFamilies: ["IPv6"] },
    'Invalid spec.clusterIPs[0]: Invalid value: "10.0.0.5": expected an IPv6 value as indicated by `ipFamilies[0]`',
  ),
  spec(
    {
      ports: [
        { name: "a", port: 80 },
        { name: "b", port: 80 },
      ],
    },
    'Duplicate spec.ports[1]: Duplicate value: core.ServicePort{Name:"", Protocol:"TCP", AppProtocol:(*string)(nil), Port:80, TargetPort:intstr.IntOrString{Type:0, IntVal:0, StrVal:""}, NodePort:0}',
  ),
  spec(
    { type: "ExternalName", externalName: "example.com" },
    "Forbidden spec.clusterIPs: Forbidden: may not be set for ExternalName services",
    "Forbidden spec.ipFamilies: Forbidden: may not be set for ExternalName services",
  ),
  spec(
    { trafficDistribution: "PreferSameNode" },
    'NotSupported spec.trafficDistribution: Unsupported value: "PreferSameNode": supported values: "PreferClose"',
  ),
  spec({ ...BALANCER, externalTrafficPolicy: "Local" }, "Required spec.healthCheckNodePort: Required value"),
];

/** Updates of it. */
export const SERVICE_UPDATE_REFUSALS: Refusal[] = [
  // The one address alone: upstream makes the list of it, and says what is wrong with that.
  spec(
    { clusterIP: "10.0.0.9" },
    'Invalid spec.clusterIPs[0]: Invalid value: []string{"10.0.0.9"}: may not change once set',
  ),
  spec(
    { clusterIP: "10.0.0.9", sessionAffinity: "x" },
    'Invalid spec.clusterIPs[0]: Invalid value: []string{"10.0.0.9"}: may not change once set',
    'NotSupported spec.sessionAffinity: Unsupported value: "x": supported values: "ClientIP", "None"',
  ),
  spec({ clusterIP: null, clusterIPs: null }),
  spec({ type: "ExternalName", externalName: "example.com", clusterIP: "" }),
  spec({ type: "ExternalName", externalName: "example.com" }),
];

const status = (ingress: object, ...errors: string[]): Refusal => [
  { status: { loadBalancer: { ingress: [ingress] } } },
  ...errors,
];

/** Writes of the status of one with a load balancer. */
export const SERVICE_STATUS_REFUSALS: Refusal[] = [
  status({ ip: "10.0.0.1" }),
  status({ ip: "x" }, `Invalid status.loadBalancer.ingress[0].ip: Invalid value: "x": ${IP}`),
  status(
    { hostname: "10.0.0.1" },
    'Invalid status.loadBalancer.ingress[0].hostname: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
  ),
  status(
    { hostname: "h", ipMode: "VIP" },
    "Forbidden status.loadBalancer.ingress[0].ipMode: Forbidden: may not be specified when `ip` is not set",
  ),
  status(
    { ip: "10.0.0.1", ipMode: "Other" },
    'NotSupported status.loadBalancer.ingress[0].ipMode: Unsupported value: "Other": supported values: "Proxy", "VIP"',
  ),
];

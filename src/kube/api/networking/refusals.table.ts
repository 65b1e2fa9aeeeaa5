import type { KindRefusals } from "../refusals.table.ts";

const metadata = { name: "x", namespace: "n" };
const service = (port: object, name = "s") => ({ service: { name, port } });
const rule = (path: object) => ({
  spec: {
    rules: [
      { http: { paths: [{ pathType: "Exact", path: "/", backend: service({ number: 80 }), ...path }] } },
    ],
  },
});
const PATH = "spec.rules[0].http.paths[0]";
const peer = (one: object) => ({ spec: { ingress: [{ from: [one] }] } });
const port = (one: object) => ({ spec: { egress: [{ ports: [one] }] } });
const parameters = (one: object) => ({ spec: { parameters: { kind: "K", name: "p", ...one } } });

export const NETWORKING_REFUSALS: Record<string, KindRefusals> = {
  "networking.k8s.io/v1 Ingress": {
    base: { metadata, spec: { defaultBackend: service({ number: 80 }) } },
    create: [
      [
        { spec: { defaultBackend: null } },
        "Invalid spec: Invalid value: []networking.IngressRule(nil): either `defaultBackend` or `rules` must be specified",
      ],
      [
        { spec: { defaultBackend: { resource: { kind: "K", name: "r" } } } },
        'Invalid spec.defaultBackend: Invalid value: "": cannot set both resource and service backends',
      ],
      [
        { spec: { defaultBackend: { service: null, resource: { kind: "K/", name: "" } } } },
        "Invalid spec.defaultBackend.resource.kind: Invalid value: \"K/\": may not contain '/'",
        "Required spec.defaultBackend.resource.name: Required value: name is required",
      ],
      [
        { spec: { defaultBackend: service({ name: "web" }) } },
        'Invalid spec.defaultBackend: Invalid value: "": cannot set both port name & port number',
      ],
      [
        { spec: { defaultBackend: { service: { port: { number: 0 } } } } },
        "Required spec.defaultBackend: Required value: port name or number is required",
      ],
      [rule({ pathType: null }), `Required ${PATH}.pathType: Required value: pathType must be specified`],
      [
        rule({ path: "a/%2fb/." }),
        `Invalid ${PATH}.path: Invalid value: "a/%2fb/.": must be an absolute path`,
        `Invalid ${PATH}.path: Invalid value: "a/%2fb/.": must not contain '%2f'`,
        `Invalid ${PATH}.path: Invalid value: "a/%2fb/.": cannot end with '/.'`,
      ],
      [rule({ pathType: "ImplementationSpecific", path: "" })],
      [
        rule({ pathType: "Odd" }),
        `NotSupported ${PATH}.pathType: Unsupported value: "Odd": supported values: "Exact", "ImplementationSpecific", "Prefix"`,
      ],
      [{ spec: { rules: [{ http: {} }] } }, "Required spec.rules[0].http.paths: Required value"],
      [
        { spec: { rules: [{ host: "10.0.0.1" }] } },
        'Invalid spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
      ],
      [
        {
          spec: { rules: [{ host: "*.example.com" }], tls: [{ hosts: ["*.example.com"], secretName: "t" }] },
        },
      ],
      [
        {
          metadata: { annotations: { "kubernetes.io/ingress.class": "a" } },
          spec: { ingressClassName: "b" },
        },
        'Invalid annotations.kubernetes.io/ingress.class: Invalid value: "a": must match `ingressClassName` when both are specified',
      ],
    ],
    update: [
      [
        {
          metadata: { annotations: { "kubernetes.io/ingress.class": "a" } },
          spec: { ingressClassName: "b" },
        },
      ],
    ],
    status: [
      [{ status: { loadBalancer: { ingress: [{ ip: "10.0.0.1" }, { hostname: "example.com" }] } } }],
      [
        { status: { loadBalancer: { ingress: [{ ip: "x" }, { hostname: "10.0.0.1" }] } } },
        'Invalid status.loadBalancer.ingress[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
        'Invalid status.loadBalancer.ingress[1].hostname: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
      ],
    ],
  },
  "networking.k8s.io/v1 IngressClass": {
    base: { metadata: { name: "x" }, spec: { controller: "example.com/c" } },
    create: [
      [{ spec: { controller: "" } }, "Required spec.controller: Required value"],
      [
        { spec: { controller: "example.com" } },
        'Invalid spec.controller: Invalid value: "example.com": must be a domain-prefixed path (such as "acme.io/foo")',
      ],
      [
        { spec: { controller: "example.com/a b" } },
        "Invalid spec.controller: Invalid value: \"a b\": Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')",
      ],
      [
        { spec: { controller: `a/${"b".repeat(250)}` } },
        "TooLong spec.controller: Too long: may not be more than 250 bytes",
      ],
      [parameters({})],
      [
        parameters({ namespace: "n" }),
        "Forbidden spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'",
      ],
      [
        parameters({ scope: "Namespace" }),
        "Required spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'",
      ],
      [
        parameters({ scope: "Odd", kind: "" }),
        "Required spec.parameters.kind: Required value: kind is required",
        'NotSupported spec.parameters.scope: Unsupported value: "Odd": supported values: "Cluster", "Namespace"',
      ],
    ],
    update: [
      [
        { spec: { controller: "example.com/d" } },
        'Invalid spec.controller: Invalid value: "example.com/d": field is immutable',
      ],
    ],
  },
  "networking.k8s.io/v1 NetworkPolicy": {
    base: { metadata, spec: { podSelector: {} } },
    create: [
      [peer({}), "Required spec.ingress[0].from[0]: Required value: must specify a peer"],
      [
        peer({ ipBlock: { cidr: "10.0.0.0/8" }, podSelector: {} }),
        "Forbidden spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer",
      ],
      [
        peer({ ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16", "10.0.0.0/8", "11.0.0.0/16", "x"] } }),
        'Invalid spec.ingress[0].from[0].ipBlock.except[1]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`',
        'Invalid spec.ingress[0].from[0].ipBlock.except[2]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`',
        'Invalid spec.ingress[0].from[0].ipBlock.except[3]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      ],
      [peer({ ipBlock: {} }), "Required spec.ingress[0].from[0].ipBlock.cidr: Required value"],
      [port({ port: "web" })],
      [
        port({ port: "web", endPort: 90 }),
        "Invalid spec.egress[0].ports[0].endPort: Invalid value: 90: may not be specified when `port` is non-numeric",
      ],
      [
        port({ endPort: 90 }),
        "Invalid spec.egress[0].ports[0].endPort: Invalid value: 90: may not be specified when `port` is not specified",
      ],
      [
        port({ port: 80, endPort: 79, protocol: "ICMP" }),
        'NotSupported spec.egress[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"',
        "Invalid spec.egress[0].ports[0].endPort: Invalid value: 80: must be greater than or equal to `port`",
      ],
      [
        { spec: { policyTypes: ["Ingress", "Egress", "Ingress"] } },
        'Invalid spec.policyTypes: Invalid value: []networking.PolicyType{"Ingress", "Egress", "Ingress"}: may not specify more than two policyTypes',
      ],
      [
        { spec: { policyTypes: ["Odd"] } },
        'NotSupported spec.policyTypes[0]: Unsupported value: "Odd": supported values: "Ingress", "Egress"',
      ],
    ],
    update: [
      [
        peer({}),
        "Required spec.ingress[0].from[0]: Required value: must specify a peer",
        "Required spec.ingress[0].from[0]: Required value: must specify a peer",
      ],
    ],
  },
  "networking.k8s.io/v1 IPAddress": {
    base: {
      metadata: { name: "10.0.0.1" },
      spec: { parentRef: { resource: "services", namespace: "n", name: "s" } },
    },
    create: [
      [{ spec: { parentRef: null } }, "Required spec.parentRef: Required value"],
      [
        { spec: { parentRef: { resource: null, name: "a/b" } } },
        "Required spec.parentRef.resource: Required value",
        "Invalid spec.parentRef.name: Invalid value: \"a/b\": may not contain '/'",
      ],
    ],
    update: [
      [
        { spec: { parentRef: { name: "t" } } },
        'Invalid spec.parentRef: Invalid value: networking.ParentReference{Group:"", Resource:"services", Namespace:"n", Name:"t"}: field is immutable',
      ],
    ],
  },
  "networking.k8s.io/v1 ServiceCIDR": {
    base: { metadata: { name: "x" }, spec: { cidrs: ["10.0.0.0/24"] } },
    create: [
      [{ spec: { cidrs: [] } }, "Required spec.cidrs: Required value: at least one CIDR required"],
      [
        { spec: { cidrs: ["10.0.0.0/24", "fd00::/64", "10.1.0.0/24"] } },
        'Invalid spec.cidrs: Invalid value: networking.ServiceCIDRSpec{CIDRs:[]string{"10.0.0.0/24", "fd00::/64", "10.1.0.0/24"}}: may only hold up to 2 values',
      ],
      [
        { spec: { cidrs: ["10.0.0.0/24", "10.1.0.0/24"] } },
        'Invalid spec.cidrs: Invalid value: []string{"10.0.0.0/24", "10.1.0.0/24"}: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
      ],
      [
        { spec: { cidrs: ["10.0.0.1/24"] } },
        'Invalid spec.cidrs[0]: Invalid value: "10.0.0.1/24": must not have bits set beyond the prefix length',
      ],
      [
        { spec: { cidrs: ["010.0.0.0/24"] } },
        'Invalid spec.cidrs[0]: Invalid value: "010.0.0.0/24": must not have leading 0s in IP or prefix length',
      ],
      [
        { spec: { cidrs: ["FD00::/64"] } },
        'Invalid spec.cidrs[0]: Invalid value: "FD00::/64": must be in canonical form ("fd00::/64")',
      ],
    ],
    update: [
      [{ spec: { cidrs: ["10.0.0.0/24", "fd00::/64"] } }],
      [
        { spec: { cidrs: ["10.1.0.0/24"] } },
        'Invalid spec.cidrs[0]: Invalid value: "10.1.0.0/24": field is immutable',
      ],
      [{ spec: { cidrs: [] } }, "Invalid spec.cidrs: Invalid value: []string(nil): field is immutable"],
    ],
  },
};

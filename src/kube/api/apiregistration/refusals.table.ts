import type { KindRefusals } from "../refusals.table.ts";

const LABEL =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const remote = (service: object, more: object = {}) => ({ spec: { service, ...more } });

export const API_REGISTRATION_REFUSALS: Record<string, KindRefusals> = {
  "apiregistration.k8s.io/v1 APIService": {
    base: {
      metadata: { name: "v1.y.example.com" },
      spec: { group: "y.example.com", version: "v1", groupPriorityMinimum: 2000, versionPriority: 15 },
    },
    create: [
      [
        { spec: { group: "", version: "v2" } },
        "Required spec.group: Required value: only v1 may have an empty group and it better be legacy kube",
      ],
      [{ spec: { version: "1" } }, `Invalid spec.version: Invalid value: "1": ${LABEL}`],
      [
        { spec: { groupPriorityMinimum: 20_001, versionPriority: 0 } },
        "Invalid spec.groupPriorityMinimum: Invalid value: 20001: must be positive and less than 20000",
        "Invalid spec.versionPriority: Invalid value: 0: must be positive and less than 1000",
      ],
      [
        { spec: { caBundle: "AAAA", insecureSkipTLSVerify: true } },
        'Invalid spec.caBundle: Invalid value: "3 bytes": local APIServices may not have a caBundle',
        "Invalid spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify",
      ],
      [remote({ namespace: "n", name: "s" })],
      [
        remote({ port: 0 }),
        "Required spec.service.namespace: Required value",
        "Required spec.service.name: Required value",
        "Invalid spec.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive",
      ],
      [
        remote({ namespace: "n", name: "s" }, { caBundle: "AAAA", insecureSkipTLSVerify: true }),
        "Invalid spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present",
      ],
    ],
    status: [
      [
        { status: { conditions: [{ type: "Available", status: "Perhaps" }] } },
        'NotSupported status.conditions[0].status: Unsupported value: "Perhaps": supported values: "True", "False", "Unknown"',
      ],
    ],
  },
};

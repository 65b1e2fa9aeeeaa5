import { Buffer } from "node:buffer";
import { isDns1123Subdomain } from "../../../../formats/index.ts";
import { forbidden, invalid, invalidEach, notSupported, required } from "../../field-error.ts";
import type { PodSpec, SecurityContext, WindowsSecurityContextOptions } from "../../generated/types.ts";
import type { FieldError } from "../../types.ts";
import { clusterCapabilities } from "./capabilities.ts";
import { containersOf } from "./containers-of.ts";

const MAX_CREDENTIAL_BYTES = 64 * 1024;
const MAX_DOMAIN_BYTES = 256;
const MAX_USER_BYTES = 104;

export function validateWindowsOptions(
  options: WindowsSecurityContextOptions | undefined,
  path: string,
): FieldError[] {
  if (options === undefined) return [];
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: spec, runAsUserName: user } = options;
  const errors: FieldError[] = [];
  if (name !== undefined)
    errors.push(...invalidEach(`${path}.gmsaCredentialSpecName`, name, isDns1123Subdomain(name)));
  if (spec === "")
    errors.push(invalid(`${path}.gmsaCredentialSpec`, spec, "gmsaCredentialSpec cannot be an empty string"));
  else if (spec !== undefined && Buffer.byteLength(spec) > MAX_CREDENTIAL_BYTES)
    errors.push(invalid(`${path}.gmsaCredentialSpec`, spec, "gmsaCredentialSpec size must be under 64 KiB"));
  if (user !== undefined) errors.push(...invalidEach(`${path}.runAsUserName`, user, userNameProblems(user)));
  return errors;
}

const CONTROL = /[\x00-\x1f\x7f]/;
const NET_BIOS = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const DNS_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?";
const DNS_DOMAIN = new RegExp(`^${DNS_LABEL}(?:\\.${DNS_LABEL})*$`);

function userNameProblems(name: string): string[] {
  if (name === "") return ["runAsUserName cannot be an empty string"];
  if (CONTROL.test(name)) return ["runAsUserName cannot contain control characters"];
  const parts = name.split("\\");
  if (parts.length > 2) return ["runAsUserName cannot contain more than one backslash"];
  const user = parts.at(-1)!;
  const domain = parts.length === 2 ? parts[0]! : undefined;
  return [...(domain === undefined ? [] : domainProblems(domain)), ...userProblems(user)];
}

function domainProblems(domain: string): string[] {
  const problems: string[] = [];
  if (Buffer.byteLength(domain) >= MAX_DOMAIN_BYTES)
    problems.push(`runAsUserName's Domain length must be under ${MAX_DOMAIN_BYTES} characters`);
  if (!NET_BIOS.test(domain) && !DNS_DOMAIN.test(domain))
    problems.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  return problems;
}

function userProblems(user: string): string[] {
  const problems: string[] = [];
  if (user === "") problems.push("runAsUserName's User cannot be empty");
  else if (Buffer.byteLength(user) > MAX_USER_BYTES)
    problems.push(`runAsUserName's User length must not be longer than ${MAX_USER_BYTES} characters`);
  if (/^[. ]+$/.test(user)) problems.push("runAsUserName's User cannot contain only periods or spaces");
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) {
    problems.push(`runAsUserName's User cannot contain the following characters: "/\\:;|=,+*?<>@[]`);
  }
  return problems;
}

/** A pod of host processes is one as a whole. */
export function validateHostProcess(spec: PodSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  const containers = containersOf(spec, path);
  let count = 0;
  for (const [container, at] of containers) {
    const own = container.securityContext?.windowsOptions?.hostProcess;
    if (ofPod !== undefined && own !== undefined && ofPod !== own) {
      const why = `pod hostProcess value must be identical if both are specified, was ${ofPod}`;
      errors.push(invalid(`${at}.securityContext.windowsOptions.hostProcess`, own, why));
    }
    if (own ?? ofPod) count++;
  }
  if (count === 0) return errors;
  if (count !== containers.length) {
    const why =
      "If pod contains any hostProcess containers then all containers must be HostProcess containers";
    errors.push(invalid(path, "", why));
  }
  if (!spec.hostNetwork) {
    const why = "hostNetwork must be true if pod contains any hostProcess containers";
    errors.push(invalid(`${path}.hostNetwork`, false, why));
  }
  if (!clusterCapabilities().allowsPrivileged)
    errors.push(forbidden(path, "hostProcess containers are disallowed by cluster policy"));
  return errors;
}

const SYSTEMS = ["linux", "windows"];

/** What one system's pods may not say because only the other has it. */
export function validateOs(spec: PodSpec, path: string): FieldError[] {
  const name = spec.os?.name;
  if (name === undefined) return [];
  if (name === "") return [required(`${path}.os.name`, "cannot be empty")];
  if (!SYSTEMS.includes(name)) return [notSupported(`${path}.os`, name, SYSTEMS)];
  return name === "linux" ? validateLinux(spec, path) : validateWindows(spec, path);
}

function validateLinux(spec: PodSpec, path: string): FieldError[] {
  const places: [SecurityContext | undefined, string][] = [
    [spec.securityContext as SecurityContext | undefined, path],
    ...containersOf(spec, path).map(([container, at]): [SecurityContext | undefined, string] => [
      container.securityContext,
      at,
    ]),
  ];
  return places
    .filter(([context]) => context?.windowsOptions !== undefined)
    .map(([, at]) =>
      forbidden(`${at}.securityContext.windowsOptions`, "windows options cannot be set for a linux pod"),
    );
}

const OF_PODS = [
  "securityContext.appArmorProfile",
  "securityContext.seLinuxOptions",
  "hostUsers",
  "hostPID",
  "hostIPC",
  "securityContext.seccompProfile",
  "securityContext.fsGroup",
  "securityContext.fsGroupChangePolicy",
  "securityContext.sysctls",
  "shareProcessNamespace",
  "securityContext.runAsUser",
  "securityContext.runAsGroup",
  "securityContext.supplementalGroups",
  "securityContext.supplementalGroupsPolicy",
  "securityContext.seLinuxChangePolicy",
];
const OF_CONTAINERS = [
  "appArmorProfile",
  "seLinuxOptions",
  "seccompProfile",
  "capabilities",
  "readOnlyRootFilesystem",
  "privileged",
  "allowPrivilegeEscalation",
  "procMount",
  "runAsUser",
  "runAsGroup",
] as const;

function validateWindows(spec: PodSpec, path: string): FieldError[] {
  const why = "cannot be set for a windows pod";
  const given: Record<string, unknown> = { ...spec };
  for (const [field, value] of Object.entries(spec.securityContext ?? {}))
    given[`securityContext.${field}`] = value;
  const errors = OF_PODS.filter((field) => given[field] !== undefined).map((field) =>
    forbidden(`${path}.${field}`, why),
  );
  for (const [{ securityContext }, at] of containersOf(spec, path)) {
    for (const field of OF_CONTAINERS) {
      if (securityContext?.[field] !== undefined)
        errors.push(forbidden(`${at}.securityContext.${field}`, why));
    }
  }
  return errors;
}

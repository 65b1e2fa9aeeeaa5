import { isHttpHeaderName, isPortName, isPortNumber } from "../../../../formats/index.ts";
import { forbidden, invalid, invalidEach, nonNegative, optionalOneOf, required } from "../../field-error.ts";
import type { HTTPGetAction, IntOrString, LifecycleHandler, Probe } from "../../generated/types.ts";
import type { FieldError } from "../../types.ts";

const SECONDS = [
  "initialDelaySeconds",
  "timeoutSeconds",
  "periodSeconds",
  "successThreshold",
  "failureThreshold",
] as const;

export function validateProbe(probe: Probe | undefined, path: string, graceSeconds?: number): FieldError[] {
  if (probe === undefined) return [];
  const errors = validateHandler(probe, path, graceSeconds);
  for (const field of SECONDS) errors.push(...nonNegative(`${path}.${field}`, probe[field]));
  const grace = probe.terminationGracePeriodSeconds;
  if (grace !== undefined && grace <= 0) {
    errors.push(invalid(`${path}.terminationGracePeriodSeconds`, grace, "must be greater than 0"));
  }
  return errors;
}

/** Liveness and startup probes have passed at the first success. */
export function validateSingleSuccess(probe: Probe | undefined, path: string): FieldError[] {
  if (probe === undefined || probe.successThreshold === 1) return [];
  return [invalid(`${path}.successThreshold`, probe.successThreshold ?? 0, "must be 1")];
}

export function validateReadinessProbe(probe: Probe | undefined, path: string): FieldError[] {
  const grace = probe?.terminationGracePeriodSeconds;
  if (grace === undefined) return [];
  return [invalid(`${path}.terminationGracePeriodSeconds`, grace, "must not be set for readinessProbes")];
}

const HANDLERS = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] as const;
type Handler = Probe & LifecycleHandler;

/** What a probe or a life cycle hook does: exactly one way. */
export function validateHandler(
  handler: Pick<Handler, (typeof HANDLERS)[number]>,
  path: string,
  graceSeconds = 0,
): FieldError[] {
  const given = HANDLERS.filter((name) => handler[name] !== undefined);
  const errors = given
    .slice(1)
    .map((name) => forbidden(`${path}.${name}`, "may not specify more than 1 handler type"));
  switch (given[0]) {
    case undefined:
      return [required(path, "must specify a handler type")];
    case "exec":
      if (!handler.exec!.command?.length) errors.push(required(`${path}.exec.command`));
      break;
    case "httpGet":
      errors.push(...validateHttpGet(handler.httpGet!, `${path}.httpGet`));
      break;
    case "tcpSocket":
      errors.push(...validatePort(handler.tcpSocket!.port, `${path}.tcpSocket.port`));
      break;
    case "grpc":
      errors.push(...validatePort(handler.grpc!.port, `${path}.grpc.port`));
      break;
    default:
      errors.push(...validateSleep(handler.sleep!.seconds, `${path}.sleep`, graceSeconds));
  }
  return errors;
}

function validateSleep(seconds: number, path: string, graceSeconds: number): FieldError[] {
  if (seconds >= 0 && seconds <= graceSeconds) return [];
  const why = `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`;
  return [invalid(path, seconds, why)];
}

function validateHttpGet(http: HTTPGetAction, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!http.path) errors.push(required(`${path}.path`));
  errors.push(...validatePort(http.port, `${path}.port`));
  errors.push(...optionalOneOf(`${path}.scheme`, http.scheme, ["HTTP", "HTTPS"]));
  for (const header of http.httpHeaders ?? []) {
    errors.push(...invalidEach(`${path}.httpHeaders`, header.name, isHttpHeaderName(header.name)));
  }
  return errors;
}

/** A port by number or by the name of a container port. */
export function validatePort(port: IntOrString | undefined, path: string): FieldError[] {
  if (typeof port === "string") return invalidEach(path, port, isPortName(port));
  return invalidEach(path, port ?? 0, isPortNumber(port ?? 0));
}

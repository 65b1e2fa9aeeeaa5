import { forbidden, invalid, notFoundValue, notSupported, required } from "../../field-error.ts";
import type {
  Container,
  EphemeralContainer,
  Volume,
  VolumeDevice,
  VolumeMount,
} from "../../generated/types.ts";
import type { FieldError } from "../../types.ts";
import { validateDescendingPath, validateNoBacksteps } from "./validate-paths.ts";

type Volumes = ReadonlyMap<string, Volume>;

/** Where a container sees the pod's volumes: as files, or as block devices. */
export function validateMounts(
  container: Container | EphemeralContainer,
  path: string,
  volumes: Volumes,
): FieldError[] {
  return [
    ...validateVolumeMounts(container, `${path}.volumeMounts`, volumes),
    ...validateVolumeDevices(container, `${path}.volumeDevices`, volumes),
  ];
}

function validateVolumeMounts(
  { volumeMounts = [], volumeDevices = [], securityContext }: Container | EphemeralContainer,
  path: string,
  volumes: Volumes,
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  const isPrivileged = securityContext?.privileged === true;
  volumeMounts.forEach((mount, index) => {
    const at = `${path}[${index}]`;
    const { name, mountPath } = mount;
    if (!name) errors.push(required(`${at}.name`));
    if (!volumes.has(name)) errors.push(notFoundValue(`${at}.name`, name));
    if (!mountPath) errors.push(required(`${at}.mountPath`));
    if (seen.has(mountPath)) errors.push(invalid(`${at}.mountPath`, mountPath, "must be unique"));
    seen.add(mountPath);
    if (volumeDevices.some((device) => device.name === name))
      errors.push(invalid(`${at}.name`, name, "must not already exist in volumeDevices"));
    if (volumeDevices.some((device) => device.devicePath === mountPath))
      errors.push(invalid(`${at}.mountPath`, mountPath, "must not already exist as a path in volumeDevices"));
    errors.push(...validateSubPath(mount, at, path), ...validatePropagation(mount, path, isPrivileged));
    errors.push(...validateRecursiveReadOnly(mount, `${path}.recursiveReadOnly`));
  });
  return errors;
}

/** Upstream tells these without the mount's index. */
function validateSubPath({ subPath, subPathExpr }: VolumeMount, at: string, path: string): FieldError[] {
  const errors = subPath ? validateDescendingPath(subPath, `${path}.subPath`) : [];
  if (!subPathExpr) return errors;
  if (subPath) {
    const why = "subPathExpr and subPath are mutually exclusive";
    errors.push(invalid(`${at}.subPathExpr`, subPathExpr, why));
  }
  return [...errors, ...validateDescendingPath(subPathExpr, `${path}.subPathExpr`)];
}

const PROPAGATIONS = ["Bidirectional", "HostToContainer", "None"];

function validatePropagation(
  { mountPropagation }: VolumeMount,
  path: string,
  isPrivileged: boolean,
): FieldError[] {
  if (mountPropagation === undefined) return [];
  const field = `${path}.mountPropagation`;
  if (!PROPAGATIONS.includes(mountPropagation)) return [notSupported(field, mountPropagation, PROPAGATIONS)];
  if (mountPropagation !== "Bidirectional" || isPrivileged) return [];
  return [forbidden(field, "Bidirectional mount propagation is available only to privileged containers")];
}

function validateRecursiveReadOnly(mount: VolumeMount, path: string): FieldError[] {
  const { recursiveReadOnly, readOnly, mountPropagation = "None" } = mount;
  switch (recursiveReadOnly) {
    case undefined:
    case "Disabled":
      return [];
    case "Enabled":
    case "IfPossible": {
      const errors: FieldError[] = [];
      if (!readOnly) errors.push(forbidden(path, "may only be specified when readOnly is true"));
      if (mountPropagation !== "None")
        errors.push(forbidden(path, "may only be specified when mountPropagation is None or not specified"));
      return errors;
    }
    default:
      return [notSupported(path, recursiveReadOnly, ["Disabled", "Enabled", "IfPossible"])];
  }
}

function validateVolumeDevices(
  { volumeMounts = [], volumeDevices = [] }: Container | EphemeralContainer,
  path: string,
  volumes: Volumes,
): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  const paths = new Set<string>();
  volumeDevices.forEach((device, index) => {
    errors.push(...validateVolumeDevice(device, `${path}[${index}]`, volumes, names, paths));
    if (volumeMounts.some((mount) => mount.name === device.name))
      errors.push(invalid(`${path}[${index}].name`, device.name, "must not already exist in volumeMounts"));
    if (volumeMounts.some((mount) => mount.mountPath === device.devicePath)) {
      const why = "must not already exist as a path in volumeMounts";
      errors.push(invalid(`${path}[${index}].devicePath`, device.devicePath, why));
    }
    if (device.name) names.add(device.name);
  });
  return errors;
}

function validateVolumeDevice(
  { name, devicePath }: VolumeDevice,
  at: string,
  volumes: Volumes,
  names: ReadonlySet<string>,
  paths: Set<string>,
): FieldError[] {
  const errors: FieldError[] = [];
  const volume = volumes.get(name);
  if (!name) errors.push(required(`${at}.name`));
  if (names.has(name)) errors.push(invalid(`${at}.name`, name, "must be unique"));
  if (volume === undefined) errors.push(notFoundValue(`${at}.name`, name));
  else if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
    const why = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
    errors.push(invalid(`${at}.name`, name, why));
  }
  if (!devicePath) errors.push(required(`${at}.devicePath`));
  if (paths.has(devicePath)) errors.push(invalid(`${at}.devicePath`, devicePath, "must be unique"));
  if (validateNoBacksteps(devicePath, at).length > 0)
    errors.push(invalid(`${at}.devicePath`, devicePath, "can not contain backsteps ('..')"));
  else paths.add(devicePath);
  return errors;
}

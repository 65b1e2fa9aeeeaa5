import { invalidArgument } from "../../base/index.ts";

export const API_VERSION = "1.51";
export const MIN_API_VERSION = "1.24";

const LATEST_MINOR = 51;
const OLDEST_MINOR = 24;

/** Splits `/v1.41/containers/json` into the path behind the version and the version's second number. */
export function splitVersion(path: string): { path: string; minor: number } {
  const match = /^\/v(\d{1,9})\.(\d{1,9})(\/.*)$/.exec(path);
  if (!match) return { path, minor: LATEST_MINOR };
  const [, major, minor, rest] = match;
  const asked = `${major}.${minor}`;
  if (Number(major) > 1 || (Number(major) === 1 && Number(minor) > LATEST_MINOR)) {
    throw invalidArgument(
      `client version ${asked} is too new. Maximum supported API version is ${API_VERSION}`,
      { code: "DockerApi.VersionTooNew" },
    );
  }
  if (Number(major) < 1 || Number(minor) < OLDEST_MINOR) {
    throw invalidArgument(
      `client version ${asked} is too old. Minimum supported API version is ${MIN_API_VERSION}, please upgrade your client to a newer version`,
      { code: "DockerApi.VersionTooOld" },
    );
  }
  return { path: rest!, minor: Number(minor) };
}

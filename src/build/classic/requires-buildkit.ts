import { type GantryError, notImplemented } from "../../base/index.ts";

/** What the classic builder says of a flag that it does not have. */
export function requiresBuildKit(flag: string): GantryError {
  return notImplemented(
    `the --${flag} option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/ to learn how to build images with BuildKit enabled`,
    { code: "Build.Flag" },
  );
}

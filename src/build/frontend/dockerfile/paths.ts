import { posix } from "node:path";

/** A path from the root, without `.` and `..` in it. */
export function cleanAbsolute(path: string): string {
  return posix.resolve("/", path);
}

/** A destination from the working directory; that it ends with `/` (or `/.`) says that it is a directory. */
export function withTrailingSlash(path: string, directory: string): string {
  // The working directory itself, and not a file of its name.
  const written = path === "." || path === "" ? "./" : path;
  const absolute = posix.resolve("/", directory, written);
  if (absolute === "/") return absolute;
  if (written.endsWith("/")) return `${absolute}/`;
  return written.endsWith("/.") ? `${absolute}/.` : absolute;
}

/** The file by which another process joins a namespace of a running one. */
export function processNamespace(pid: number, type: "net" | "ipc" | "uts" | "pid"): string {
  return `/proc/${pid}/ns/${type}`;
}

/** A path as a process sees it, for a bind mount. Links in it are the process's to change. */
export function processPath(pid: number, path: string): string {
  return `/proc/${pid}/root${path}`;
}

/** Builds the named base images (`busybox`, `node`) and imports them by the docker client on the PATH. */
export function makeBaseImages(names: readonly string[], env?: NodeJS.ProcessEnv): void;

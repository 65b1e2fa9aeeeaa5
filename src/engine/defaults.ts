export const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
export const DEFAULT_STOP_SIGNAL = "SIGTERM";
export const DEFAULT_STOP_TIMEOUT_SECONDS = 10;
export const DEFAULT_SHM_BYTES = 64 * 1024 * 1024;

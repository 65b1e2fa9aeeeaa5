import { closeSync, fstatSync, readSync } from "node:fs";
import { type CriContainerStatus, LogLineParser } from "../../../cri/index.ts";
import { openRegularFile } from "../../../kernel/index.ts";
import { Annotation } from "../naming.ts";

const MAX_MESSAGE_BYTES = 4096;
const MAX_LOG_BYTES = 2048;
const MAX_LOG_LINES = 80;

/**
 * What a container left to say at its end: the file at its terminationMessagePath, or with the policy
 * FallbackToLogsOnError the end of its log when it failed and left nothing.
 */
export function terminationMessage(status: CriContainerStatus): string {
  if (status.state !== "EXITED") return "";
  const path = status.annotations[Annotation.terminationMessagePath];
  const file = status.mounts.find((mount) => mount.containerPath === path)?.hostPath;
  const message = file === undefined ? "" : readStart(file, MAX_MESSAGE_BYTES);
  if (message !== "" || status.exitCode === 0) return message;
  if (status.annotations[Annotation.terminationMessagePolicy] !== "FallbackToLogsOnError") return message;
  return endOfLog(status.logPath);
}

function readStart(path: string, limitBytes: number): string {
  try {
    return readPart(path, () => 0, limitBytes);
  } catch {
    return "";
  }
}

function endOfLog(path: string): string {
  // Each line carries a timestamp and stream name before its text.
  const withPrefixes = MAX_LOG_BYTES + MAX_LOG_LINES * 48;
  try {
    const text = readPart(path, (size) => Math.max(0, size - withPrefixes), withPrefixes);
    const lines = new LogLineParser().push(Buffer.from(text)).slice(-MAX_LOG_LINES);
    return Buffer.concat(lines.map(({ data }) => data))
      .subarray(-MAX_LOG_BYTES)
      .toString();
  } catch {
    return "";
  }
}

function readPart(path: string, start: (sizeBytes: number) => number, limitBytes: number): string {
  // A volume can stand where the message should: what a container makes of it may be no file.
  const fd = openRegularFile(path);
  if (fd === undefined) return "";
  try {
    const buffer = Buffer.alloc(limitBytes);
    const length = readSync(fd, buffer, 0, limitBytes, start(fstatSync(fd).size));
    return buffer.toString("utf8", 0, length);
  } finally {
    closeSync(fd);
  }
}

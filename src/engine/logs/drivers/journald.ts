import { GantryError, newHexId } from "../../../base/index.ts";
import { UnixDatagramSender } from "./datagram-sender.ts";
import { extraAttributes } from "./extra-attributes.ts";
import { logTag } from "./log-tag.ts";
import { refuseUnknownOptions } from "./refuse-unknown-options.ts";
import type { LogDriver, LogInfo, LogMessage, LogSink } from "./types.ts";

const SOCKET = "/run/systemd/journal/socket";
const OPTIONS = ["labels", "labels-regex", "env", "env-regex", "tag"];

/** Lines to the machine's journal, with moby's fields (systemd's Native Journal Protocol). */
export function journaldDriver(socket = SOCKET): LogDriver {
  return {
    check(options) {
      refuseUnknownOptions(options, OPTIONS, "journald");
    },

    async open(info, clock): Promise<LogSink> {
      const sender = new UnixDatagramSender(socket, clock);
      try {
        sender.connect();
      } catch (cause) {
        throw new GantryError("Unavailable", "journald is not enabled on this host", {
          code: "Engine.LogConnect",
          cause,
        });
      }
      const fieldsOf = entries(info);
      return {
        async write(messages) {
          for (const message of messages) await sender.send(encodeFields(fieldsOf(message)));
        },
        close: () => sender.close(),
      };
    },
  };
}

type Fields = Record<string, string | Buffer>;

function entries(info: LogInfo): (message: LogMessage) => Fields {
  const tag = logTag(info);
  const fixed = {
    CONTAINER_ID: info.containerId.slice(0, 12),
    CONTAINER_ID_FULL: info.containerId,
    CONTAINER_NAME: info.containerName,
    CONTAINER_TAG: tag,
    IMAGE_NAME: info.imageName,
    SYSLOG_IDENTIFIER: tag,
    CONTAINER_LOG_EPOCH: newHexId(),
    ...extraAttributes(info, fieldName),
  };
  let ordinal = 0;
  return ({ stream, timestamp, line, part }) => ({
    MESSAGE: line,
    PRIORITY: stream === "stderr" ? "3" : "6",
    ...fixed,
    SYSLOG_TIMESTAMP: timestamp,
    CONTAINER_LOG_ORDINAL: String(++ordinal),
    ...(part
      ? {
          CONTAINER_PARTIAL_ID: part.id,
          CONTAINER_PARTIAL_ORDINAL: String(part.ordinal),
          CONTAINER_PARTIAL_LAST: String(part.isLast),
          ...(part.isLast ? {} : { CONTAINER_PARTIAL_MESSAGE: "true" }),
        }
      : {}),
  });
}

/** Upper-case letters, digits and underscores, none of these at the beginning. */
const fieldName = (name: string) =>
  name
    .replace(/[a-z]/g, (letter) => letter.toUpperCase())
    .replace(/[^A-Z0-9]/g, "_")
    .replace(/^_+/, "");

/** `NAME=value`, or for a value with newlines its name, its length (64 bits, little endian) and it. */
function encodeFields(fields: Fields): Buffer {
  return Buffer.concat(
    Object.entries(fields).flatMap(([name, value]) => {
      const bytes = Buffer.from(value);
      if (!bytes.includes(0x0a)) return [Buffer.from(`${name}=`), bytes, Buffer.from("\n")];
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(bytes.length));
      return [Buffer.from(`${name}\n`), length, bytes, Buffer.from("\n")];
    }),
  );
}

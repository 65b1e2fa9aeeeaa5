import { protobuf } from "../../formats/index.ts";
import { BytesMessage, Empty } from "./common-messages.ts";

const { bigInt64, bytes, int64, map, message, one, text } = protobuf;

// Services that a client of a build offers (moby/buildkit, session/*; tonistiigi/fsutil, types).

export const Stat = message({
  path: text(1),
  /** Go's os.FileMode. */
  mode: int64(2),
  uid: int64(3),
  gid: int64(4),
  size: int64(5),
  modTime: bigInt64(6),
  linkname: text(7),
  devmajor: int64(8),
  devminor: int64(9),
  xattrs: map(10, bytes(2)),
});

export const PacketType = { STAT: 0, REQ: 1, DATA: 2, FIN: 3, ERR: 4 } as const;
export const Packet = message({ type: int64(1), stat: one(2, Stat), id: int64(3), data: bytes(4) });

export const FILE_SYNC = { path: "/moby.filesync.v1.FileSync/DiffCopy", request: Packet, response: Packet };
export const SEND_TREE = { path: "/moby.filesync.v1.FileSend/DiffCopy", request: Packet, response: Packet };
/** The same method: the client knows by the exporter's number what it gets. */
export const SEND_FILE = {
  path: "/moby.filesync.v1.FileSend/DiffCopy",
  request: BytesMessage,
  response: BytesMessage,
};
export const CREDENTIALS = {
  path: "/moby.filesync.v1.Auth/Credentials",
  request: message({ host: text(1) }),
  response: message({ username: text(1), secret: text(2) }),
};
export const GET_SECRET = {
  path: "/moby.buildkit.secrets.v1.Secrets/GetSecret",
  request: message({ id: text(1) }),
  response: message({ data: bytes(1) }),
};
export const CHECK_AGENT = {
  path: "/moby.sshforward.v1.SSH/CheckAgent",
  request: message({ id: text(1) }),
  response: Empty,
};
export const FORWARD_AGENT = {
  path: "/moby.sshforward.v1.SSH/ForwardAgent",
  request: BytesMessage,
  response: BytesMessage,
};
export const UPLOAD_PULL = {
  path: "/moby.upload.v1.Upload/Pull",
  request: BytesMessage,
  response: BytesMessage,
};
// containerd, api/services/content/v1.
export const CONTENT_INFO = {
  path: "/containerd.services.content.v1.Content/Info",
  request: message({ digest: text(1) }),
  response: message({ info: one(1, message({ digest: text(1), size: int64(2) })) }),
};
export const CONTENT_READ = {
  path: "/containerd.services.content.v1.Content/Read",
  request: message({ digest: text(1), offset: int64(2), size: int64(3) }),
  response: message({ offset: int64(1), data: bytes(2) }),
};
export const WriteAction = { STAT: 0, WRITE: 1, COMMIT: 2 } as const;
export const CONTENT_WRITE = {
  path: "/containerd.services.content.v1.Content/Write",
  request: message({
    action: int64(1),
    ref: text(2),
    total: int64(3),
    expected: text(4),
    offset: int64(5),
    data: bytes(6),
  }),
  response: message({ action: int64(1), offset: int64(4), total: int64(5), digest: text(6) }),
};
export const HEALTH_CHECK = {
  path: "/grpc.health.v1.Health/Check",
  request: message({ service: text(1) }),
  response: message({ status: int64(1) }),
};

/** Not of BuildKit: where a client's directory is, for a program on the same machine, which then reads it by itself. */
export const LOCATE_DIRECTORY = {
  path: "/gantry.filesync.v1.Directories/Locate",
  request: message({ name: text(1) }),
  response: message({ path: text(1), device: bigInt64(2), inode: bigInt64(3) }),
};

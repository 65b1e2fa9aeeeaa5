import { NEVER } from "../logs/timestamps.ts";
import type { LinkRecord } from "../networks/links.ts";
import type {
  ContainerConfig,
  ContainerState,
  EndpointSettings,
  HostConfig,
  InternalOptions,
  MountPoint,
  PortBinding,
} from "../types.ts";

/** A mount as it was resolved when the container was created. */
export interface MountRecord extends MountPoint {
  /** Fill an empty volume from the image. */
  copyUp?: boolean;
  /** The source is made when it is missing (`-v`). */
  createSource?: boolean;
  /** Made for this container only; removed with it on request. */
  anonymous?: boolean;
  nonRecursive?: boolean;
  /** Read-only without the mounts below it. */
  readOnlyNonRecursive?: boolean;
  /** Read-only with all mounts below it, or not at all. */
  readOnlyForceRecursive?: boolean;
  /** Of a volume or an image. */
  subpath?: string;
  /** Diff ids of an image's layers, bottom first. */
  imageLayers?: string[];
  tmpfsOptions?: string[];
}

/** What was asked of a network, and what it gave while the container runs. */
export interface NetworkRecord {
  settings: EndpointSettings;
  networkId: string;
  endpointId: string;
  ip: string;
  prefixLength: number;
  gateway: string;
  mac: string;
  interfaceName: string;
  aliases: string[];
}

/** A container's config.json. */
export interface ContainerRecord {
  version: 1;
  id: string;
  /** Without the leading slash of Docker's API. */
  name: string;
  created: string;
  imageId: string;
  path: string;
  args: string[];
  config: ContainerConfig;
  hostConfig: HostConfig;
  internal?: InternalOptions;
  state: ContainerState;
  restartCount: number;
  /** A person stopped it: `unless-stopped` leaves it alone. */
  manuallyStopped: boolean;
  startedBefore: boolean;
  /** Its removal was acknowledged; what is left of it goes at the next start. */
  removing: boolean;
  mounts: MountRecord[];
  networks: Record<string, NetworkRecord>;
  /** Published ports while it runs. */
  ports: Record<string, PortBinding[] | null>;
  /** On the default bridge. */
  links?: LinkRecord[];
  logPath: string;
}

export function newState(): ContainerState {
  return {
    Status: "created",
    Running: false,
    Paused: false,
    Restarting: false,
    OOMKilled: false,
    Dead: false,
    Pid: 0,
    ExitCode: 0,
    Error: "",
    StartedAt: NEVER,
    FinishedAt: NEVER,
  };
}

export function newNetworkRecord(settings: EndpointSettings): NetworkRecord {
  return {
    settings,
    networkId: "",
    endpointId: "",
    ip: "",
    prefixLength: 0,
    gateway: "",
    mac: "",
    interfaceName: "",
    aliases: [],
  };
}

/** What an endpoint gave is forgotten, what was asked for stays. */
export function clearEndpoint(record: NetworkRecord): void {
  Object.assign(record, newNetworkRecord(record.settings), { networkId: record.networkId });
}

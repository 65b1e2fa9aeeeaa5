/** What Compose reads of the engine's answers (moby, api/types). */
export interface ContainerSummary {
  Id: string;
  Names: string[];
  Image: string;
  ImageID?: string;
  Command: string;
  Created: number;
  State: string;
  Status: string;
  Labels: Record<string, string>;
  Ports: { IP?: string; PrivatePort: number; PublicPort?: number; Type: string }[] | null;
  SizeRw?: number;
  SizeRootFs?: number;
  Mounts: MountPoint[] | null;
  NetworkSettings?: { Networks?: Record<string, { NetworkID?: string }> | null };
}

export interface MountPoint {
  Type: string;
  Name?: string;
  Source: string;
  Destination: string;
  Driver?: string;
  RW: boolean;
}

export interface ContainerInspect {
  Id: string;
  Name: string;
  Created: string;
  State: {
    Status: string;
    Running: boolean;
    Restarting: boolean;
    ExitCode: number;
    StartedAt: string;
    Health?: { Status: string };
  };
  Config: {
    Tty: boolean;
    OpenStdin?: boolean;
    Labels: Record<string, string> | null;
    Image: string;
    Healthcheck?: { Test?: string[] };
    WorkingDir?: string;
  };
  HostConfig: { AutoRemove?: boolean };
}

export interface ImageInspect {
  Id: string;
  RepoTags?: string[];
  Created: string;
  Size: number;
  Architecture: string;
  Os: string;
  Variant?: string;
  Metadata?: { LastTagTime?: string };
  Config?: { Volumes?: Record<string, unknown> | null };
}

export interface NetworkSummary {
  Id: string;
  Name: string;
  Driver: string;
  Labels: Record<string, string> | null;
  Containers?: Record<string, unknown> | null;
}

export interface VolumeSummary {
  Name: string;
  Driver: string;
  Mountpoint?: string;
  Scope?: string;
  Labels: Record<string, string> | null;
}

export interface EngineEvent {
  Type: string;
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> };
  time: number;
  timeNano: number;
}

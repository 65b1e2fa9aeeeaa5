export { addAddress, deleteAddress, type LinkAddress, listAddresses } from "./addresses.ts";
export { trimMemory } from "./allocator.ts";
export {
  chmodAt,
  chownAt,
  type FileName,
  openAt,
  renameAt,
  setModifiedAt,
  syncFileSystem,
} from "./at-calls.ts";
export { type BlockIoSupport, blockIoSupport, deviceNumbersOf } from "./block-io.ts";
export {
  type CgroupLayout,
  type CgroupMode,
  cgroupDir,
  cgroupDirs,
  cgroupExists,
  cgroupLayout,
  cgroupMode,
} from "./cgroup-layout.ts";
export { type CgroupStats, cgroupStats, oomKillCount } from "./cgroup-stats.ts";
export {
  type CgroupLimits,
  cgroupProcesses,
  cgroupsBelow,
  cpuWeightOf,
  createCgroup,
  enterCgroup,
  freezeCgroup,
  killCgroup,
  removeCgroup,
  setCgroupLimits,
} from "./cgroups.ts";
export { type ConntrackEntry, deleteConntrack, readConntrack } from "./conntrack.ts";
export { deviceMajor, deviceMinor } from "./device-numbers.ts";
export {
  namesIn,
  openDirectoryAt,
  openFileAt,
  pathAt,
  readLinkAt,
  setTimes,
  statAt,
} from "./entries-at.ts";
export {
  type HostInfo,
  type HostMemory,
  hostCpuTime,
  hostInfo,
  hostMemory,
  openFilesLimit,
} from "./host-info.ts";
export { withHostLock } from "./host-lock.ts";
export {
  fdPath,
  mkdirInRoot,
  O_PATH,
  openAtRoot,
  openInRoot,
  type ParentInRoot,
  resolveInRoot,
  withParentInRoot,
} from "./in-root.ts";
export { hasErrno } from "./libc.ts";
export {
  createBridge,
  createVethPair,
  deleteLink,
  deleteLinkAsync,
  findLink,
  type Link,
  type LinkCounters,
  listLinks,
  renameLink,
  setBridgePort,
  setLinkDown,
  setLinkGroup,
  setLinkMaster,
  setLinkMtu,
  setLinkUp,
  type VethOptions,
} from "./links.ts";
export { type LocalGroup, localGroup } from "./local-groups.ts";
export {
  ensureSharedMount,
  fileSystemOf,
  isMountPoint,
  listMounts,
  MountFlag,
  type MountInfo,
  mount,
  mountOverlay,
  mountsRecursivelyReadOnly,
  type OverlayMount,
  unmount,
  unmountTree,
} from "./mount.ts";
export { type PrivateMountOptions, withPrivateMountNamespace } from "./mount-namespace.ts";
export { mountDescribed } from "./mount-options.ts";
export {
  inNetworkNamespace,
  type PinnableNamespace,
  type PinOptions,
  pinNamespaces,
  unpinNamespaces,
} from "./namespaces.ts";
export { deleteForwarding, deleteNeighbour, setForwarding, setNeighbour } from "./neighbours.ts";
export { type NftTable, readNftTable } from "./nft-table.ts";
export { nft } from "./nftables.ts";
export { unmountOwn } from "./own-mounts.ts";
export {
  borrowDescriptor,
  childrenOf,
  commandLineOf,
  isSameProcess,
  killProcess,
  type ProcessIdentity,
  processIdentity,
  watchProcessExit,
} from "./processes.ts";
export { openRegularFile, reopenFile } from "./regular-file.ts";
export { removeTree } from "./remove-tree.ts";
export { RootedTree } from "./rooted-tree.ts";
export { addRoute, deleteRoute, listRoutes, type Route, type RouteRequest } from "./routes.ts";
export { changeSetElements, type SetElement, type SetElementChange } from "./set-elements.ts";
export { setUpProcess } from "./set-up-process.ts";
export { connectSeqpacket, holdPort, openTcpInNamespace, type PortHold } from "./sockets.ts";
export { getSysctl, setSysctl } from "./sysctl.ts";
export { tcpSocketOwner } from "./tcp-owner.ts";
export { connectDatagrams, type UnixDatagrams } from "./unix-datagram.ts";
export { createVxlan, type VxlanOptions } from "./vxlan.ts";
export { getXattr, listXattrs, removeXattr, setXattr, type XattrTarget } from "./xattr.ts";

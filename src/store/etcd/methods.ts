import * as messages from "./messages.ts";

// etcd's methods that the store calls. `write` ones are sent once.

export const RANGE = {
  path: "/etcdserverpb.KV/Range",
  request: messages.RangeRequest,
  response: messages.RangeResponse,
  write: false,
};

/** As a transaction may write, each counts as a write. */
export const TXN = {
  path: "/etcdserverpb.KV/Txn",
  request: messages.TxnRequest,
  response: messages.TxnResponse,
  write: true,
};

export const COMPACT = {
  path: "/etcdserverpb.KV/Compact",
  request: messages.CompactionRequest,
  response: messages.HeaderOnlyResponse,
  write: true,
};

export const LEASE_GRANT = {
  path: "/etcdserverpb.Lease/LeaseGrant",
  request: messages.LeaseGrantRequest,
  response: messages.LeaseGrantResponse,
  write: true,
};

export const LEASE_REVOKE = {
  path: "/etcdserverpb.Lease/LeaseRevoke",
  request: messages.LeaseRequest,
  response: messages.HeaderOnlyResponse,
  write: true,
};

/** Its TTL is -1 where there is no such lease. */
export const LEASE_TIME_TO_LIVE = {
  path: "/etcdserverpb.Lease/LeaseTimeToLive",
  request: messages.LeaseRequest,
  response: messages.LeaseTimeToLiveResponse,
  write: false,
};

export const LEASE_KEEP_ALIVE = {
  path: "/etcdserverpb.Lease/LeaseKeepAlive",
  request: messages.LeaseRequest,
  response: messages.LeaseKeepAliveResponse,
};

export const STATUS = {
  path: "/etcdserverpb.Maintenance/Status",
  request: messages.StatusRequest,
  response: messages.StatusResponse,
  write: false,
};

export const HASH_KV = {
  path: "/etcdserverpb.Maintenance/HashKV",
  request: messages.HashKVRequest,
  response: messages.HashKVResponse,
  write: false,
};

/** Asked of each member for itself, which serves nothing until it is done. */
export const DEFRAGMENT = {
  path: "/etcdserverpb.Maintenance/Defragment",
  request: messages.DefragmentRequest,
  response: messages.HeaderOnlyResponse,
  write: true,
};

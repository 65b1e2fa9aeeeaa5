import { protobuf } from "../../formats/index.ts";

const { bool, bytes, int64, many, message, one, text, texts } = protobuf;

// The part of etcd's API (packages etcdserverpb and mvccpb of etcd 3.4) that the store uses, by field number. Names are
// etcd's. Ids of clusters and members lose their lowest bits: they are only compared.

const Header = message({ cluster_id: int64(1), member_id: int64(2), revision: int64(3) });

const KeyValue = message({
  key: text(1),
  create_revision: int64(2),
  mod_revision: int64(3),
  version: int64(4),
  value: bytes(5),
  lease: int64(6),
});
export type EtcdKeyValue = protobuf.Message<typeof KeyValue>;

const Event = message({ type: int64(1), kv: one(2, KeyValue), prev_kv: one(3, KeyValue) });
export type EtcdEvent = protobuf.Message<typeof Event>;
export const EVENT_DELETE = 1;

export const RangeRequest = message({
  key: bytes(1),
  range_end: bytes(2),
  limit: int64(3),
  revision: int64(4),
  keys_only: bool(8),
  count_only: bool(9),
});
export const RangeResponse = message({
  header: one(1, Header),
  kvs: many(2, KeyValue),
  more: bool(3),
  count: int64(4),
});

const PutRequest = message({ key: bytes(1), value: bytes(2), lease: int64(3), prev_kv: bool(4) });
const PutResponse = message({ prev_kv: one(2, KeyValue) });
const DeleteRangeRequest = message({ key: bytes(1), range_end: bytes(2), prev_kv: bool(3) });
const DeleteRangeResponse = message({ prev_kvs: many(3, KeyValue) });

const RequestOp = message({
  request_range: one(1, RangeRequest),
  request_put: one(2, PutRequest),
  request_delete_range: one(3, DeleteRangeRequest),
});
const ResponseOp = message({
  response_range: one(1, RangeResponse),
  response_put: one(2, PutResponse),
  response_delete_range: one(3, DeleteRangeResponse),
});
export type EtcdResponseOp = protobuf.Message<typeof ResponseOp>;

const Compare = message({
  result: int64(1),
  target: int64(2),
  key: bytes(3),
  version: int64(4),
  create_revision: int64(5),
  mod_revision: int64(6),
});

export const TxnRequest = message({
  compare: many(1, Compare),
  success: many(2, RequestOp),
  failure: many(3, RequestOp),
});
export const TxnResponse = message({
  header: one(1, Header),
  succeeded: bool(2),
  responses: many(3, ResponseOp),
});

export const CompactionRequest = message({ revision: int64(1), physical: bool(2) });
export const HeaderOnlyResponse = message({ header: one(1, Header) });

export const LeaseGrantRequest = message({ TTL: int64(1), ID: int64(2) });
export const LeaseGrantResponse = message({ header: one(1, Header), ID: int64(2), TTL: int64(3) });
export const LeaseRequest = message({ ID: int64(1) });
export const LeaseTimeToLiveResponse = message({
  header: one(1, Header),
  ID: int64(2),
  TTL: int64(3),
  grantedTTL: int64(4),
});
export const LeaseKeepAliveResponse = message({ header: one(1, Header), ID: int64(2), TTL: int64(3) });

const WatchCreateRequest = message({
  key: bytes(1),
  range_end: bytes(2),
  start_revision: int64(3),
  progress_notify: bool(4),
  prev_kv: bool(6),
  watch_id: int64(7),
  fragment: bool(8),
});
export const WatchRequest = message({
  create_request: one(1, WatchCreateRequest),
  cancel_request: one(2, message({ watch_id: int64(1) })),
});
export const WatchResponse = message({
  header: one(1, Header),
  watch_id: int64(2),
  created: bool(3),
  canceled: bool(4),
  compact_revision: int64(5),
  cancel_reason: text(6),
  fragment: bool(7),
  events: many(11, Event),
});
export type EtcdWatchResponse = protobuf.Message<typeof WatchResponse>;

export const AuthenticateRequest = message({ name: text(1), password: text(2) });
export const AuthenticateResponse = message({ header: one(1, Header), token: text(2) });

export const StatusRequest = message({});
export const StatusResponse = message({
  header: one(1, Header),
  version: text(2),
  dbSize: int64(3),
  leader: int64(4),
  errors: texts(8),
  dbSizeInUse: int64(9),
});
export const DefragmentRequest = message({});
export const HashKVRequest = message({ revision: int64(1) });
export const HashKVResponse = message({ header: one(1, Header), hash: int64(2), compact_revision: int64(3) });

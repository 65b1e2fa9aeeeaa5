export const TOKEN_USAGE =
  "gantry token create [--ttl 24h] [--description TEXT] [--usages LIST] [--print-join-command] | list [--json] | delete ID… [--home DIR]";
export const NODE_USAGE =
  "gantry node list [--json] | drain NODE [--timeout 5m] [--force] | remove NODE [--timeout 5m] [--force] [--home DIR]";

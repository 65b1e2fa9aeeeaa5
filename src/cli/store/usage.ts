export const STORE_USAGE =
  "gantry store check | stats | compact [--revision N] | defrag | snapshot FILE | restore FILE [--keep-revision] | export [--prefix P] | migrate --to etcd://HOST:PORT[,…]/PREFIX|embedded [--home DIR] [--json]";

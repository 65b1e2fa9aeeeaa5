/** A command that does nothing until it is told to end. */
export const SLEEP = `sh -c "trap 'exit 0' TERM; while true; do sleep 0.1; done"`;

/** Two services with order, health, a hook, networks, a configuration and a secret. */
export const SHOP = `
name: shop
services:
  web:
    image: busybox
    command: ${SLEEP}
    depends_on:
      db: {condition: service_healthy}
      init: {condition: service_completed_successfully}
    networks: {front: {aliases: [www]}, default: }
    configs: [{source: settings, target: /etc/settings}]
    secrets: [token]
    deploy: {replicas: 2, resources: {limits: {memory: 64M, cpus: "0.5"}}}
    post_start: [{command: sh -c "echo hooked > /hook"}]
  db:
    image: busybox
    command: sh -c "trap 'exit 0' TERM; sleep 0.3; touch /ready; while true; do sleep 0.1; done"
    healthcheck: {test: test -f /ready, interval: 1s, start_interval: 100ms, start_period: 10s}
    volumes: [data:/data]
  init: {image: busybox, command: echo initialised}
networks: {front: }
volumes: {data: }
configs: {settings: {content: "a=1"}}
secrets: {token: {environment: TOKEN}}
`;

/** Nearly all that a service can say, for which this machine need not have anything special. */
export const FULL = `
name: full
services:
  all:
    image: busybox
    command: ${SLEEP}
    annotations: [a.b=c]
    cap_add: [NET_ADMIN]
    cap_drop: [MKNOD]
    cpu_shares: 73
    cpus: 0.75
    cpuset: "0"
    devices: ["/dev/null:/dev/mynull:rw", /dev/zero]
    dns: [1.1.1.1]
    dns_opt: [ndots:2]
    dns_search: [example.com]
    domainname: example.com
    environment: {A: "1", B: , C: "x y"}
    expose: [9000, "9001/udp"]
    extra_hosts: ["h1=1.2.3.4", "h2:5.6.7.8"]
    group_add: [10]
    hostname: host1
    init: false
    labels: {l: v}
    links: ["other:oo"]
    logging: {driver: json-file, options: {max-size: 1m}}
    mem_limit: 64m
    mem_reservation: 32m
    memswap_limit: 128m
    oom_score_adj: 100
    pids_limit: 100
    ports: ["127.0.0.1::80-81", "53/udp"]
    read_only: true
    restart: on-failure:3
    security_opt: [no-new-privileges:true]
    shm_size: 16m
    stop_grace_period: 3s
    stop_signal: SIGTERM
    sysctls: {net.ipv4.ip_forward: 1}
    tmpfs: [/t1, "/t2:size=1m"]
    tty: true
    stdin_open: true
    ulimits: {nofile: {soft: 100, hard: 200}, nproc: 50}
    user: "0:0"
    volumes:
      - ./src:/src:ro
      - data:/data
      - {type: volume, source: kept, target: /kept, read_only: true, volume: {nocopy: true}}
      - {type: tmpfs, target: /t3, tmpfs: {size: 1048576, mode: 0700}}
      - {type: bind, source: ./src, target: /src2, bind: {create_host_path: false, propagation: rprivate}}
    working_dir: /tmp
    networks: {n1: {ipv4_address: 172.30.5.5, aliases: [x, y], priority: 10}, n2: {mac_address: "02:42:ac:11:65:43"}}
    healthcheck: {test: [CMD, "true"], interval: 10s, timeout: 2s, retries: 2, start_period: 1s}
  other: {image: busybox, command: ${SLEEP}, networks: [n1]}
  side: {image: busybox, command: ${SLEEP}, network_mode: "service:other", pid: "service:other"}
volumes: {data: , kept: {labels: [k=v]}}
networks:
  n1: {ipam: {config: [{subnet: 172.30.5.0/24, gateway: 172.30.5.1}]}, labels: {n: l}}
  n2: {internal: true}
`;

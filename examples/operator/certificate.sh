#!/bin/sh
# Makes an authority of the operator's own and a certificate for its Service, and keeps both in the Secret that the
# operator's pods mount. The operator itself tells the API server of the authority. Needs openssl and kubectl.
set -eu
namespace=site-operator
service=site-operator
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=$service authority" \
  -addext keyUsage=critical,keyCertSign -keyout ca.key -out ca.crt 2>/dev/null

cat >server.ext <<EXT
subjectAltName = DNS:$service.$namespace.svc
extendedKeyUsage = serverAuth
EXT
openssl req -new -newkey rsa:2048 -nodes -subj "/CN=$service.$namespace.svc" -keyout tls.key -out tls.csr 2>/dev/null
openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 365 -extfile server.ext -out tls.crt 2>/dev/null

kubectl create secret generic site-operator-tls --namespace "$namespace" --type kubernetes.io/tls \
  --from-file tls.crt --from-file tls.key --from-file ca.crt --dry-run=client --output yaml |
  kubectl apply --filename -

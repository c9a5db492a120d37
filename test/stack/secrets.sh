#!/bin/sh
# Makes random secrets for a trial run, one a file, where there are none: sh test/stack/secrets.sh [folder]
# The folder is closed to others. The files are not, since each container reads its own as a user of its own.
set -eu
folder=${1:-${HEMGANG_SECRETS:-./secrets}}
mkdir -p "$folder"
chmod 700 "$folder"

# $1 name, $2 what it begins with, $3 how 32 random bytes are written
make() {
  [ -s "$folder/$1" ] && return
  printf '%s%s' "$2" "$(head -c 32 /dev/urandom | $3 | tr -d ' \n')" >"$folder/$1"
  chmod 444 "$folder/$1"
}

for name in postgres-password rabbitmq-password partner-token ekliden-fhir-token norrtuna-fhir-token grafana-password; do
  make "$name" '' 'od -An -tx1 -v'
done
make receiver-secret whsec_ base64
echo "secrets: $folder"

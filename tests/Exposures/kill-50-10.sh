#!/usr/bin/env bash
# Kills the server 50 times and PostgreSQL (postmaster and backends, fsync on) 10 times under load, and checks that nothing
# acknowledged was lost or written twice. kill-50-10.sh [SERVER_KILLS [POSTGRES_KILLS]]
set -euo pipefail
cd "$(dirname "$0")/../.."
export DELIVERY_KILLS="${1:-50}" DELIVERY_POSTGRES_KILLS="${2:-10}"
dotnet build tests/Delivery.Tests.csproj -v q
dotnet tests/bin/Debug/net10.0/Delivery.Tests.dll \
    -class Delivery.Exposures.Tests.KillTests -class Delivery.Exposures.Tests.PostgresKillTests

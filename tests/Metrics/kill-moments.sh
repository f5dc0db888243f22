#!/usr/bin/env bash
# Kills the server 50 times under load, every other time while it writes a snapshot of the moments, and compares the moments with
# those of a run without any kill and with the SQL. kill-moments.sh [KILLS]
set -euo pipefail
cd "$(dirname "$0")/../.."
export DELIVERY_MOMENT_KILLS="${1:-50}"
dotnet build tests/Delivery.Tests.csproj -v q
dotnet tests/bin/Debug/net10.0/Delivery.Tests.dll -class Delivery.Metrics.Tests.Measuring.MomentKillTests

#!/usr/bin/env bash
# Kills the server 50 times under load and checks that nothing acknowledged was lost or written twice.
set -euo pipefail
cd "$(dirname "$0")/../.."
DELIVERY_KILLS="${1:-50}" dotnet run --project tests/Exposures -- -class Delivery.Exposures.Tests.KillTests

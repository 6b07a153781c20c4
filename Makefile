# Every target sets up what it needs: a machine with Python 3.11+, make and a package index is enough.
PYTHON ?= python3
BIN := .venv/bin
RUNTIME := .venv/.runtime
DEVELOPMENT := .venv/.development
TOOLS := .tools/.installed
TESTS ?= tests
URL ?= http://127.0.0.1:8000

.DEFAULT_GOAL := help
.PHONY: help run setup check checks fmt test crash unit conformance bench fuzz clients golden browser screenshots lock bare clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: $(RUNTIME) ## start everything, with a demo tenant and one real event
	$(BIN)/tenantable up --demo $(ARGUMENTS)

setup: $(DEVELOPMENT) ## create .venv with everything the tests need

check: ## formatting, lint, types, layers, tidiness
	@$(MAKE) --no-print-directory -j 2 checks $(MEANWHILE)

# In `make check test` the tools that tests compare with are installed meanwhile.
MEANWHILE := $(if $(filter test,$(MAKECMDGOALS)),$(TOOLS))

checks: $(DEVELOPMENT)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/test_tidy.py tests/test_public.py

fmt: $(DEVELOPMENT) ## format the code and mend what lint can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: $(DEVELOPMENT) $(TOOLS) ## all tests
	$(BIN)/pytest -n 3 --dist worksteal $(TESTS)

crash: $(DEVELOPMENT) ## kill the engine fifty times and look for what is lost
	CRASH_ROUNDS=50 $(BIN)/pytest -q tests/system/test_crash.py tests/system/test_crash_consumers.py

unit: $(DEVELOPMENT) ## the fast tests only
	$(BIN)/pytest -q tests/unit

conformance: $(DEVELOPMENT) ## our conformance suite against any endpoint: make conformance URL=http://host:port
	$(BIN)/pytest -q tests/conformance --endpoint $(URL) $(ARGUMENTS)

bench: $(DEVELOPMENT) ## speed beside moto, dynoxide, dynalite, casbin and cedarpy in one run; writes docs/reference/benchmarks.md
	command -v wrk >/dev/null || { apt-get update -qq && apt-get install -y -qq wrk; }
	! command -v npm >/dev/null || npm install --silent --no-audit --no-fund --prefix .peers @dynoxide/linux-x64 dynalite
	$(PYTHON) -m venv .peers/venv && .peers/venv/bin/pip install -q --disable-pip-version-check casbin cedarpy || \
		echo "casbin and cedarpy are not there; they are left out"
	$(BIN)/python bench/run.py $(ARGUMENTS)

clients: $(DEVELOPMENT) ## other people's clients against the endpoint: aiobotocore, PynamoDB, the JavaScript SDK, ElectroDB
	$(PYTHON) -m venv .clients && .clients/bin/pip install -q --disable-pip-version-check aiobotocore pynamodb
	! command -v npm >/dev/null || npm install --silent --no-audit --no-fund --prefix .clients \
		@aws-sdk/client-dynamodb @aws-sdk/client-dynamodb-streams @aws-sdk/lib-dynamodb electrodb
	$(BIN)/pytest -q tests/system/test_clients.py

fuzz: $(DEVELOPMENT) ## 200,000 random requests and ten minutes of coverage-guided fuzzing of every parser
	FUZZ_REQUESTS=200000 FUZZ_SEED=$${FUZZ_SEED:-$$$$} $(BIN)/pytest -q -s --timeout 1200 tests/fuzz
	$(BIN)/python -m pip install -q --disable-pip-version-check 'atheris>=3.0'
	mkdir -p .fuzz/corpus && $(BIN)/python tests/fuzz/mutate.py -artifact_prefix=.fuzz/ -max_total_time=$${SECONDS_MAX:-600} .fuzz/corpus

golden: $(DEVELOPMENT) ## rewrite the golden files and generated pages; review the difference
	REWRITE_GOLDEN=1 $(BIN)/pytest -q tests/golden tests/test_docs.py tests/test_public.py

browser: ## install chromium for the tests of the console (Debian and Ubuntu, as root)
	flock Makefile sh -c 'command -v chromium >/dev/null || \
		{ apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-liberation; }'

screenshots: $(DEVELOPMENT) ## take the pictures of the console in docs/console anew; review them
	SCREENSHOTS=1 $(BIN)/pytest -q tests/console/test_pictures.py -k take_the_pictures

lock: ## resolve the dependencies again; needs uv
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --extra services --extra aws \
		pyproject.toml -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links --extra services --extra aws --group dev \
		-c requirements.txt pyproject.toml -o requirements-dev.txt

bare: ## install without extras in a folder of its own and import the core
	rm -rf .venv/bare && $(PYTHON) -m venv .venv/bare
	.venv/bare/bin/pip install -q .
	.venv/bare/bin/python -c "import tenantable, tenantable.engine, tenantable.data, tenantable.iam"

clean: ## remove everything that the targets made
	rm -rf .venv .tools .clients .peers .fuzz .hypothesis .*_cache

# uv is used when it is there and never required; both ways install the locked, hashed requirements.
define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than Python 3.11: name another one with make PYTHON=python3.12 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the locked requirements ($(1)) into .venv ..."
	@if command -v uv >/dev/null 2>&1; then uv pip install -q --python $(BIN)/python --require-hashes -r $(1); \
	else $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $(1); fi
	@printf '%s\n' "$(CURDIR)/src" > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/tenantable.pth"
	@printf '#!%s\nimport sys\nfrom tenantable.cli import main\nsys.exit(main())\n' "$(CURDIR)/$(BIN)/python" > $(BIN)/tenantable
	@chmod +x $(BIN)/tenantable
	@touch $(2)
endef

$(RUNTIME): requirements.txt
	$(call install,requirements.txt,$@)

$(DEVELOPMENT): requirements-dev.txt
	$(call install,requirements-dev.txt,$@)

# Tools that tests run as processes of their own or in the browser, never imported: linters of templates and modules, a
# policy simulator to compare decisions with, and axe-core (MPL-2.0), which looks for what keeps people out of pages. What cannot be installed is left out, and its tests are skipped with the reason.
$(TOOLS): Makefile
	@echo "Installing the tools that tests compare with into .tools ..."
	@mkdir -p .tools
	@$(PYTHON) -m venv .tools/venv
	@if command -v uv >/dev/null 2>&1; then uv pip install -q --python .tools/venv/bin/python cfn-lint checkov; \
	else .tools/venv/bin/python -m pip install -q --disable-pip-version-check cfn-lint checkov; fi || \
		echo "cfn-lint and checkov are not there; their tests are skipped"
	@! command -v npm >/dev/null || \
		npm install --silent --no-audit --no-fund --prefix .tools @cloud-copilot/iam-simulate@0.1.173 || \
		echo "iam-simulate is not there; its tests are skipped"
	@! command -v npm >/dev/null || \
		npm install --silent --no-audit --no-fund --prefix .tools axe-core@4.14.1 || \
		echo "axe-core is not there; its tests are skipped"
	@touch $@

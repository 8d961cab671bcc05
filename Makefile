# Two commands do everything a newcomer needs: `make demo` and `make test`. Both install missing Debian packages
# through scripts/setup where they may.

SWIFT_FLAGS := --explicit-target-dependency-import-check error
SEEDS ?= 10000
CONFIGURATION ?= debug
BINARY := .build/$(CONFIGURATION)/sluice

.PHONY: demo test build release e2e simulate bench compare fuzz lint format image-test bare-test clean setup setup-demo

demo: setup-demo build  ## run the main job: three acts of a guarded release, live
	$(BINARY) demo $(DEMO_FLAGS)

test: setup build-tests  ## run every test that needs no cluster
	scripts/swift-test --skip-build $(SWIFT_FLAGS) --skip EndToEndTests

setup:
	@scripts/setup

setup-demo:
	@scripts/setup libcurl4-openssl-dev libyaml-dev libgit2-dev pkg-config prometheus

build: setup
	swift build $(SWIFT_FLAGS) --product sluice
	@ln -sf sluice .build/debug/kubectl-sluice
	@ln -sf sluice .build/debug/kubectl-argo-rollouts

.PHONY: build-tests
build-tests: setup
	swift build $(SWIFT_FLAGS) --build-tests
	@ln -sf sluice .build/debug/kubectl-sluice
	@ln -sf sluice .build/debug/kubectl-argo-rollouts

# Nothing is loaded into the program, so that it need not offer its own symbols: three megabytes of tables less.
release: setup
	swift build $(SWIFT_FLAGS) -c release --product sluice --static-swift-stdlib -Xlinker -s -Xlinker --no-export-dynamic
	@ln -sf sluice .build/release/kubectl-sluice
	@ln -sf sluice .build/release/kubectl-argo-rollouts

# The end-to-end suite against any cluster: make e2e KUBECONFIG=~/.kube/config; without KUBECONFIG on the embedded one.
e2e: setup-demo build-tests
	SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=64 SLUICE_E2E=$(if $(KUBECONFIG),$(KUBECONFIG),embedded) scripts/swift-test --skip-build $(SWIFT_FLAGS) --filter EndToEndTests

simulate: setup  ## drive the engine through SEEDS bad days, in release
	cd Simulation && SLUICE_SIM_SEEDS=$(SEEDS) swift test -c release -Xswiftc -enable-testing --filter Simulation

bench: setup  ## print the table of speed and memory
	cd Benchmarks && swift build -c release --static-swift-stdlib && .build/release/sluice-bench

compare: build-tests  ## the same requests to the embedded cluster and to a real one: make compare KUBECONFIG=…
	SLUICE_COMPARE=$(KUBECONFIG) scripts/swift-test --skip-build $(SWIFT_FLAGS) --filter CompareTests

fuzz: setup
	Fuzz/run.sh $(or $(SECONDS),30)

lint:
	swift format lint --strict --configuration .swift-format -r Sources Tests Package.swift

format:
	swift format -i --configuration .swift-format -r Sources Tests Package.swift

image-test: release
	deploy/image/test.sh .build/release/sluice

bare-test:  ## make test and make demo on a bare Debian 12, in a debootstrap folder
	scripts/bare-machine-test $(BARE_FLAGS)

clean:
	rm -rf .build Benchmarks/.build Simulation/.build Fuzz/.build
